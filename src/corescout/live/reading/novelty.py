"""How new a point is to a representation: conformal p-values against points it was not trained on.

Three scores per point: how badly its patch is rebuilt, how rare its code is, and how unusual the
contrast of its patch is under the frozen normalisation (a patch of one grey is rebuilt with ease).
They are compared with those of the training scan's points, the first two under models of the same
configuration that did not see them (cross-conformal prediction; Vovk, 2015): blocks of the scan are
left out in turn, with a gap of half a window. If a new scan shows the same material, p is about
uniform.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import Fit, Mixture, Result
from corescout.data.arrays import set_readonly
from corescout.plan import MixturePlan, Plan

FOLDS = 4
_BLOCKS = 4  # to a side of the scan, dealt out to the folds
_LEAST_POINTS = 40  # to train a fold on
NOVEL_P = 0.05


@dataclass(frozen=True, eq=False)
class Calibration:
    """Scores of n points that the models which scored them had not seen, in ascending order.

    Attributes
    ----------
    misfit : (n,)
        Cross-entropy beyond the floor of grey targets, nats per pixel.
    rarity : (n,)
        Negative log density of the whitened code under the mixture, nats.
    contrast : (m,)
        Standard deviation of each normalised patch.
    held_out : bool
        False where the scan was too small to leave a part of it out.
    """

    misfit: NDArray[np.float64]
    rarity: NDArray[np.float64]
    contrast: NDArray[np.float64]
    held_out: bool = True

    def __post_init__(self) -> None:
        set_readonly(self, "misfit", (None,))
        set_readonly(self, "rarity", (len(self.misfit),))
        set_readonly(self, "contrast", (None,))


@dataclass(frozen=True, eq=False)
class Novelty:
    """How new N points are.

    Attributes
    ----------
    p_misfit, p_rarity, p_contrast : (N,)
        Of each score alone; that of the contrast is two-sided.
    p : (N,)
        Of all: three times the smallest one, at most 1 (Bonferroni).
    """

    p_misfit: NDArray[np.float64]
    p_rarity: NDArray[np.float64]
    p_contrast: NDArray[np.float64]
    p: NDArray[np.float64]

    def __post_init__(self) -> None:
        set_readonly(self, "p", (None,))
        for name in ("p_misfit", "p_rarity", "p_contrast"):
            set_readonly(self, name, self.p.shape)

    @property
    def share(self) -> float:
        """Share of novel points, p <= 0.05; 0.05 is expected of the same material."""
        return float(np.mean(self.p <= NOVEL_P)) if len(self.p) else 0.0


def calibrate(result: Result) -> Calibration:
    """Score the points of an exploration under models that were trained without them.

    Costs `FOLDS` trainings of the winner as one stack, some seconds with the preset `live`.
    """
    from corescout.mixtures import fit_mixtures
    from corescout.vae import encode, single_threaded, specification_of, train

    plan = Plan.model_validate(result.plan)
    values = np.asarray(result.patches.values)
    folds = _folds(result) if result.winner.kind == "vae" else []
    count = min((len(seen) for seen, _ in folds), default=0)
    if count < _LEAST_POINTS:
        fit = result.fit
        rare = _rarity(_z(fit), result.winner_mixture)
        return Calibration(np.sort(_misfit(fit)), np.sort(rare), np.sort(_contrast(result)), False)
    rng = np.random.default_rng(result.winner.seed)
    rows = [np.sort(rng.choice(seen, count, replace=False)) for seen, _ in folds]
    spec = specification_of(result.winner, plan.training)
    seeds = tuple(result.winner.seed + fold for fold in range(len(folds)))
    mixtures = MixturePlan(max_components=result.winner_mixture.n_components, starts=2)
    misfit, rarity = [], []
    with single_threaded():
        stack = np.stack([values[chosen] for chosen in rows])
        trained = train(stack, spec, result.winner.beta0, seeds, plan.training)
        for chosen, (_, left_out), weights, seed in zip(
            rows, folds, trained.weights, seeds, strict=True
        ):
            z = np.asarray(encode(values[chosen], weights, spec, seed=seed).latents.mean)
            by_count = fit_mixtures([z], [np.ones(len(z), bool)], mixtures, [seed])[0]
            seen = encode(values[left_out], weights, spec, seed=seed)
            misfit.append(-seen.log_likelihood_per_px - seen.target_entropy_per_px)
            rarity.append(_rarity(np.asarray(seen.latents.mean), by_count[max(by_count)]))
    return Calibration(
        np.sort(np.concatenate(misfit)),
        np.sort(np.concatenate(rarity)),
        np.sort(_contrast(result)),
    )


def novelty(applied: Result, calibration: Calibration) -> Novelty:
    """Say how new the points of a scan are to the representation that was applied to it."""
    p_misfit = _p_values(_misfit(applied.fit), np.asarray(calibration.misfit))
    p_rarity = _p_values(
        _rarity(_z(applied.fit), applied.winner_mixture), np.asarray(calibration.rarity)
    )
    contrast, usual = _contrast(applied), np.asarray(calibration.contrast)
    sides = _p_values(contrast, usual), _p_values(-contrast, -usual[::-1])
    p_contrast = np.minimum(1.0, 2 * np.minimum(*sides))
    least = np.minimum(np.minimum(p_misfit, p_rarity), p_contrast)
    return Novelty(p_misfit, p_rarity, p_contrast, np.minimum(1.0, 3 * least))


def extended(calibration: Calibration, result: Result, left_out: NDArray[np.bool_]) -> Calibration:
    """Add the scores of points (N,) of a result that its model was not trained on."""
    rarity = _rarity(_z(result.fit), result.winner_mixture)[left_out]
    return Calibration(
        np.sort(np.concatenate([calibration.misfit, _misfit(result.fit)[left_out]])),
        np.sort(np.concatenate([calibration.rarity, rarity])),
        np.sort(np.concatenate([calibration.contrast, _contrast(result)])),
        calibration.held_out,
    )


def _p_values(scores: NDArray[np.float64], calibration: NDArray[np.float64]) -> NDArray[np.float64]:
    """(1 + number of calibration scores at least as high) / (1 + n)."""
    reached = len(calibration) - np.searchsorted(calibration, scores, side="left")
    return np.asarray((1 + reached) / (1 + len(calibration)))


def _z(fit: Fit) -> NDArray[np.float64]:
    return fit.codes


def _misfit(fit: Fit) -> NDArray[np.float64]:
    return np.asarray(-fit.log_likelihood_per_px - fit.target_entropy_per_px)


def _contrast(result: Result) -> NDArray[np.float64]:
    return np.asarray(np.asarray(result.patches.values).std(axis=(1, 2, 3)), dtype=np.float64)


def _rarity(z: NDArray[np.float64], mixture: Mixture) -> NDArray[np.float64]:
    """-log p(z) in units in which the mixture as a whole has unit variance: free of its scale."""
    joint = mixture.log_joint(z)
    top = joint.max(axis=1)
    density = top + np.log(np.exp(joint - top[:, None]).sum(axis=1))
    weights, means = np.asarray(mixture.weights), np.asarray(mixture.means)
    off = means - weights @ means
    whole = np.einsum("k,kij->ij", weights, mixture.covariances + off[:, :, None] * off[:, None, :])
    return np.asarray(-density - 0.5 * np.linalg.slogdet(whole)[1])


def _folds(result: Result) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows that a fold's model sees and those that it is held against."""
    yx = np.asarray(result.patches.center_yx_px)
    low, span = yx.min(axis=0), np.ptp(yx, axis=0) + 1e-9
    block = np.minimum((_BLOCKS * (yx - low) / span).astype(np.int64), _BLOCKS - 1)
    fold = (block[:, 0] + 2 * block[:, 1]) % FOLDS
    gap = _window_scan_px(result) / 2
    step = span / _BLOCKS
    folds = []
    for number in range(FOLDS):
        near = np.zeros(len(yx), bool)
        for corner in np.unique(block[fold == number], axis=0):
            top = low + corner * step
            near |= ((yx > top - gap) & (yx < top + step + gap)).all(axis=1)
        folds.append((np.flatnonzero(~near), np.flatnonzero(fold == number)))
    return [(seen, left_out) for seen, left_out in folds if len(left_out)]


def _window_scan_px(result: Result) -> NDArray[np.float64]:
    """Sides (2,) of the window as (y, x) on the scan's own pixels."""
    window = float(result.winner.window_px)
    if result.analysis_pitch_m is None or result.scan.frame is None:
        return np.full(2, window)
    return window * result.analysis_pitch_m / np.asarray(result.scan.frame.pitch_m[::-1])

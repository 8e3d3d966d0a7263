"""Candidates from patches to rewards: those of one specification, trained as one stack."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import Candidate, Fit, Mixture, PatchSet, Reward
from corescout.mixtures import fit_mixtures, keep_dense
from corescout.plan import MixturePlan, TrainingPlan
from corescout.rewards import score
from corescout.vae import encode, epochs_of, specification_of, train

RETRY_STRIDE = 1000  # seed of a retry: seed + 1000 times the attempt


@dataclass(frozen=True, eq=False)
class TrialGroup:
    """Work that trains as one stack: candidates that differ in their seed only.

    Attributes
    ----------
    candidates : tuple of Candidate
    patch_sets : tuple of PatchSet
        One shared by all candidates, or one for each (surrogates).
    context : (N, P)
    block : (N,)
    training : TrainingPlan
    mixtures : MixturePlan
    rewards : tuple of str
    """

    candidates: tuple[Candidate, ...]
    patch_sets: tuple[PatchSet, ...]
    context: NDArray[np.float64]
    block: NDArray[np.int64]
    training: TrainingPlan
    mixtures: MixturePlan
    rewards: tuple[str, ...] | None = None

    def subset(self, chosen: list[int]) -> TrialGroup:
        """Return the group of some of its candidates, by position."""
        shared = len(self.patch_sets) == 1
        return replace(
            self,
            candidates=tuple(self.candidates[i] for i in chosen),
            patch_sets=self.patch_sets if shared else tuple(self.patch_sets[i] for i in chosen),
        )

    @property
    def cost(self) -> float:
        """Work in multiply-adds of one training pass, for sharing out time and progress."""
        spec = specification_of(self.candidates[0], self.training)
        count = len(self.patch_sets[0])
        per_patch = spec.n_pixels * spec.hidden + 3 * spec.hidden**2
        side = spec.canvas_px if spec.invariances else spec.window_px
        if spec.decoder == "spatial" and spec.invariances:
            per_patch += spec.window_px**2 * 2 * spec.hidden**2
        else:
            per_patch += spec.n_channels * side**2 * (spec.hidden + 200 * bool(spec.invariances))
        passes = epochs_of(self.training, count)
        return float(len(self.candidates) * passes * count * (per_patch + 100_000))


@dataclass(frozen=True, eq=False)
class Outcome:
    """One candidate after its trial.

    Attributes
    ----------
    candidate : Candidate
    fit : Fit
    weights : mapping of str to array
    rewards : mapping of str to Reward
    collapsed : str or None
        Why its rewards are void.
    trained_seed : int
        The seed that was used in the end; differs from the candidate's after a retry.
    seconds : float
    """

    candidate: Candidate
    fit: Fit
    weights: Mapping[str, NDArray[np.float32]]
    rewards: Mapping[str, Reward]
    collapsed: str | None
    trained_seed: int
    seconds: float


def run_trials(
    group: TrialGroup,
    stop: threading.Event | None = None,
    on_step: Callable[[float], None] | None = None,
) -> tuple[Outcome, ...]:
    """Train, filter, fit mixtures and score a group of candidates.

    A collapsed candidate is trained again with other seeds, as often as the plan allows; if all
    collapse, the last one is returned with void rewards.

    Raises
    ------
    StoppedError
        If `stop` was set.
    """
    started = time.perf_counter()
    fits = _fits(group, tuple(c.seed for c in group.candidates), stop, on_step)
    for attempt in range(1, group.training.retries + 1):
        again = [i for i, (_, _, why, _) in enumerate(fits) if why is not None]
        if not again:
            break
        seeds = tuple(group.candidates[i].seed + RETRY_STRIDE * attempt for i in again)
        retried = _fits(group.subset(again), seeds, stop, None)
        for i, fitted in zip(again, retried, strict=True):
            fits[i] = fitted
    mixtures = _mixtures(group, [fit for fit, *_ in fits], stop)
    seconds = (time.perf_counter() - started) / len(fits)
    outcomes = []
    for candidate, (fit, weights, why, seed), mixture in zip(
        group.candidates, fits, mixtures, strict=True
    ):
        whole = replace(fit, mixtures=mixture)
        rewards = score(whole, group.rewards, void_because=why)
        outcomes.append(Outcome(candidate, whole, weights, rewards, why, seed, seconds))
    return tuple(outcomes)


_Fitted = tuple[Fit, Mapping[str, NDArray[np.float32]], str | None, int]


def _fits(
    group: TrialGroup,
    seeds: tuple[int, ...],
    stop: threading.Event | None,
    on_step: Callable[[float], None] | None,
) -> list[_Fitted]:
    """Train and encode; the mixtures are not fitted yet."""
    spec = specification_of(group.candidates[0], group.training)
    shared = len(group.patch_sets) == 1
    sets = group.patch_sets * len(seeds) if shared else group.patch_sets
    values = np.asarray(sets[0].values) if shared else np.stack([s.values for s in sets])
    trained = train(
        values, spec, group.candidates[0].beta0, seeds, group.training, stop=stop, on_step=on_step
    )
    fits: list[_Fitted] = []
    for candidate, patches, seed, weights in zip(
        group.candidates, sets, seeds, trained.weights, strict=True
    ):
        encoding = encode(np.asarray(patches.values), weights, spec, seed=seed)
        z = np.asarray(encoding.latents.mean)
        fit = Fit(
            candidate=candidate,
            latents=encoding.latents,
            log_likelihood_per_px=encoding.log_likelihood_per_px,
            target_entropy_per_px=encoding.target_entropy_per_px,
            kl_nats=encoding.kl_nats,
            kept=keep_dense(z, group.mixtures.density_filter),
            mixtures={},
            center_yx_px=patches.center_yx_px,
            context=group.context,
            block=group.block,
        )
        fits.append((fit, weights, collapse(z, group.training.collapse_variance), seed))
    return fits


def collapse(z: NDArray[np.float64], least_variance: float) -> str | None:
    """Say why codes z (N, L) are collapsed, or None: a dimension that carries (almost) nothing."""
    variances = z.var(axis=0)
    if np.isfinite(variances).all() and variances.min() >= least_variance:
        return None
    return (
        f"collapsed: Var(z{int(variances.argmin()) + 1}) = {variances.min():.2g},"
        f" expected at least {least_variance:g}"
    )


def _mixtures(
    group: TrialGroup, fits: list[Fit], stop: threading.Event | None
) -> list[dict[int, Mixture]]:
    return fit_mixtures(
        [np.asarray(fit.latents.mean) for fit in fits],
        [np.asarray(fit.kept) for fit in fits],
        group.mixtures,
        [c.seed for c in group.candidates],
        stop,
    )

"""Candidates from patches to rewards: those of one specification, trained as one stack."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from corescout.baselines import fit_baseline
from corescout.data import Candidate, Fit, Latents, PatchSet, Reward, StoppedError
from corescout.data.counted import counted
from corescout.data.latents import ACTIVE_VARIANCE
from corescout.data.short_repr import short_repr
from corescout.encoding import encode_with
from corescout.mixtures import fit_mixtures, held_out_nats, keep_dense
from corescout.plan import BayesianPlan, MixturePlan, TrainingPlan
from corescout.rewards import BAYESIAN, HELD_OUT, applicable, score
from corescout.scattering import fit_scattering
from corescout.trial_cost import TrialWork
from corescout.vae import specification_of, train, train_with_pyroved
from corescout.wall_codes import fit_wall_codes

_SCATTERING_STARTS = 10  # its six dimensions have more local optima than two
_OF_FEATURES = {"scattering": fit_scattering, "descriptors": fit_wall_codes}
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
    rewards : tuple of str or None
        Only these; None: the quick ones of the table and `extra_rewards`.
    extra_rewards : tuple of str
        Those that need fits of their own, and the user's.
    bayesian : BayesianPlan
    features : (N, F) or None
        What a candidate that sees no patches is fitted to: coefficients of scattering of the
        surroundings of each patch, or wall descriptors.
    centre : (C,) or None
        Grey level that scattering subtracted: kept with its weights.
    measured, walls : (N,), (N, 5) or None
        See `Fit`.
    """

    candidates: tuple[Candidate, ...]
    patch_sets: tuple[PatchSet, ...]
    context: NDArray[np.float64]
    block: NDArray[np.int64]
    training: TrainingPlan
    mixtures: MixturePlan
    rewards: tuple[str, ...] | None = None
    extra_rewards: tuple[str, ...] = ()
    bayesian: BayesianPlan = field(default_factory=BayesianPlan)
    features: NDArray[np.float64] | None = None
    centre: NDArray[np.float32] | None = None
    measured: NDArray[np.float64] | None = None
    walls: NDArray[np.float64] | None = None

    __repr__ = short_repr

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
        """Work in multiply-adds, for sharing out time and progress."""
        return self.work.cost

    @property
    def passes(self) -> int:
        """Times that a training sees every patch; 0 for a baseline."""
        return self.work.passes

    @property
    def training_cost(self) -> float:
        """Work of training alone; 0 for a baseline."""
        return self.work.training_cost

    @property
    def work(self) -> TrialWork:
        """What it costs."""
        bayesian = self.bayesian if set(self.extra_rewards) & set(BAYESIAN) else None
        return TrialWork(self.candidates, len(self.patch_sets[0]), self.training, bayesian)


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
    mean_grey : float
        Mean of the patches' values, 0 to 1.
    """

    candidate: Candidate
    fit: Fit
    weights: Mapping[str, NDArray[np.float32]]
    rewards: Mapping[str, Reward]
    collapsed: str | None
    trained_seed: int
    seconds: float
    mean_grey: float = 0.5

    __repr__ = short_repr


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
    fits = [_explained(group, i, fitted, stop) for i, fitted in enumerate(fits)]
    wholes = _with_mixtures(group, [fit for fit, *_ in fits], stop)
    seconds = (time.perf_counter() - started) / len(fits)
    outcomes = []
    for candidate, (_, weights, why, seed), whole in zip(
        group.candidates, fits, wholes, strict=True
    ):
        names = group.rewards
        if names is None:
            names = tuple(dict.fromkeys((*applicable(whole), *group.extra_rewards)))
        rewards = score(whole, names, void_because=why)
        grey = float(np.mean(group.patch_sets[0].values))
        outcomes.append(Outcome(candidate, whole, weights, rewards, why, seed, seconds, grey))
    return tuple(outcomes)


_Fitted = tuple[Fit, Mapping[str, NDArray[np.float32]], str | None, int]


def _fits(
    group: TrialGroup,
    seeds: tuple[int, ...],
    stop: threading.Event | None,
    on_step: Callable[[float], None] | None,
) -> list[_Fitted]:
    """Train and encode; the mixtures are not fitted yet."""
    shared = len(group.patch_sets) == 1
    sets = group.patch_sets * len(seeds) if shared else group.patch_sets
    fits: list[_Fitted] = []
    for candidate, patches, seed, weights in zip(
        group.candidates, sets, seeds, _weights(group, sets, seeds, stop, on_step), strict=True
    ):
        encoding = encode_with(
            candidate,
            weights,
            np.asarray(patches.values),
            group.training,
            seed=seed,
            features=group.features,
            stop=stop,
        )
        z = np.asarray(encoding.latents.mean)
        fit = Fit(
            candidate=candidate,
            latents=encoding.latents,
            log_likelihood_per_px=encoding.log_likelihood_per_px,
            target_entropy_per_px=encoding.target_entropy_per_px,
            kl_nats=encoding.kl_nats,
            kept=keep_dense(z, group.mixtures.density_filter, seed=seed),
            mixtures={},
            center_yx_px=patches.center_yx_px,
            context=group.context,
            block=group.block,
            measured=group.measured,
            walls=group.walls,
            least_components=group.mixtures.min_components,
        )
        why = collapse(encoding.latents, group.training.collapse_variance)
        fits.append((fit, weights, why, seed))
    return fits


def _weights(
    group: TrialGroup,
    sets: tuple[PatchSet, ...],
    seeds: tuple[int, ...],
    stop: threading.Event | None,
    on_step: Callable[[float], None] | None,
) -> Sequence[Mapping[str, NDArray[np.float32]]]:
    """Weights of each candidate: trained as one stack, or a baseline's one after the other."""
    first = group.candidates[0]
    if first.kind in _OF_FEATURES and group.features is not None:
        fitted = _OF_FEATURES[first.kind](group.features, first.latent_dim)
        if first.kind == "scattering" and group.centre is not None:
            fitted["centre"] = group.centre
        return [fitted] * len(seeds)
    if first.kind != "vae":
        found = []
        for patches, seed in zip(sets, seeds, strict=True):
            if stop is not None and stop.is_set():
                raise StoppedError("stopped before a baseline was fitted")
            values = np.asarray(patches.values)
            found.append(fit_baseline(values, first.kind, first.latent_dim, seed=seed))
        return found
    shared = len(group.patch_sets) == 1
    spec = specification_of(first, group.training)
    if group.training.engine == "pyroved":
        return _weights_of_pyroved(group, sets, seeds, stop, on_step)
    values = np.asarray(sets[0].values) if shared else np.stack([s.values for s in sets])
    trained = train(values, spec, first.beta0, seeds, group.training, stop=stop, on_step=on_step)
    return trained.weights


def _weights_of_pyroved(
    group: TrialGroup,
    sets: tuple[PatchSet, ...],
    seeds: tuple[int, ...],
    stop: threading.Event | None,
    on_step: Callable[[float], None] | None,
) -> list[Mapping[str, NDArray[np.float32]]]:
    """One model after the other, each in a process of its own."""
    first = group.candidates[0]
    spec = specification_of(first, group.training)
    found: list[Mapping[str, NDArray[np.float32]]] = []

    def told(share: float) -> None:
        if on_step is not None:
            on_step((len(found) + share) / len(seeds))

    for patches, seed in zip(sets, seeds, strict=True):
        values = np.asarray(patches.values)
        found.append(
            train_with_pyroved(
                values, spec, first.beta0, seed, group.training, stop=stop, on_step=told
            )
        )
    return found


def collapse(latents: Latents, least_variance: float) -> str | None:
    """Say why codes are collapsed, or None: a dimension that carries (almost) nothing.

    It is asked of what the encoder says. The mean over the turns of a patch varies less; only
    where nothing is left of a dimension it held the direction alone.
    """
    of_encoder = np.asarray(latents.encoder_mean).var(axis=0)
    if not (np.isfinite(of_encoder).all() and of_encoder.min() >= least_variance):
        return (
            f"collapsed: Var(z{int(of_encoder.argmin()) + 1}) = {of_encoder.min():.2g},"
            f" expected at least {least_variance:g}"
        )
    left = np.asarray(latents.mean).var(axis=0)
    if left.min() < min(ACTIVE_VARIANCE, least_variance):
        return (
            f"collapsed: z{int(left.argmin()) + 1} holds the direction alone, its mean over the"
            f" turns of a patch has a variance of {left.min():.2g}"
        )
    return None


def _explained(group: TrialGroup, i: int, fitted: _Fitted, stop: threading.Event | None) -> _Fitted:
    """Tell an excess dimension from an accident of the optimiser, after all retries collapsed.

    "Excess dimension" is said only if every seed collapses and a model with one dimension less
    reaches an ELBO that is no worse, within two standard errors of the paired difference.
    """
    fit, weights, why, seed = fitted
    candidate, retries = group.candidates[i], group.training.retries
    if why is None or candidate.kind != "vae" or retries < 1 or candidate.latent_dim < 2:
        return fitted
    fewer = replace(candidate, latent_dim=candidate.latent_dim - 1)
    ((smaller, *_),) = _fits(replace(group.subset([i]), candidates=(fewer,)), (seed,), stop, None)
    difference = _elbo_nats(smaller, group) - _elbo_nats(fit, group)
    error = float(difference.std(ddof=1) / np.sqrt(len(difference)))
    count, model = (
        f"all {retries + 1} seeds",
        f"a model of {counted(fewer.latent_dim, 'dimension')}",
    )
    if difference.mean() >= -2 * error:
        why = f"{why}, with {count}; {model} does as well: an excess one"
    else:
        why = (
            f"{why}, with {count}, though {model} loses"
            f" {-difference.mean():.2g} nats per patch: an accident of the training"
        )
    return fit, weights, why, seed


def _elbo_nats(fit: Fit, group: TrialGroup) -> NDArray[np.float64]:
    """ELBO (N,) of each patch with the KL term scaled as in training."""
    spec = specification_of(fit.candidate, group.training)
    likelihood = np.asarray(fit.log_likelihood_per_px) * spec.n_pixels
    return np.asarray(likelihood - spec.beta(fit.candidate.beta0) * np.asarray(fit.kl_nats))


def _mixtures(group: TrialGroup) -> MixturePlan:
    """How mixtures are fitted; of scattering from more starts, so that its seed matters less."""
    if group.candidates[0].kind != "scattering":
        return group.mixtures
    return group.mixtures.model_copy(
        update={"starts": max(group.mixtures.starts, _SCATTERING_STARTS)}
    )


def with_asked_fits(
    group: TrialGroup, outcomes: Sequence[Outcome], stop: threading.Event | None = None
) -> tuple[Outcome, ...]:
    """Add the fits that only some rewards need to outcomes that were kept without, and score."""
    fits = _with_asked(group, [o.fit for o in outcomes], stop)
    names = [n for n in group.extra_rewards if n in (*HELD_OUT, *BAYESIAN)]
    return tuple(
        replace(
            outcome,
            fit=fit,
            rewards={**outcome.rewards, **score(fit, names, void_because=outcome.collapsed)},
        )
        for outcome, fit in zip(outcomes, fits, strict=True)
    )


def _with_mixtures(group: TrialGroup, fits: list[Fit], stop: threading.Event | None) -> list[Fit]:
    """Fit what the rewards look at: the mixtures, and those that only some rewards need."""
    seeds = [c.seed for c in group.candidates]
    codes = [fit.codes for fit in fits]
    kept = [np.asarray(fit.kept) for fit in fits]
    mixtures = fit_mixtures(codes, kept, _mixtures(group), seeds, stop)
    wholes = [replace(fit, mixtures=m) for fit, m in zip(fits, mixtures, strict=True)]
    return _with_asked(group, wholes, stop)


def _with_asked(group: TrialGroup, fits: list[Fit], stop: threading.Event | None) -> list[Fit]:
    """Fit what only some rewards need: mixtures without each block, a Bayesian mixture."""
    seeds = [c.seed for c in group.candidates]
    codes = [fit.codes for fit in fits]
    if set(group.extra_rewards) & set(HELD_OUT):
        fits = [
            replace(
                fit,
                held_out_nats=held_out_nats(
                    z,
                    np.asarray(fit.kept),
                    np.asarray(fit.center_yx_px),
                    np.asarray(fit.block),
                    fit.candidate.window_px,
                    group.mixtures,
                    seed,
                    stop,
                ),
            )
            for fit, z, seed in zip(fits, codes, seeds, strict=True)
        ]
    if set(group.extra_rewards) & set(BAYESIAN):
        from corescout.mixtures.bayesian import fit_bayesian  # pyro takes seconds to import

        fits = [
            replace(fit, bayesian=fit_bayesian(z, group.bayesian, seed, stop))
            for fit, z, seed in zip(fits, codes, seeds, strict=True)
        ]
    return fits

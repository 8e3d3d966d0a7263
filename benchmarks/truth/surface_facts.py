"""Every candidate on one generated surface, trained once with each seed: what rules choose from.

A rule that picks a candidate needs no training of its own, so many rules can be compared on the
same trainings. With `CORESCOUT_BENCH_CACHE` set to a folder, surfaces are kept there and read back.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corescout.data import Candidate, Fit, Latents, Mixture, Reward, Trial
from corescout.plan import Plan
from corescout.preparation import Prepared
from corescout.search.direction import turns
from corescout.search.study import SEED_STRIDE
from corescout.surfaces import generate_family
from corescout.trial import Outcome

SIDE_PX = 160
N_SEEDS = 3


@dataclass(frozen=True, eq=False)
class TrainedCandidate:
    """One candidate trained with one seed.

    Attributes
    ----------
    candidate : Candidate
    collapsed : str or None
    rewards : mapping of str to Reward
    z : (N, L) float32
    kept : (N,) bool
    parameters : mapping of int to tuple
        Weights, means, covariances and log-likelihood of the mixture of each K.
    """

    candidate: Candidate
    collapsed: str | None
    rewards: Mapping[str, Reward]
    z: NDArray[np.float32]
    kept: NDArray[np.bool_]
    parameters: Mapping[int, tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64],
                                   float]]  # fmt: skip

    def mixture(self, n_components: int) -> Mixture:
        """Return the mixture of K components."""
        weights, means, covariances, log_likelihood = self.parameters[n_components]
        seen = np.flatnonzero(self.kept)
        bare = Mixture(weights, means, covariances, np.zeros((0, len(weights))), seen[:0], 0.0)
        tau = bare.assign(self.z[seen].astype(np.float64))
        return Mixture(weights, means, covariances, tau, seen, log_likelihood)

    def labels(self, n_components: int) -> NDArray[np.int64]:
        """Return the component (N,) of every key point."""
        tau = self.mixture(n_components).assign(self.z.astype(np.float64))
        return np.asarray(tau.argmax(axis=1))

    def outcome(self, yx_px: NDArray[np.float64]) -> Outcome:
        """Return what a consensus looks at: the codes, of key points at yx_px (N, 2)."""
        z = self.z.astype(np.float64)
        nothing = np.zeros(len(z))
        fit = Fit(
            self.candidate, Latents(z, np.zeros_like(z)), nothing, nothing, nothing, self.kept, {},
            yx_px, np.zeros((len(z), 0)),
        )  # fmt: skip
        return Outcome(self.candidate, fit, {}, self.rewards, self.collapsed, 0, 0.0)

    def trial(self, number: int) -> Trial:
        """Return what the decision looks at."""
        state = "void" if self.collapsed else "done"
        return Trial(number, self.candidate, state, self.rewards, 0.0, self.collapsed)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class SurfaceFacts:
    """One surface with all that was trained on it.

    Attributes
    ----------
    name : str
    image : (H, W)
        Normalised, on the square grid.
    yx_px : (N, 2)
        Key points.
    truth, detailed : (N,)
        Type, and type and place, of every key point; 0 for those on no wall of a type.
    context : (N, P)
    block : (N,)
    trained : tuple of tuple of TrainedCandidate
        For each candidate, one for each seed. Those of one dimension come last, where an
        exploration would have tried them with one of the seeds.
    """

    name: str
    image: NDArray[np.float32]
    yx_px: NDArray[np.float64]
    truth: NDArray[np.int64]
    detailed: NDArray[np.int64]
    context: NDArray[np.float64]
    block: NDArray[np.int64]
    trained: tuple[tuple[TrainedCandidate, ...], ...]


def surface_facts(
    family: str, number: int, plan: Plan, n_seeds: int = N_SEEDS, side_px: int = SIDE_PX
) -> SurfaceFacts:
    """Generate a surface of a family, train every candidate with several seeds, keep the facts.

    The baselines of the plan need no seeds and are fitted once.
    """
    folder = os.environ.get("CORESCOUT_BENCH_CACHE")
    trained = plan.model_dump_json(exclude={"decision", "targets", "preset_name", "budget_s"})
    search = hashlib.sha256(trained.encode()).hexdigest()[:8]
    path = Path(folder or ".") / f"{family}-{number}-{side_px}-{n_seeds}-{search}.pickle"
    if folder and path.exists():
        with path.open("rb") as file:
            return pickle.load(file)  # type: ignore[no-any-return]
    facts = _train(family, number, plan, n_seeds, side_px)
    if folder:
        part = path.with_suffix(f".{os.getpid()}")
        part.write_bytes(pickle.dumps(facts))
        part.replace(path)
    return facts


def _train(family: str, number: int, plan: Plan, n_seeds: int, side_px: int) -> SurfaceFacts:
    from corescout.preparation import prepare
    from corescout.vae import single_threaded

    surface = generate_family(family, number, (side_px, side_px))
    with single_threaded():
        prepared = prepare(surface.scan, plan)
        candidates = plan.candidates(prepared.channels)
        trained = [_trained(prepared, plan, one, n_seeds) for one in candidates]
        trained += with_one_dimension(trained, prepared, plan, n_seeds)
    yx = np.asarray(prepared.keypoints.yx_px)
    return SurfaceFacts(
        name=f"{family} {number}",
        image=prepared.images[0],
        yx_px=yx,
        truth=surface.type_at(yx),
        detailed=surface.detailed_at(yx),
        context=prepared.context,
        block=prepared.block,
        trained=tuple(trained),
    )


def with_one_dimension(
    trained: Sequence[tuple[TrainedCandidate, ...]], prepared: Prepared, plan: Plan, n_seeds: int
) -> list[tuple[TrainedCandidate, ...]]:
    """Train what an exploration tries where with a seed all candidates with rotation collapsed."""
    turned = [one for one in trained if turns(one[0].candidate.invariances)]
    seeds = range(n_seeds if turned else 0)
    if not any(all(one[seed].collapsed for one in turned) for seed in seeds):
        return []
    fewer = dict.fromkeys(replace(one[0].candidate, seed=0, latent_dim=1) for one in turned)
    return [_trained(prepared, plan, one, n_seeds) for one in fewer]


def _trained(
    prepared: Prepared, plan: Plan, candidate: Candidate, n_seeds: int
) -> tuple[TrainedCandidate, ...]:
    from corescout.trial import TrialGroup, run_trials

    seeds = range(n_seeds if candidate.kind == "vae" else 1)
    group = TrialGroup(
        candidates=tuple(replace(candidate, seed=SEED_STRIDE * s) for s in seeds),
        patch_sets=(prepared.patches(candidate.window_px),),
        context=prepared.context,
        block=prepared.block,
        training=plan.training,
        mixtures=plan.mixtures,
        features=prepared.trial_data.features(candidate, plan.keypoints),
    )
    return tuple(
        TrainedCandidate(
            o.candidate,
            o.collapsed,
            o.rewards,
            np.asarray(o.fit.latents.mean, dtype=np.float32),
            np.asarray(o.fit.kept),
            {
                k: (m.weights, m.means, m.covariances, m.log_likelihood_nats)
                for k, m in o.fit.mixtures.items()
            },
        )
        for o in run_trials(group)
    )

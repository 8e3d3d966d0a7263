"""Training goes on from the last weights, on what is new with a replay of earlier patches.

The winner alone is trained. Where candidates make the types together they still do, with the
weights that they had: the mixture of their codes is fitted anew to what is new and to the replay,
so that new types can come in. What the winner has learned tells how new a scan is.

The replay keeps the network from forgetting, and it is what old and new types are compared on.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corescout.cores import numbered_by_size
from corescout.data import Fit, Latents, Mixture, Result, Votes
from corescout.data.arrays import set_readonly
from corescout.edits import with_types
from corescout.live.reading.next_scan import KnownRepresentation
from corescout.live.reading.novelty import Calibration, extended
from corescout.plan import Plan, TrainingPlan
from corescout.search import Places, types_of_codes
from corescout.search.consensus import mixture_of_votes
from corescout.search.merging import merged
from corescout.trial import collapse

MOST_REPLAYED = 2000  # patches
_SLOWER = 0.3  # of the learning rate: it starts near a minimum
_EPOCHS = 0.5  # of the plan's


@dataclass(frozen=True, eq=False)
class Replay:
    """Patches of earlier scans.

    Attributes
    ----------
    values : (M, C, w, w) float32 in [0, 1]
        Under the frozen normalisation.
    codes : (M, L)
        Those that types are made in by a vote; (M, 0) where the winner makes them.
    """

    values: NDArray[np.float32]
    codes: NDArray[np.float64]

    def __post_init__(self) -> None:
        set_readonly(self, "values", (None, None, None, None), np.float32)
        set_readonly(self, "codes", (len(self.values), None))

    def __len__(self) -> int:
        return len(self.values)


Points = NDArray[np.int64]
Learned = tuple[Result, Calibration, Replay, Points, Points]


def replay_of(result: Result) -> Replay:
    """Keep patches of an exploration, evenly over its scan."""
    return _some(np.asarray(result.patches.values), _voted_codes(result))


def relearn(
    known: KnownRepresentation, new: Result, replay: Replay, stop: threading.Event | None = None
) -> Learned | None:
    """Train on a scan that was read with a representation.

    Parameters
    ----------
    new : Result
        Of `corescout.pipeline.apply`.

    Returns
    -------
    (Result, Calibration, Replay, (P,), (P,)) or None
        The new scan under the new weights, types numbered by size; the novelty scores with those of
        points that were left out; the replay with the new patches; the types of the new and the
        replayed points now and before. None if the codes collapse: nothing is changed then.

    Raises
    ------
    StoppedError
        If `stop` was set.
    """
    from corescout.vae import encode, single_threaded, specification_of, train

    plan = Plan.model_validate(known.result.plan)
    spec = specification_of(known.result.winner, plan.training)
    seed = known.result.winner.seed + 7919 * known.number
    values = np.asarray(new.patches.values)
    left_out = _blocks(new)
    seen = np.concatenate([values[~left_out], np.asarray(replay.values)])
    with single_threaded():
        trained = train(
            seen, spec, known.result.winner.beta0, (seed,), _gentle(plan.training),
            start=known.result.weights, stop=stop,
        )  # fmt: skip
        weights = trained.weights[0]
        everything = np.concatenate([values, np.asarray(replay.values)])
        encoding = encode(everything, weights, spec)
        codes_before = np.asarray(encode(everything, known.result.weights, spec).latents.mean)
    z = np.asarray(encoding.latents.mean)
    if collapse(encoding.latents, plan.training.collapse_variance) is not None:
        return None
    count = len(values)
    mixture, types = _types(encoding.latents, new, known, plan)
    fit = replace(
        new.fit,
        latents=_rows(encoding.latents, count),
        log_likelihood_per_px=encoding.log_likelihood_per_px[:count],
        target_entropy_per_px=encoding.target_entropy_per_px[:count],
        kl_nats=encoding.kl_nats[:count],
        mixtures={mixture.n_components: mixture},
    )
    result = replace(
        new, weights=weights, mixture=mixture, type_of_component=types, fit=fit, edited_types=None,
        core_points=replace(new.core_points, type_names=()),
    )  # fmt: skip
    codes = np.concatenate([_voted_codes(new), replay.codes])
    if new.votes is not None:
        result = _voted(result, new.votes, codes, known, plan, stop)
        z, codes_before = codes, codes
    result = with_types(result, plan=plan)
    calibration = extended(known.calibration, result, left_out)
    grown = _some(
        np.concatenate([np.asarray(replay.values), values]),
        np.concatenate([replay.codes, codes[:count]]),
    )
    before = known.result.typed.at(codes_before).types.of_point
    return result, calibration, grown, result.typed.at(z).types.of_point, before


def _voted_codes(result: Result) -> NDArray[np.float64]:
    """Codes (N, L) of a vote; (N, 0) without one."""
    return np.zeros((len(result.patches), 0)) if result.votes is None else result.votes.codes


def _voted(
    result: Result,
    votes: Votes,
    codes: NDArray[np.float64],
    known: KnownRepresentation,
    plan: Plan,
    stop: threading.Event | None,
) -> Result:
    """Return a result with the types that candidates make together, new ones among them.

    Parameters
    ----------
    result : Result
        With the mixture of the winner as it is trained now.
    votes : Votes
        Of the scan: the first of the codes (N, L), those of the replay follow.
    """
    votes = replace(votes, consensus=replace(votes.consensus, winner_mixture=result.mixture))
    if known.result.n_types == 1:
        plan = plan.model_copy(
            update={"mixtures": plan.mixtures.model_copy(update={"max_components": 1})}
        )
    mixture = mixture_of_votes(codes, plan, stop)
    tau = votes.neighbours.smoothed(mixture.assign(votes.codes))
    window_px = known.result.winner.window_px
    group = merged(tau, Places.of(np.asarray(votes.yx_px), window_px), plan.decision)
    types = numbered_by_size(group[tau.argmax(axis=1)], group)
    return replace(result, votes=votes, mixture=mixture, type_of_component=types)


def _gentle(training: TrainingPlan) -> TrainingPlan:
    epochs = max(1, round(_EPOCHS * training.epochs))
    return training.model_copy(
        update={
            "epochs": epochs, "kl_warmup": 0.0, "learning_rate": _SLOWER * training.learning_rate
        }
    )  # fmt: skip


def _types(
    latents: Latents, new: Result, known: KnownRepresentation, plan: Plan
) -> tuple[Mixture, NDArray[np.int64]]:
    """Mixture and types as an exploration finds them; one type where one was shown."""
    from corescout.mixtures import fit_mixtures, keep_dense
    from corescout.rewards import score

    z = np.asarray(latents.mean)
    kept = keep_dense(z, plan.mixtures.density_filter)
    largest = plan.mixtures.max_components if known.result.n_types > 1 else 1
    settings = plan.mixtures.model_copy(update={"max_components": largest})
    fitted = fit_mixtures([z], [kept], settings, [known.result.winner.seed])[0]
    if largest == 1:
        return fitted[1], np.ones(1, np.int64)
    nothing = np.zeros(len(z))
    fit = Fit(
        known.result.winner, latents, nothing, nothing, nothing, kept, fitted,
        np.zeros((len(z), 2)), np.zeros((len(z), 0)),
    )  # fmt: skip
    yx = np.asarray(new.patches.center_yx_px)
    places = Places.of(yx, known.result.winner.window_px)
    rewards = score(fit, ("gain", "bic"))
    return types_of_codes(fitted, rewards, z[: len(yx)], places, plan.decision)


def _rows(latents: Latents, count: int) -> Latents:
    """The first of them."""
    rows = {
        name: None if (value := getattr(latents, name)) is None else np.asarray(value)[:count]
        for name in ("angle_rad", "shift_px", "scale", "one_turn")
    }
    return Latents(np.asarray(latents.mean)[:count], np.asarray(latents.std)[:count], **rows)


def _blocks(result: Result) -> NDArray[np.bool_]:
    """Points (N,) in every second row and column of blocks: those that are left out."""
    yx = np.asarray(result.patches.center_yx_px)
    block = (4 * (yx - yx.min(axis=0)) / (np.ptp(yx, axis=0) + 1e-9)).astype(int)
    return np.asarray((block % 2 == 0).all(axis=1))


def _some(values: NDArray[np.float32], codes: NDArray[np.float64]) -> Replay:
    """Keep as many patches as are replayed, by chance, with their codes."""
    if len(values) > MOST_REPLAYED:
        chosen = np.random.default_rng(0).choice(len(values), MOST_REPLAYED, replace=False)
        rows = np.sort(chosen)
        values, codes = values[rows], codes[rows]
    return Replay(values, codes)

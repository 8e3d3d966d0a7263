"""Choose the next places: by what a loop there brings the goals, a batch at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as field_default

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError
from corescout.data.short_repr import short_repr
from corescout.plan_changes import did_you_mean
from corescout.prediction.cross_validation import LEAST_LOOPS
from corescout.quantities import names, weights
from corescout.steering.drift import due, probe
from corescout.steering.field import Field
from corescout.steering.goals import GOALS, MET, Outlook, surprise
from corescout.steering.measured import MeasuredValues
from corescout.steering.posterior import LoopPosterior, references
from corescout.steering.property import LEAST_VALUES, Prediction, predict

REFERENCE = "reference: a fresh place of the reference area, which tells drift from structure"
LEAST_TO_STEER = 8  # values; before, places are spread out
_DRAWS = 10  # random places of which the most unlike one is taken, where nothing is known
_ERROR_SHARE = 0.1  # of the range of the values: the error that is asked for if none is given
_MOST_TO_HALVE = 500


@dataclass(frozen=True, eq=False)
class Choice:
    """The next places, and how things stand.

    Attributes
    ----------
    rows : tuple of int
        Key points in the order of their worth; empty where the goals are met.
    reasons : tuple of str
        One for each.
    met : bool
        All goals are met.
    prediction : Prediction or None
        None before `LEAST_TO_STEER` values are known.
    error : float
        That is asked for, in the unit of the property; NaN before there are values.
    map_error : float
        Expected root-mean-square error over all key points before the batch; NaN likewise.
    sample : LoopPosterior or None
        Of a sample of the key points before the batch, each standing for `share` of all.
    share : (R,)
    scatter : float
        Of places of like structure, noise of the loops included, in the unit of the property.
    """

    rows: tuple[int, ...]
    reasons: tuple[str, ...]
    met: bool
    prediction: Prediction | None
    error: float = float("nan")
    map_error: float = float("nan")
    sample: LoopPosterior | None = None
    share: NDArray[np.float64] = field_default(default_factory=lambda: np.zeros(0))
    scatter: float = float("nan")

    __repr__ = short_repr

    def loops_to_halve(self) -> int | None:
        """Loops until the error of the map is half of today's; None where 500 do not suffice.

        Half of it may be less than what places of like structure scatter by: None as well.
        """
        return None if self.sample is None else _loops_to_halve(self.sample, self.share)


def choose(
    field: Field,
    measured: MeasuredValues,
    goals: Mapping[str, float],
    count: int,
    *,
    error: float | None = None,
    seed: int = 0,
    start: Prediction | None = None,
    reference_every: int = 0,
) -> Choice:
    """Choose up to `count` key points to measure next.

    The next one has the largest sum over the goals of weight x worth / largest worth, times the
    chance that its measurement does not fail; after each one its own knowledge is taken as had.
    None lies within the radius of a measured place or of another of the batch.

    Parameters
    ----------
    goals : mapping of str to float
        Weights of goals of `GOALS`.
    error : float, optional
        In the unit of the property: of the map (root mean square) and of the means of types. A
        tenth of the range of the values if None.
    start : Prediction, optional
        Of fewer loops: saves time.
    reference_every : int
        Every so many loops one goes to a fresh place of the reference area, see
        `steering.drift`; 0: none does.

    Raises
    ------
    InputError
        If a goal is unknown or no weight is positive.
    """
    _check(goals)
    rows = np.asarray(measured.row)
    free = field.allowed & ~field.touched(rows)
    if np.count_nonzero(measured.known) < max(LEAST_TO_STEER, LEAST_VALUES):
        return _spread_out(field, rows, free, count, seed, "too few loops to steer by")
    earlier = None if start is None else start.predictor
    values = np.asarray(measured.value)[measured.known]
    if not np.ptp(values) > 0:
        return _spread_out(field, rows, free, count, seed, "all values are alike")
    prediction = predict(field, measured, earlier)
    low, high = np.quantile(values, [0.05, 0.95])
    asked = _ERROR_SHARE * float(high - low) if error is None else error
    everywhere = field.at(np.arange(len(field)), np.full(len(field), 1.0))
    reference, share = references(field.type, seed)
    posterior = LoopPosterior(prediction.predictor, everywhere, reference)
    outlook = Outlook(prediction, posterior, share, max(asked, 1e-300))
    sample = LoopPosterior(prediction.predictor, everywhere[reference], np.arange(len(reference)))
    scatter = float(np.sqrt(posterior.noise2)) * outlook.unit
    error_now = outlook.map_error
    state = Choice((), (), False, prediction, asked, error_now, sample, share, scatter)
    wanted = [name for name, weight in goals.items() if weight > 0]
    if len(values) >= LEAST_LOOPS and not prediction.tells:
        return _untold(state, prediction, wanted, free, count, seed)
    if all(MET[name](outlook) for name in wanted):
        return replace(state, met=True)
    probed = _References(measured, due(len(measured), count, reference_every))
    picked, reasons = _batch(outlook, goals, free, count, probed)
    return replace(state, rows=picked, reasons=reasons)


def _untold(
    state: Choice,
    prediction: Prediction,
    wanted: list[str],
    free: NDArray[np.bool_],
    count: int,
    seed: int,
) -> Choice:
    """Where structure tells nothing the process is not asked: means of types are plain means."""
    field, measured = prediction.field, prediction.measured
    rows, values = measured.row[measured.known], measured.value[measured.known]
    spread = float(values.std())
    plain = replace(state, map_error=spread, scatter=spread, sample=None)
    kinds = field.type[rows]
    fewest = min(int(np.sum(kinds == t)) for t in np.unique(field.type[field.allowed]))
    met = {"map": spread <= state.error, "types": spread <= state.error * np.sqrt(fewest)}
    if all(met.get(name, False) for name in wanted):
        return replace(plain, met=True)
    why = "structure does not tell the property"
    other = _spread_out(field, measured.row, free, count, seed, why)
    return replace(plain, rows=other.rows, reasons=other.reasons)


def goals_of(text: str) -> dict[str, float]:
    """Read goals and their weights, such as map or map=1,types=0.5.

    Raises
    ------
    InputError
        If one is unknown or no weight is positive.
    """
    found = weights(text, "--goal") if "=" in text else dict.fromkeys(names(text), 1.0)
    _check(found)
    return found


def _check(goals: Mapping[str, float]) -> None:
    for name in goals:
        if name not in GOALS:
            raise InputError(
                f"a goal among {', '.join(GOALS)}", repr(name),
                did_you_mean(name, GOALS) or "choose one of these",
            )  # fmt: skip
    if not any(w > 0 for w in goals.values()) or any(w < 0 for w in goals.values()):
        raise InputError("goals with weights above 0", repr(dict(goals)), "such as map=1,types=1")


@dataclass(frozen=True)
class _References:
    """Which places of a batch go to the reference area."""

    measured: MeasuredValues
    numbers: tuple[int, ...]

    def place(self, number: int, field: Field, free: NDArray[np.bool_]) -> int | None:
        """Return the place, where this one does and a fresh one is left."""
        return probe(field, self.measured, free) if number in self.numbers else None


def _batch(
    outlook: Outlook,
    goals: Mapping[str, float],
    free: NDArray[np.bool_],
    count: int,
    probed: _References,
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    field, prediction = outlook.prediction.field, outlook.prediction
    free, rows, reasons = free.copy(), [], []
    fixed = surprise(prediction) if goals.get("surprise", 0) > 0 else np.zeros(len(field))
    for number in range(count):
        if not free.any():
            break
        probe_row = probed.place(number, field, free)
        parts = {}
        for name, weight in goals.items():
            if weight > 0:
                worth = (
                    fixed * outlook.posterior.variance
                    if name == "surprise"
                    else (GOALS[name](outlook))
                )
                parts[name] = weight * worth / max(float(worth[free].max()), 1e-300)
        total = sum(parts.values()) * (1 - prediction.failing)
        row = int(np.where(free, total, -np.inf).argmax()) if probe_row is None else probe_row
        own = {n: float(v[row]) for n, v in parts.items()}
        reasons.append(REFERENCE if probe_row is not None else _reason(outlook, row, own, fixed))
        rows.append(row)
        outlook.posterior.add(row)
        outlook = replace(outlook, chosen=(*outlook.chosen, row))
        free &= ~field.touched(np.array([row]))
    return tuple(rows), tuple(reasons)


def _reason(
    outlook: Outlook, row: int, parts: Mapping[str, float], apart: NDArray[np.float64]
) -> str:
    """Say why a key point: of the goal that it brings most."""
    prediction = outlook.prediction
    name = max(parts, key=lambda n: parts[n])
    unit = f" {prediction.unit}" if prediction.unit else ""
    half = _figure(1.645 * prediction.loop_std[row])
    expected = f"{_figure(prediction.mean[row])} +- {half}{unit} expected"
    if name == "types":
        number = int(prediction.field.type[row])
        error = outlook.type_error(number)
        return (
            f"types: the mean of type {number} is known to {_figure(error)}{unit},"
            f" {_figure(outlook.error)}{unit} is asked; {expected}"
        )
    if name == "extremes":
        side = "largest" if prediction.mean[row] >= np.median(prediction.mean) else "smallest"
        return f"extremes: may be among the {side}; {expected}"
    if name == "surprise":
        return f"surprise: codes and descriptors disagree by {apart[row]:.1f} sigmas; {expected}"
    std = float(np.sqrt(outlook.posterior.variance[row])) * outlook.unit
    return f"map: known to {_figure(std)}{unit} and like many others; {expected}"


def _figure(value: float) -> str:
    return f"{value:.3g}"


def _spread_out(
    field: Field, rows: NDArray[np.int64], free: NDArray[np.bool_], count: int, seed: int, why: str
) -> Choice:
    """Places unlike each other, types in turn: of ten random ones the most unlike all measured."""
    rng = np.random.default_rng([seed, len(rows)])
    taken = [int(r) for r in rows]
    free, chosen, reasons = free.copy(), [], []
    for _ in range(count):
        pool = np.flatnonzero(free)
        if len(pool) == 0:
            break
        kinds = np.unique(field.type[pool])
        fewest = min(kinds, key=lambda t: (np.sum(field.type[np.array(taken, int)] == t), t))
        own = pool[field.type[pool] == fewest]
        drawn = rng.choice(own, min(_DRAWS, len(own)), replace=False)
        row = int(drawn[0])
        if taken:
            apart = np.linalg.norm(field.inputs[drawn][:, None] - field.inputs[taken], axis=2)
            row = int(drawn[apart.min(axis=1).argmax()])
        taken.append(row)
        chosen.append(row)
        reasons.append(f"spread out, {why}: unlike what was measured, of type {int(fewest)}")
        free &= ~field.touched(np.array([row]))
    return Choice(tuple(chosen), tuple(reasons), False, None)


def _loops_to_halve(sample: LoopPosterior, share: NDArray[np.float64]) -> int | None:
    """Add loops at the sample, each the most worth, until the error of the map is half."""
    wanted = (float(share @ sample.variance) + sample.noise2) / 4 - sample.noise2
    for count in range(1, _MOST_TO_HALVE + 1 if wanted > 0 else 1):
        worth = (sample.covariance**2) @ share / (sample.variance + sample.noise2)
        sample.add(int(worth.argmax()))
        if float(share @ sample.variance) <= wanted:
            return count
    return None

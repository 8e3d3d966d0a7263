"""Goals of an experiment: what a loop at each key point brings each of them, and when it is met.

A goal's `worth` is (N,), not negative, in a unit of its own; `choosing` weighs goals against each
other by their largest worth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.prediction import fit_predictor
from corescout.steering.posterior import LoopPosterior
from corescout.steering.property import Prediction

_ALIKE = 0.5  # correlation of f from which two places count as of like features
_UNLIKE_SIGMAS = 2.0  # codes and descriptors that differ by less agree
_LEAST_OF_TYPE = 2  # loops of a type before its mean counts as known


@dataclass(frozen=True, eq=False)
class Outlook:
    """What the goals look at.

    Attributes
    ----------
    prediction : Prediction
    posterior : LoopPosterior
        Its loops and those of the batch so far.
    share : (R,)
        Of all key points that each reference stands for.
    error : float
        That is asked for, in the unit of the property.
    chosen : tuple of int
        Key points of the batch so far.
    """

    prediction: Prediction
    posterior: LoopPosterior
    share: NDArray[np.float64]
    error: float
    chosen: tuple[int, ...] = ()

    @property
    def unit(self) -> float:
        """Standard deviation of one in the process, in the unit of the property."""
        return self.prediction.predictor.spread * self.prediction.predictor.widened

    @property
    def map_error(self) -> float:
        """Expected root-mean-square difference of the map and a loop, over all key points.

        What places of like structure scatter by is part of it: no loop elsewhere tells it.
        """
        variance = self.posterior.variance[self.posterior.reference]
        return float(np.sqrt(self.share @ variance + self.posterior.noise2)) * self.unit

    def of_type(self, number: int) -> NDArray[np.bool_]:
        """Which references (R,) are of a type."""
        return np.asarray(self.prediction.field.type[self.posterior.reference] == number)

    def type_error(self, number: int) -> float:
        """Standard deviation of the mean over a type's key points."""
        own = self.of_type(number)
        between = self.posterior.covariance[self.posterior.reference][:, own][own]
        return float(np.sqrt(max(float(between.mean()), 0.0))) * self.unit

    def count_of_type(self, number: int) -> int:
        """Loops at a type that told a value, the batch so far among them."""
        measured = self.prediction.measured
        rows = np.concatenate([measured.row[measured.known], np.array(self.chosen, np.int64)])
        return int(np.count_nonzero(self.prediction.field.type[rows] == number))

    @property
    def types(self) -> tuple[int, ...]:
        """Types with key points that may be measured."""
        field = self.prediction.field
        return tuple(int(t) for t in np.unique(field.type[field.allowed]))

    def unmet_types(self) -> dict[int, float]:
        """Types whose mean is not known to the error, with theirs."""
        found = {t: self.type_error(t) for t in self.types}
        return {
            t: e
            for t, e in found.items()
            if e > self.error or self.count_of_type(t) < _LEAST_OF_TYPE
        }


def worth_for_map(outlook: Outlook) -> NDArray[np.float64]:
    """By how much a loop lowers the mean variance over all key points.

    sum_r w_r cov(f_i, f_r)^2 / (var f_i + n^2) (integrated variance; Cohn, 1994).
    """
    p = outlook.posterior
    return np.asarray((p.covariance**2) @ outlook.share / (p.variance + p.noise2))


def worth_for_types(outlook: Outlook) -> NDArray[np.float64]:
    """By how much a loop lowers the variances of the means of the types that are not known yet."""
    p, worth = outlook.posterior, np.zeros(len(outlook.posterior.variance))
    for number, error in outlook.unmet_types().items():
        with_mean = p.covariance[:, outlook.of_type(number)].mean(axis=1)
        lowered = with_mean**2 / (p.variance + p.noise2) * outlook.unit**2
        worth += lowered / max(error, outlook.error) ** 2
        if outlook.count_of_type(number) < _LEAST_OF_TYPE:  # a type is seen before it is inferred
            own = outlook.prediction.field.type == number
            worth += own * float(lowered.max()) / max(error, outlook.error) ** 2
    return worth


def worth_for_extremes(outlook: Outlook) -> NDArray[np.float64]:
    """Expected improvement on the largest and on the smallest value (Jones et al., 1998).

    An extreme that was seen at one place only draws the next loop to places of like features.
    """
    from scipy.stats import norm

    prediction, p = outlook.prediction, outlook.posterior
    std = np.sqrt(p.variance) * outlook.unit
    worth = np.zeros(len(std))
    for sign in (1.0, -1.0):
        best = float((sign * prediction.mean[prediction.measured.row]).max())
        u = (sign * prediction.mean - best) / std
        worth += std * (u * norm.cdf(u) + norm.pdf(u))
        seen, again = _extreme(prediction, sign)
        if not again:
            worth += float(worth.max()) * _alike(prediction, seen) ** 2
    return worth


def extremes_met(prediction: Prediction) -> bool:
    """Whether the largest and the smallest value were each met at a second, like place."""
    return all(_extreme(prediction, sign)[1] for sign in (1.0, -1.0))


def _extreme(prediction: Prediction, sign: float) -> tuple[int, bool]:
    """Key point of the largest (or smallest) value, and whether a second place is like it."""
    measured, known = prediction.measured, prediction.measured.known
    rows, values = measured.row[known], sign * measured.value[known]
    top = int(values.argmax())
    like = _alike(prediction, int(rows[top]))[rows] >= _ALIKE
    apart = np.linalg.norm(prediction.field.xy_m[rows] - prediction.field.xy_m[rows[top]], axis=1)
    others = like & (apart >= prediction.field.radius_m) & (np.arange(len(rows)) != top)
    high = values >= np.quantile(values, 0.8)
    return int(rows[top]), bool((others & high).any())


def _alike(prediction: Prediction, row: int) -> NDArray[np.float64]:
    """Correlation (N,) of f with that at a key point."""
    field, predictor = prediction.field, prediction.predictor
    x = field.at(np.arange(len(field)), np.zeros(len(field)))
    return predictor.covariance(x, x[row][None])[:, 0] / predictor.variance


def worth_for_surprise(outlook: Outlook) -> NDArray[np.float64]:
    """How far the predictions of codes alone and of descriptors alone lie apart, in sigmas.

    |m_c - m_d| / sqrt(s_c^2 + s_d^2), less what the batch will tell there.
    """
    apart = surprise(outlook.prediction)
    left = outlook.posterior.variance / outlook.prediction.predictor.variance
    return np.asarray(apart * left)


def surprise(prediction: Prediction) -> NDArray[np.float64]:
    """How far codes and descriptors disagree (N,), in standard deviations."""
    field, measured = prediction.field, prediction.measured
    rows, values = measured.row[measured.known], measured.value[measured.known]
    told = []
    for kind in ("codes", "descriptors"):
        columns = field.columns(kind)
        if len(columns) == 0:
            return np.zeros(len(field))
        model = fit_predictor(field.inputs[rows][:, columns], values)
        told.append(model.predict(field.inputs[:, columns]))
    (mean_a, std_a), (mean_b, std_b) = told
    return np.asarray(np.abs(mean_a - mean_b) / np.hypot(std_a, std_b))


GOALS: dict[str, Callable[[Outlook], NDArray[np.float64]]] = {
    "map": worth_for_map,
    "types": worth_for_types,
    "extremes": worth_for_extremes,
    "surprise": worth_for_surprise,
}
# the property is known: which goals can be met, and when
MET: dict[str, Callable[[Outlook], bool]] = {
    "map": lambda o: o.map_error <= o.error,
    "types": lambda o: not o.unmet_types(),
    "extremes": lambda o: extremes_met(o.prediction),
    "surprise": lambda o: bool(
        (surprise(o.prediction)[o.prediction.field.allowed] < _UNLIKE_SIGMAS).all()
    ),
}

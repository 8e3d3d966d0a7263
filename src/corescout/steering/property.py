"""A property at every key point, predicted from what was measured at some."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Result
from corescout.data.short_repr import short_repr
from corescout.prediction import (
    Part,
    Predictor,
    Validation,
    blocks_of,
    cross_validate,
    fit_predictor,
)
from corescout.steering.field import Field, field_of
from corescout.steering.measured import MeasuredValues, measured_values

_NORMAL_90 = 1.6449
_LEAST_FAILURES = 3  # and as many that did not fail, before places are told apart by it
_LEAST_R2, _AT_A_GLANCE = 0.05, 120
LEAST_VALUES = 3  # with fewer there is nothing to fit


@dataclass(frozen=True, eq=False)
class Prediction:
    """A property at N key points.

    Attributes
    ----------
    name, unit : str
    mean, std : (N,)
        Of the property.
    loop_std : (N,)
        Of what a loop there would show: the noise is added.
    failing : (N,)
        Probability that a measurement there fails.
    field : Field
    measured : MeasuredValues
    predictor : Predictor
    """

    name: str
    unit: str
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    loop_std: NDArray[np.float64]
    failing: NDArray[np.float64]
    field: Field
    measured: MeasuredValues
    predictor: Predictor

    __repr__ = short_repr

    @cached_property
    def validation(self) -> Validation:
        """Whether structure predicts the property at all: cross-validation in blocks."""
        return validate(self.field, self.measured)

    @property
    def tells(self) -> bool:
        """Whether blocks that are left out are predicted better than by the mean.

        By `validation`, and from 120 loops on at a glance, the length scales as they are: a fit
        anew takes longer then, and few length scales fit so many loops by chance.
        """
        rows, values = self.measured.row[self.measured.known], self._values
        if len(values) < _AT_A_GLANCE:
            return not self.validation.r2 < _LEAST_R2
        block = blocks_of(self.field.xy_m[rows], max(self.field.block_m, 1e-12))
        residual, _ = self._of_structure.left_out(block)
        left = float((residual**2).sum()) * self.predictor.spread**2
        return left < (1 - _LEAST_R2) * float(((values - values.mean()) ** 2).sum())

    @property
    def _of_structure(self) -> Predictor:
        """The process without its part of the place, which is noise then."""
        from corescout.prediction.gaussian_process import conditioned
        from corescout.prediction.kernel import Kernel

        p = self.predictor
        known = self.field.parts(place=False, time=self.measured.time is not None)
        kept, lost = [], 0.0
        for part, signal2, length in p.kernel.split():
            if any(np.array_equal(part.columns, one.columns) for one in known):
                kept.append(np.log([signal2, *length]))
            else:
                lost += signal2
        target = (self._values - p.mean) / p.spread
        noise = float(np.sqrt(p.noise**2 + lost))
        return conditioned(Kernel(known, np.concatenate(kept)), noise, p.inputs, target, p.doubt)

    @property
    def _values(self) -> NDArray[np.float64]:
        return np.asarray(self.measured.value[self.measured.known])

    @property
    def words(self) -> str:
        """Whether structure predicts the property, in a sentence."""
        return self.validation.words(self.name)

    @property
    def interval(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Ends (N,), (N,) of the 90 % interval of what a loop there would show."""
        half = _NORMAL_90 * self.loop_std
        return self.mean - half, self.mean + half

    @property
    def relevance(self) -> dict[str, float]:
        """Inputs by how much they matter, the most first; shares of all."""
        share = self.predictor.relevance[: len(self.field.names)]
        share = share / max(float(share.sum()), 1e-300)
        order = np.argsort(-share, kind="stable")
        return {self.field.names[i]: float(share[i]) for i in order}


def predict_property(
    result: Result, measurements: str | Path | MeasuredValues, name: str = "coercive_bias_v",
    *, radius_m: float | None = None,
) -> Prediction:  # fmt: skip
    """Predict a property at every key point of a result from measurements at some of them.

    Parameters
    ----------
    measurements : path or MeasuredValues
        A table of loops (``measurements.csv``), or your own with the property as a column.
    name : str
        A property of loops (`corescout.loop_properties.PROPERTIES`), or the column.
    radius_m : float, optional
        From a key point to a place that is tied to it.

    Returns
    -------
    Prediction
        Mean, standard deviation and chance of failure (N,) in the order of the key points; `words`
        says whether the prediction is to be believed.

    Raises
    ------
    InputError
        If the table cannot be used, fewer than three values are known, or the scan has no scale.
    """
    measured = measurements
    if not isinstance(measured, MeasuredValues):
        measured = measured_values(measured, result, name, radius_m)
    return predict(field_of(result), measured)


def predict(field: Field, measured: MeasuredValues, start: Predictor | None = None) -> Prediction:
    """Predict a property over a field, at the time of the last loop.

    The property is a sum: of types, codes, descriptors, what near places share beside them, and
    order and time of the loops, so that what drifts with the tip is not put down to structure.

    Parameters
    ----------
    start : Predictor, optional
        Of fewer loops: its length scales are the start.

    Raises
    ------
    InputError
        If fewer than three values are known.
    """
    known = np.asarray(measured.known)
    if known.sum() < LEAST_VALUES:
        raise InputError(
            f"at least {LEAST_VALUES} values of {measured.name}",
            f"{int(known.sum())} of {len(known)} measurements told one",
            "measure more places",
        )
    rows = np.asarray(measured.row)
    time = measured.time
    x, parts = field.at(rows, measured.order, time), field.parts(time=time is not None)
    predictor = fit_predictor(x[known], np.asarray(measured.value)[known], start, parts=parts)
    everywhere = field.at(np.arange(len(field)), np.full(len(field), measured.order[-1]))
    mean, std = predictor.predict(everywhere)
    failing = _failing(everywhere, x, known, parts)
    return Prediction(
        measured.name, measured.unit, mean, std, predictor.of_a_loop(std), failing, field,
        measured, predictor,
    )  # fmt: skip


def validate(field: Field, measured: MeasuredValues, seed: int = 0) -> Validation:
    """Cross-validate in blocks wider than the correlation length and the written radius.

    Without the part of the place: the question is whether structure predicts.
    """
    known = np.asarray(measured.known)
    rows = np.asarray(measured.row)[known]
    if len(rows) == 0:
        return Validation(0, 0)
    time = measured.time
    x = field.at(np.asarray(measured.row), measured.order, time)[known]
    parts = field.parts(place=False, time=time is not None)
    block = blocks_of(field.xy_m[rows], max(field.block_m, 1e-12))
    return cross_validate(x, np.asarray(measured.value)[known], block, seed, parts)


def _failing(
    everywhere: NDArray[np.float64],
    x: NDArray[np.float64],
    known: NDArray[np.bool_],
    parts: tuple[Part, ...],
) -> NDArray[np.float64]:
    """Probability of a failure (N,): a process of its own over 0 and 1, within 0.01 and 0.95.

    Its rate where there are fewer than three of either: (failures + 1/2) / (n + 10).
    """
    failures = np.count_nonzero(~known)
    if min(failures, len(known) - failures) < _LEAST_FAILURES:
        return np.full(len(everywhere), (failures + 0.5) / (len(known) + 10.0))
    model = fit_predictor(x, (~known).astype(float), parts=parts, doubt=False)
    return np.asarray(np.clip(model.predict(everywhere)[0], 0.01, 0.95))

"""Drift of a property with the loops: what changes with their order and time, whatever the place.

It is told twice. By the model: the parts of its sum that are of order and time. And by a reference
area, the places of like structure around the first loop, where every n-th loop is made at a fresh
place: there the structure does not change, whatever the model believes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.steering.field import Field
from corescout.steering.measured import MeasuredValues
from corescout.steering.property import Prediction

AREA_PLACES = 20  # key points of the reference area, those already measured among them
_LEAST_LOOPS = 4  # in the area, before it says anything
_SIGMAS = 2.0  # beyond which a drift is one


@dataclass(frozen=True)
class PropertyDrift:
    """By how much a property changed from the first loop to the last.

    Attributes
    ----------
    change, std : float
        By the model, in the unit of the property.
    in_area, in_area_std : float
        By a straight line through the loops of the reference area; NaN from fewer than four.
    area_loops : int
        Loops in the reference area.
    unit : str
    """

    change: float
    std: float
    in_area: float
    in_area_std: float
    area_loops: int
    unit: str

    @property
    def seen(self) -> bool:
        """Whether either of them differs from no drift by more than two standard deviations."""
        by_model = abs(self.change) > _SIGMAS * self.std
        return bool(by_model or abs(self.in_area) > _SIGMAS * self.in_area_std)

    def words(self, name: str) -> str:
        """Say it: "coercive_bias_v drifts: 0.31 +- 0.06 V from the first loop to the last"."""
        unit = f" {self.unit}" if self.unit else ""
        what = f"{name} drifts" if self.seen else f"no drift of {name} is seen"
        found = (
            f"{what}: {self.change:+.2g} +- {self.std:.2g}{unit} from the first loop to the last"
        )
        if not np.isfinite(self.in_area):
            return found
        area = f"{self.in_area:+.2g} +- {self.in_area_std:.2g}{unit}"
        return f"{found}, {area} by {self.area_loops} loops of the reference area"


def property_drift(prediction: Prediction) -> PropertyDrift:
    """Return the drift of a property with the loops that were measured."""
    field, measured = prediction.field, prediction.measured
    first = field.at(np.array([0]), np.array([-1.0]))[0]
    last = field.at(np.array([0]), np.array([1.0]))[0]
    change, std = prediction.predictor.change(field.when, first, last)
    inside = np.isin(measured.row, reference_area(field, measured)) & measured.known
    in_area, in_area_std = _line(measured.order[inside], measured.value[inside])
    return PropertyDrift(change, std, in_area, in_area_std, int(inside.sum()), prediction.unit)


def reference_area(field: Field, measured: MeasuredValues) -> NDArray[np.int64]:
    """Key points of the reference area: the nearest of the first loop's type around it.

    Empty before the first value.
    """
    known = np.flatnonzero(measured.known)
    if len(known) == 0:
        return np.zeros(0, np.int64)
    first = int(measured.row[known[0]])
    usable = field.allowed | np.isin(np.arange(len(field)), measured.row)
    own = np.flatnonzero((field.type == field.type[first]) & usable)
    apart = np.linalg.norm(field.xy_m[own] - field.xy_m[first], axis=1)
    return own[np.argsort(apart, kind="stable")[:AREA_PLACES]]


def due(n_loops: int, batch: int, every: int) -> tuple[int, ...]:
    """Places in a batch, after so many loops, at which the reference area is probed."""
    return tuple(i for i in range(batch) if every > 0 and (n_loops + i + 1) % every == 0)


def probe(field: Field, measured: MeasuredValues, free: NDArray[np.bool_]) -> int | None:
    """Return the fresh place of the reference area that is nearest to its middle; None if none is.

    Parameters
    ----------
    free : (N,) bool
        Places that no loop has touched.
    """
    inside = [int(row) for row in reference_area(field, measured) if free[row]]
    return inside[0] if inside else None


def _line(when: NDArray[np.float64], value: NDArray[np.float64]) -> tuple[float, float]:
    """Change of a straight line from -1 to 1, and its standard error; NaN from too few."""
    if len(when) < _LEAST_LOOPS or np.ptp(when) == 0:
        return float("nan"), float("nan")
    off = when - when.mean()
    slope = float(off @ value / (off @ off))
    residual = value - value.mean() - slope * off
    error = float(np.sqrt(residual @ residual / (len(when) - 2) / (off @ off)))
    return 2 * slope, 2 * error

"""What is known of every key point before anything is measured: codes, descriptors, type, place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Result
from corescout.data.arrays import set_readonly
from corescout.data.short_repr import short_repr
from corescout.plan import Plan
from corescout.prediction import Part, Scaling
from corescout.steering.earlier import EarlierPoint, with_earlier

# spread (in that of the values), length scale (in inputs, blocks, halves of the day), and how far
# both may be off in logs
_PARTS = {
    "types": (1.0, 1.0, 0.6, 0.2),
    "all": (0.7, 5.0, 0.8, 0.5),
}
WRITTEN_RADII = 1.5  # that loops keep from each other, in radii of what one writes
_PLACE, _ORDER = (0.3, 3.0, 0.5, 0.3), (0.15, 2.0, 0.5, 0.3)


@dataclass(frozen=True, eq=False)
class Field:
    """Inputs of N key points.

    Attributes
    ----------
    names : tuple of str
        Of the D inputs: codes (z1, ...), wall descriptors, and ``type N`` for each type.
    inputs : (N, D)
        On one scale, see `prediction.Scaling`.
    xy_m : (N, 2)
    type : (N,) int64
    allowed : (N,) bool
        Which may be measured.
    radius_m : float
        Places closer than this have been touched by one another's loops.
    block_m : float
        Side of the blocks of the cross-validation.
    """

    names: tuple[str, ...]
    inputs: NDArray[np.float64]
    xy_m: NDArray[np.float64]
    type: NDArray[np.int64]
    allowed: NDArray[np.bool_]
    radius_m: float
    block_m: float

    __repr__ = short_repr

    def __post_init__(self) -> None:
        count = len(self.xy_m)
        set_readonly(self, "inputs", (count, len(self.names)))
        set_readonly(self, "xy_m", (count, 2))
        set_readonly(self, "type", (count,), np.int64)
        set_readonly(self, "allowed", (count,), np.bool_)

    def __len__(self) -> int:
        return len(self.xy_m)

    def columns(self, kind: str) -> NDArray[np.int64]:
        """Return the inputs that are "types", "codes" or "descriptors", or "all"."""
        is_code = np.array([n.startswith("z") and n[1:].isdigit() for n in self.names], bool)
        is_type = np.array([n.startswith("type ") for n in self.names], bool)
        wanted = {"types": is_type, "codes": is_code, "descriptors": ~is_code & ~is_type,
                  "all": np.ones(len(self.names), bool)}  # fmt: skip
        return np.flatnonzero(wanted[kind])

    def at(
        self,
        rows: NDArray[np.int64],
        order: NDArray[np.float64],
        time: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """What a process looks at (n, D + 4): inputs, place in blocks, order and time of the loops.

        Order and time (n,) run from -1 to 1; the time is the order where it is not said.
        """
        place = self.xy_m[rows] / max(self.block_m, 1e-12)
        return np.column_stack([self.inputs[rows], place, order, order if time is None else time])

    @property
    def when(self) -> tuple[int, int]:
        """Columns of order and time in `at`."""
        return len(self.names) + 2, len(self.names) + 3

    def parts(self, *, place: bool = True, time: bool = False) -> tuple[Part, ...]:
        """What a property is expected to be the sum of, see `prediction.kernel`; decision 30.

        Parameters
        ----------
        place : bool
            What near places have in common beside their structure; it tells how far to believe the
            map, and nothing of whether structure predicts.
        time : bool
            Whether the time of the loops is known, and is not their order.
        """
        found = [Part(self.columns(kind), *prior) for kind, prior in _PARTS.items()]
        count = len(self.names)
        if place:
            found.append(Part(np.array([count, count + 1]), *_PLACE, shared=True))
        found += [Part(np.array([column]), *_ORDER) for column in self.when[: 1 + time]]
        return tuple(part for part in found if len(part.columns))

    def touched(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which key points (N,) lie within the radius of some."""
        from scipy.spatial import cKDTree

        if len(rows) == 0:
            return np.zeros(len(self), bool)
        apart = cKDTree(self.xy_m[rows]).query(self.xy_m)[0]
        return np.asarray(apart < self.radius_m) | np.isin(np.arange(len(self)), rows)


def field_of(
    result: Result,
    *,
    allowed: NDArray[np.bool_] | None = None,
    radius_m: float | None = None,
    written_radius_m: float | None = None,
    earlier: Sequence[EarlierPoint] = (),
) -> Field:
    """Return the field of a result.

    Parameters
    ----------
    allowed : (N,) bool, optional
        Key points inside the limits of the instrument; hidden types and the margin of the plan
        are left out in any case.
    radius_m : float, optional
        Distance of loops from each other; else 1.5 x the written radius where one was seen, else
        the distance from measured places that the plan says.
    earlier : sequence of EarlierPoint
        Places of loops of earlier scans: rows after the key points, none to be measured.

    Raises
    ------
    InputError
        If the scan has no scale.
    """
    frame = result.scan.frame
    if frame is None:
        raise InputError(
            "a scan with a scale", "one without", "give its pixel size before exploring"
        )
    targets = Plan.model_validate(result.plan).targets
    spacing_m = targets.spacing_m or targets.spacing_px * min(frame.pitch_m)
    if radius_m is None:
        apart_m = targets.avoid_m or spacing_m
        radius_m = WRITTEN_RADII * written_radius_m if written_radius_m else apart_m
    places, kind = np.asarray(result.patches.center_yx_px), np.asarray(result.types.of_point)
    margin = np.minimum(places, np.asarray(result.scan.shape_px) - 1 - places)
    inside = (margin * np.asarray(frame.pitch_m[::-1]) >= targets.margin_m).all(axis=1)
    shown = ~np.isin(kind, list(result.types.hidden))
    free = inside & shown if allowed is None else inside & shown & allowed
    free = np.concatenate([free, np.zeros(len(earlier), bool)])
    names, columns, kind = _columns(result, earlier)
    there = np.concatenate([frame.to_m(places), np.array([p.xy_m for p in earlier]).reshape(-1, 2)])
    scaling = Scaling.of(columns)
    correlation_m = _correlation_m(result)
    return Field(
        names=tuple(names[i] for i in scaling.kept),
        inputs=scaling.inputs(columns),
        xy_m=there,
        type=kind,
        allowed=free,
        radius_m=radius_m,
        block_m=max(2 * correlation_m, 2 * radius_m),
    )


def _columns(
    result: Result, earlier: Sequence[EarlierPoint]
) -> tuple[list[str], NDArray[np.float64], NDArray[np.int64]]:
    columns, kind = with_earlier(result, earlier)
    numbers = result.types.numbers
    if len(numbers) > 1:
        columns |= {f"type {n}": (kind == n).astype(float) for n in numbers}
    return list(columns), np.column_stack(list(columns.values())), kind


def _correlation_m(result: Result) -> float:
    """Correlation length of the analysed channel."""
    from corescout.rewards.context import correlation_length_px

    frame = result.scan.frame
    image = np.asarray(result.scan.channel(result.channels[0]), np.float64)
    if frame is None or not np.isfinite(image).any():
        return 0.0
    return correlation_length_px(image.astype(np.float32)) * max(frame.pitch_m)

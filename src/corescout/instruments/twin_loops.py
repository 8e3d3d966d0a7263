"""Loops of the twin whose properties depend on the place, by known formulas.

    coercive bias = V(type) + f(place) + scatter,    imprint = I(type) + 0.2 f(place)

with one of the formulas `FORMULAS` for f. Scatter is from place to place and stays there; now and
then a loop is an outlier, or fails and shows noise alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corescout.data.short_repr import short_repr
from corescout.instruments.loops import Loop
from corescout.surfaces import Surface

Formula = Literal["junction", "spacing", "hidden", "response", "none"]
_JUNCTION_V, _JUNCTION_M = 1.0, 60e-9  # at a junction, and how fast it falls off
_SPACING_V, _SPACING_M = 0.9, 250e-9  # lost where walls lie together, and where that ends
_HIDDEN_V, _HIDDEN_M = 0.45, 150e-9  # standard deviation and smoothness of what no image shows
_RESPONSE_V, _RESPONSE_M = 0.8, 60e-9  # share of up domains around: no descriptor tells it
_SCATTER_V, _OUTLIER_V = 0.05, 2.0
_JUNCTION = 3  # in `Surface.place_type`


@dataclass(frozen=True, eq=False)
class LoopField:
    """Loops over a surface.

    Attributes
    ----------
    surface : Surface
    loops : mapping of int to Loop
        Of each type; 0 where there is no wall.
    formula : str
        "junction": falls off with the distance to junctions; "spacing": grows with the spacing of
        the walls; "hidden": a smooth field that no channel shows, and half of "junction";
        "response": the balance of up and down domains, which no wall descriptor tells; "none":
        independent from place to place, whatever the structure.
    scatter_v : float
        Standard deviation from place to place.
    outliers, failures : float
        Shares of the loops.
    seed : int
    """

    surface: Surface
    loops: Mapping[int, Loop]
    formula: Formula = "junction"
    scatter_v: float = _SCATTER_V
    outliers: float = 0.03
    failures: float = 0.05
    seed: int = 0

    __repr__ = short_repr

    def __post_init__(self) -> None:
        frame = self.surface.scan.frame
        if frame is None:
            raise ValueError("LoopField.surface: expected a surface with a scale")
        rng = np.random.default_rng([self.seed, list(FORMULAS).index(self.formula)])
        offset = FORMULAS[self.formula](self.surface, min(frame.pitch_m), rng)
        object.__setattr__(self, "_offset_v", offset)
        object.__setattr__(self, "_scatter", rng.standard_normal(self.surface.scan.shape_px))

    def coercive_v(self, yx_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """The coercive bias (N,) at places (N, 2), scatter included: the truth."""
        kind = self.surface.type_at(yx_px)
        of_type = np.array([self.loops[int(k)].coercive_v for k in kind])
        y, x = self._pixel(yx_px)
        return np.maximum(of_type + self._offset_v[y, x] + self._scatter_v(yx_px), 0.1)

    def loop_at(self, yx_px: tuple[float, float], rng: np.random.Generator) -> Loop | None:
        """The loop at a place, now and then an outlier; None where it fails."""
        place = np.array([yx_px])
        kind = int(self.surface.type_at(place)[0])
        y, x = (int(v[0]) for v in self._pixel(place))
        lot = rng.uniform()
        if lot < self.failures:
            return None
        coercive_v = float(self.coercive_v(place)[0])
        if lot < self.failures + self.outliers:
            coercive_v = abs(coercive_v + float(rng.choice([-1, 1])) * _OUTLIER_V)
        loop = self.loops[kind]
        imprint_v = loop.imprint_v + 0.2 * float(self._offset_v[y, x])
        return replace(loop, coercive_v=coercive_v, imprint_v=imprint_v)

    _offset_v: NDArray[np.float64] = field(init=False)
    _scatter: NDArray[np.float64] = field(init=False)

    def _scatter_v(self, yx_px: NDArray[np.float64]) -> NDArray[np.float64]:
        y, x = self._pixel(yx_px)
        return np.asarray(self.scatter_v * self._scatter[y, x])

    def _pixel(self, yx_px: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        last = np.asarray(self.surface.scan.shape_px) - 1
        y, x = np.clip(np.rint(yx_px).astype(np.int64), 0, last).T
        return y, x


def _junction(surface: Surface, pitch_m: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """exp(-d / 60 nm) of the distance d to the nearest junction."""
    from scipy.ndimage import distance_transform_edt

    at = surface.place_type == _JUNCTION
    if not at.any():
        return np.zeros(at.shape)
    apart_m = distance_transform_edt(~at) * pitch_m
    return np.asarray(_JUNCTION_V * np.exp(-apart_m / _JUNCTION_M))


def _spacing(surface: Surface, pitch_m: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Grows with 1 / (wall per area) within 0.1 um, up to 250 nm."""
    from scipy.ndimage import gaussian_filter

    per_m = gaussian_filter(surface.wall.astype(float), 100e-9 / pitch_m) / (2 * pitch_m)
    spacing_m = 1 / np.maximum(per_m, 1 / (2 * _SPACING_M))
    return np.asarray(_SPACING_V * (np.minimum(spacing_m / _SPACING_M, 1.0) - 0.5))


def _hidden(surface: Surface, pitch_m: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Half of "junction", and a smooth random field."""
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(rng.standard_normal(surface.scan.shape_px), _HIDDEN_M / pitch_m)
    return np.asarray(_HIDDEN_V * smooth / smooth.std() + 0.5 * _junction(surface, pitch_m, rng))


def _response(surface: Surface, pitch_m: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Mean of the sample's signed response around, in standard deviations over the surface."""
    from scipy.ndimage import gaussian_filter

    around = gaussian_filter(surface.response.astype(float), _RESPONSE_M / pitch_m)
    return np.asarray(_RESPONSE_V / 2 * (around - around.mean()) / max(float(around.std()), 1e-12))


def _none(surface: Surface, pitch_m: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Nothing to do with the structure: white noise."""
    return np.asarray(0.4 * rng.standard_normal(surface.scan.shape_px))


FORMULAS: dict[str, Callable[[Surface, float, np.random.Generator], NDArray[np.float64]]] = {
    "junction": _junction,
    "spacing": _spacing,
    "hidden": _hidden,
    "response": _response,
    "none": _none,
}

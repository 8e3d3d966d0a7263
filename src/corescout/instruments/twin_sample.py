"""The sample under the digital twin's tip: it drifts and can be written on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from corescout.data import ScanFrame
from corescout.data.target import SPECTRUM_DEFAULTS
from corescout.surfaces import Surface

_REFERENCE_V = max(abs(SPECTRUM_DEFAULTS["bias_start_v"]), abs(SPECTRUM_DEFAULTS["bias_end_v"]))
_REFERENCE_S = SPECTRUM_DEFAULTS["seconds"]
_PER_DECADE = 0.15  # by which a domain grows with the time of the pulse
_NULL = 0.6  # width of the wall of a written domain, as a share of its radius


@dataclass(frozen=True)
class Pulse:
    """What a spectrum does to the sample beneath the tip.

    Attributes
    ----------
    largest_v : float
        |bias| at its most.
    seconds : float
    coercive_v : float
        Of the place: a smaller bias switches nothing.
    """

    largest_v: float
    seconds: float
    coercive_v: float

    @property
    def share(self) -> float:
        """Radius of its domain, in that of the default settings at this place.

        (V - V_c) / (5 V - V_c) (1 + 0.15 log10(t / 0.5 s)), 0 to 4: linear in the bias, logarithmic
        in the time.
        """
        above = (self.largest_v - self.coercive_v) / max(_REFERENCE_V - self.coercive_v, 0.1)
        longer = 1 + _PER_DECADE * math.log10(max(self.seconds, 1e-3) / _REFERENCE_S)
        return min(max(above * longer, 0.0), 4.0)


@dataclass
class TwinSample:
    """A surface beneath a scanner.

    Parameters
    ----------
    surface : Surface
    drift_m_per_s : tuple of float
        (x, y) of the sample beneath the scanner.
    tip_px : float
        Blur of the tip beyond what the surface was generated with, in its pixels.
    noise : float
        Of a pixel, as a share of the channel's standard deviation.
    written_radius_m : float
        Of the domain that a spectrum of the default settings leaves behind.

    Attributes
    ----------
    written_xy_m, written_m : list
        Places on the sample where spectra were made, and the radius of the domain at each; 0 where
        the pulse did not switch.
    """

    surface: Surface
    drift_m_per_s: tuple[float, float] = (0.0, 0.0)
    tip_px: float = 0.0
    noise: float = 0.02
    written_radius_m: float = 15e-9
    written_xy_m: list[tuple[float, float]] = field(default_factory=list)
    written_m: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.surface.scan.frame is None:
            raise ValueError("TwinSample.surface: expected a surface with a scale")
        self.frame: ScanFrame = self.surface.scan.frame
        left = len(self.written_xy_m) - len(self.written_m)
        self.written_m = [*self.written_m, *[self.written_radius_m] * left]

    def on_sample_m(
        self, xy_m: NDArray[np.float64], seconds: NDArray[np.float64] | float
    ) -> NDArray[np.float64]:
        """Where places (..., 2) of the scanner lie on the sample at a time."""
        passed = np.asarray(seconds, dtype=np.float64)[..., None]
        return np.asarray(xy_m - np.asarray(self.drift_m_per_s) * passed)

    def type_at(self, xy_m: tuple[float, float], seconds: float) -> int:
        """Type of the wall beneath a place of the scanner; 0 where there is none, or no surface."""
        place = self.frame.to_px(self.on_sample_m(np.asarray(xy_m), seconds))
        if not ((place >= -0.5) & (place <= np.asarray(self.frame.shape_px) - 0.5)).all():
            return 0
        return int(self.surface.type_at(place[None])[0])

    def write(self, xy_m: tuple[float, float], seconds: float, pulse: Pulse | None = None) -> None:
        """Leave a domain behind, as a spectrum does: of the default settings if not said."""
        x, y = self.on_sample_m(np.asarray(xy_m), seconds)
        self.written_xy_m.append((float(x), float(y)))
        share = 1.0 if pulse is None else pulse.share
        self.written_m.append(self.written_radius_m * share)

    def seen(
        self, frame: ScanFrame, row_seconds: Sequence[float], rng: np.random.Generator
    ) -> dict[str, NDArray[np.float32]]:
        """What a frame shows whose rows are scanned at these times."""
        from scipy.ndimage import gaussian_filter, map_coordinates

        places = frame.to_m(np.moveaxis(np.indices(frame.shape_px), 0, -1))
        on_sample = self.on_sample_m(places, np.asarray(row_seconds)[:, None])
        yx = np.moveaxis(self.frame.to_px(on_sample), -1, 0)
        sign = self._sign(on_sample)
        channels = {}
        for name, values in self.surface.scan.channels.items():
            role = self.surface.scan.roles.get(name, "")
            source = np.asarray(values, np.float64)
            if role == "phase":  # between -180 and 180 degrees lies no mean
                image = map_coordinates(source, yx, order=0, mode="nearest")
            else:
                source = gaussian_filter(source, self.tip_px)
                # linear interpolation would blur by half a pixel, and sharpen as the drift goes on
                image = map_coordinates(source, yx, order=3, mode="nearest")
            if role == "amplitude":
                image = image * np.abs(sign)
            elif role == "phase":
                image = np.where(sign < 0, np.where(image > 0, image - 180, image + 180), image)
            image = image + self.noise * values.std() * rng.standard_normal(image.shape)
            channels[name] = image.astype(np.float32)
        return channels

    def _sign(self, xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """-1 inside a written domain, +1 far from all, 0 on their walls."""
        sign = np.ones(xy_m.shape[:-1])
        for place, radius_m in zip(self.written_xy_m, self.written_m, strict=True):
            if radius_m > 0:
                distance = np.linalg.norm(xy_m - np.asarray(place), axis=-1)
                sign = sign * np.tanh((distance - radius_m) / (_NULL * radius_m))
        return sign

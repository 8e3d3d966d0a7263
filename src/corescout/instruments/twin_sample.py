"""The sample under the digital twin's tip: it drifts and can be written on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from corescout.data import ScanFrame
from corescout.surfaces import Surface

_NULL = 0.6  # width of the wall of a written domain, as a share of its radius


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
        Of the domain that a spectrum leaves behind.
    """

    surface: Surface
    drift_m_per_s: tuple[float, float] = (0.0, 0.0)
    tip_px: float = 0.0
    noise: float = 0.02
    written_radius_m: float = 15e-9
    written_xy_m: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.surface.scan.frame is None:
            raise ValueError("TwinSample.surface: expected a surface with a scale")
        self.frame: ScanFrame = self.surface.scan.frame

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

    def write(self, xy_m: tuple[float, float], seconds: float) -> None:
        """Leave a domain behind, as a spectrum does."""
        x, y = self.on_sample_m(np.asarray(xy_m), seconds)
        self.written_xy_m.append((float(x), float(y)))

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
        for place in self.written_xy_m:
            distance = np.linalg.norm(xy_m - np.asarray(place), axis=-1)
            width = _NULL * self.written_radius_m
            sign = sign * np.tanh((distance - self.written_radius_m) / width)
        return sign

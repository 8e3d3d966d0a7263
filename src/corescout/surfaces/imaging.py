"""What a microscope makes of a domain structure: amplitude, phase and topography of one scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from corescout.data import Scan, ScanFrame
from corescout.surfaces.domains import Domains

Field = NDArray[np.float64]


@dataclass(frozen=True)
class Imaging:
    """How a scan differs from the sample. The default is a clean scan.

    Attributes
    ----------
    tip_px : float
        Gaussian width of the tip.
    noise : float
        Of a pixel, in each quadrature, as a share of the response of a c domain.
    row_noise : float
        Spread of the lines' gain.
    row_offset : float
        Spread of a constant added to each line, as a share of the response of a c domain.
    gain : float
        Factor on the amplitude.
    drift_px : (float, float)
        (y, x) by which the sample has moved when the last line is scanned.
    scars : float
        Torn line segments per 100 lines.
    cross_talk : float
        Share of the topographic slope along a line, at unit spread, in the amplitude.
    saturation : float
        Share of the pixels that sit at the upper end of the range.
    phase_offset_deg : float
    background : float
        Response that does not switch, as a share of that of a c domain.
    jump_share : float
        Share of the lines where the gain jumps, for one line or for good.
    fade : float
        Share of the amplitude that is lost from the first line to the last.
    tip_change_px : float
        Blur that is added, in quadrature, from one line on.
    tip_change_at : float
        Where that line lies, as a share of the scan.
    """

    tip_px: float = 1.2
    noise: float = 0.03
    row_noise: float = 0.02
    row_offset: float = 0.0
    gain: float = 1.0
    drift_px: tuple[float, float] = (0.0, 0.0)
    scars: float = 0.0
    cross_talk: float = 0.0
    saturation: float = 0.0
    phase_offset_deg: float = 0.0
    background: float = 0.0
    jump_share: float = 0.0
    fade: float = 0.0
    tip_change_px: float = 0.0
    tip_change_at: float = 0.55

    @property
    def margin_px(self) -> int:
        """Sample beyond the frame that drift may bring into it."""
        return int(np.ceil(max(map(abs, self.drift_px))))


def drifted(values: NDArray[Any], imaging: Imaging) -> NDArray[Any]:
    """Cut the frame out of a map (H + 2m, W + 2m), m the margin, as the lines met it in turn."""
    margin = imaging.margin_px
    if margin == 0:
        return values
    height, width = values.shape[0] - 2 * margin, values.shape[1] - 2 * margin
    passed = np.linspace(0, 1, height)[:, None]
    y, x = np.indices((height, width)) + margin
    places = [y + imaging.drift_px[0] * passed, x + imaging.drift_px[1] * passed]
    return np.asarray(map_coordinates(values, places, order=0, mode="nearest"))


def measure(
    domains: Domains, imaging: Imaging, pitch_m: float, seed: int, rng: np.random.Generator
) -> Scan:
    """Blur the complex response with the tip, then add what goes wrong: a null at 180 degrees."""
    shape = (domains.response.shape[0], domains.response.shape[1])
    from corescout.surfaces.line_faults import planted_faults

    faults = planted_faults(imaging, shape[0], seed)
    seen = gaussian_filter(domains.response, imaging.tip_px)
    if faults.tip_change_row is not None:
        blunter = float(np.hypot(imaging.tip_px, imaging.tip_change_px))
        changed = slice(faults.tip_change_row, None)
        seen[changed] = gaussian_filter(domains.response, blunter)[changed]
    seen = seen + imaging.noise * rng.standard_normal(shape)
    quadrature = imaging.noise * rng.standard_normal(shape)
    gain = 1 + imaging.row_noise * rng.standard_normal((shape[0], 1))
    height = gaussian_filter(domains.height, 2.0)
    height = height + 0.1 * gaussian_filter(rng.standard_normal(shape), 2)
    seen = seen + imaging.background
    amplitude = np.hypot(seen, quadrature) * gain * faults.gain[:, None]
    phase = np.degrees(np.arctan2(quadrature, seen))
    amplitude = amplitude + _disturbance(height, imaging, rng)
    amplitude, height = _scarred(amplitude, height, imaging, rng)
    if imaging.saturation > 0:
        amplitude = np.minimum(amplitude, np.quantile(amplitude, 1 - imaging.saturation))
    if imaging.phase_offset_deg:
        phase = np.mod(phase + imaging.phase_offset_deg + 180, 360) - 180
    amplitude = 1e-10 * imaging.gain * np.maximum(amplitude, 0)
    measured = {"Topography": 1e-9 * height, "Amplitude": amplitude, "Phase": phase}
    channels = {name: values.astype(np.float32) for name, values in measured.items()}
    return Scan(
        uid=f"surface-{seed}",
        channels=channels,
        units={"Topography": "m", "Amplitude": "m", "Phase": "deg"},
        roles={"Topography": "topography", "Amplitude": "amplitude", "Phase": "phase"},
        frame=ScanFrame(shape, (pitch_m, pitch_m)),
        source="generated surface",
        metadata={"seed": seed},
    )


def _disturbance(height: Field, imaging: Imaging, rng: np.random.Generator) -> Field | float:
    """Offsets of lines, and topography that leaks in where the tip climbs."""
    added: Field | float = 0.0
    if imaging.row_offset > 0:
        added = imaging.row_offset * rng.standard_normal((len(height), 1))
    if imaging.cross_talk > 0:
        slope = np.gradient(height, axis=1)
        added = added + imaging.cross_talk * slope / max(float(slope.std()), 1e-30)
    return added


def _scarred(
    amplitude: Field, height: Field, imaging: Imaging, rng: np.random.Generator
) -> tuple[Field, Field]:
    """Let the tip jump for a part of some lines."""
    rows, width = amplitude.shape
    for _ in range(round(imaging.scars * rows / 100)):
        row, first = rng.integers(rows), rng.integers(width)
        part = slice(first, first + int(rng.uniform(0.1, 0.6) * width))
        amplitude[row, part] += rng.choice([-1, 1]) * rng.uniform(0.2, 0.5)
        height[row, part] += rng.uniform(1, 3)
    return amplitude, height

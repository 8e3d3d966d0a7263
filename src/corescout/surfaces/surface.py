"""A generated scan whose types are known: regions of one pattern each, seen through a tip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import (
    binary_erosion,
    distance_transform_edt,
    gaussian_filter,
    grey_dilation,
    grey_erosion,
)

from corescout.data import Scan, ScanFrame, readonly
from corescout.surfaces.patterns import PATTERNS

_A_AMPLITUDE = 0.35  # of a c domain: the out-of-plane response of an a domain is weak
_BORDER_PX = 3  # walls this close to another region belong to neither


@dataclass(frozen=True, eq=False)
class Surface:
    """A scan and its truth.

    Attributes
    ----------
    scan : Scan
        Channels Topography (m), Amplitude (m) and Phase (deg).
    wall_type : (H, W) uint8
        0 where there is no wall; else the type of the pattern, from 1.
    type_names : tuple of str
    """

    scan: Scan
    wall_type: NDArray[np.uint8]
    type_names: tuple[str, ...]

    def __post_init__(self) -> None:
        checked = readonly("Surface.wall_type", self.wall_type, self.scan.shape_px, np.uint8)
        object.__setattr__(self, "wall_type", checked)

    def type_at(self, yx_px: NDArray[np.float64], radius_px: float = 3.0) -> NDArray[np.int64]:
        """Type of the nearest wall pixel of each place (N, 2), 0 where none is within reach."""
        distance, nearest = distance_transform_edt(self.wall_type == 0, return_indices=True)
        y, x = np.rint(yx_px).astype(int).T
        types = self.wall_type[nearest[0][y, x], nearest[1][y, x]].astype(np.int64)
        return np.where(distance[y, x] <= radius_px, types, 0)


def generate_surface(
    shape_px: tuple[int, int] = (256, 256),
    seed: int = 0,
    patterns: tuple[str, ...] = ("stripes", "needles", "walls"),
    pitch_m: float = 8e-9,
    *,
    tip_px: float = 1.2,
    noise: float = 0.03,
    row_noise: float = 0.02,
) -> Surface:
    """Generate a scan of regions, each with one pattern at a direction of its own.

    Parameters
    ----------
    shape_px : tuple of int
        (H, W).
    patterns : tuple of str
        Names among `PATTERNS`; their order numbers the types.
    pitch_m : float
    tip_px : float
        Gaussian width of the tip.
    noise, row_noise : float
        Of a pixel and of a line, as a share of the amplitude of a c domain.
    """
    rng = np.random.default_rng(seed)
    region, pattern_of = _regions(shape_px, len(patterns), rng)
    a_share, sign, kind = np.zeros(shape_px), np.ones(shape_px), np.zeros(shape_px, np.uint8)
    y, x = np.indices(shape_px, dtype=float)
    for r, p in enumerate(pattern_of):
        angle = rng.uniform(0, np.pi)
        along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        fields = PATTERNS[patterns[p]](along, across, rng)
        inside = region == r
        a_share[inside], sign[inside] = fields[0][inside], fields[1][inside]
        kind[inside] = p + 1
    response = np.where(a_share > 0.5, _A_AMPLITUDE, 1.0) * sign
    wall = grey_dilation(response, 3) - grey_erosion(response, 3) > 0.1
    interior = np.zeros(shape_px, bool)
    for r in range(len(pattern_of)):
        interior |= binary_erosion(region == r, iterations=_BORDER_PX, border_value=1)
    wall_type = np.where(wall & interior, kind, 0).astype(np.uint8)
    return Surface(
        _measure(response, a_share, pitch_m, tip_px, noise, row_noise, seed, rng),
        wall_type,
        patterns,
    )


def _regions(
    shape_px: tuple[int, int], n_patterns: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], list[int]]:
    """Voronoi regions with wavy borders, the patterns dealt out evenly."""
    n_regions = max(2 * n_patterns, round(shape_px[0] * shape_px[1] / 100**2))
    centres = _apart(n_regions, shape_px, rng)
    waves = [gaussian_filter(rng.standard_normal(shape_px), 12) for _ in range(2)]
    y, x = (np.indices(shape_px)[i] + 8 * w / w.std() for i, w in enumerate(waves))
    distance = [(y - cy) ** 2 + (x - cx) ** 2 for cy, cx in centres]
    return np.argmin(distance, axis=0), [i % n_patterns for i in range(n_regions)]


def _apart(count: int, shape_px: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    """Random places (count, 2) away from each other: of 30 draws the farthest is taken."""
    places = rng.uniform(0, 1, (1, 2)) * shape_px
    while len(places) < count:
        drawn = rng.uniform(0, 1, (30, 2)) * shape_px
        distance = np.linalg.norm(drawn[:, None] - places[None], axis=2).min(axis=1)
        places = np.vstack([places, drawn[distance.argmax()]])
    return places


def _measure(
    response: NDArray[np.float64],
    a_share: NDArray[np.float64],
    pitch_m: float,
    tip_px: float,
    noise: float,
    row_noise: float,
    seed: int,
    rng: np.random.Generator,
) -> Scan:
    """Blur the complex response with the tip, then add noise: a null at a 180-degree wall."""
    shape = (response.shape[0], response.shape[1])
    seen = gaussian_filter(response, tip_px)
    seen = seen + noise * rng.standard_normal(shape)
    quadrature = noise * rng.standard_normal(shape)
    gain = 1 + row_noise * rng.standard_normal((shape[0], 1))
    amplitude = np.hypot(seen, quadrature) * gain
    phase = np.degrees(np.arctan2(quadrature, seen))
    height = gaussian_filter(a_share, 2.0) + 0.1 * gaussian_filter(rng.standard_normal(shape), 2)
    return Scan(
        uid=f"surface-{seed}",
        channels={"Topography": 1e-9 * height, "Amplitude": 1e-10 * amplitude, "Phase": phase},
        units={"Topography": "m", "Amplitude": "m", "Phase": "deg"},
        roles={"Topography": "topography", "Amplitude": "amplitude", "Phase": "phase"},
        frame=ScanFrame(shape, (pitch_m, pitch_m)),
        source="generated surface",
        metadata={"seed": seed},
    )

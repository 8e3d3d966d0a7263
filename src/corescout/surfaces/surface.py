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
from scipy.spatial import cKDTree

from corescout.data import Scan, readonly
from corescout.data.short_repr import short_repr
from corescout.surfaces.domains import Domains
from corescout.surfaces.imaging import Imaging, drifted, measure
from corescout.surfaces.patterns import PATTERNS
from corescout.surfaces.places import PLACES, places_of

_BORDER_PX = 3  # walls this close to another region belong to neither


@dataclass(frozen=True, eq=False)
class Surface:
    """A scan and its truth, at two levels: the type of the pattern, and the place on it.

    Attributes
    ----------
    scan : Scan
        Channels Topography (m), Amplitude (m) and Phase (deg).
    wall_type : (H, W) uint8
        0 where there is no wall; else the type of the pattern, from 1.
    type_names : tuple of str
    place_type : (H, W) uint8
        0 where `wall_type` is 0; else 1 on an edge, 2 at a tip, 3 at a junction (`PLACES`).
    wall : (H, W) bool
        Every wall, those between two regions among them: they are of no type.
    response : (H, W) float32
        Signed response of the sample before the tip has seen it.
    """

    scan: Scan
    wall_type: NDArray[np.uint8]
    type_names: tuple[str, ...]
    place_type: NDArray[np.uint8]
    wall: NDArray[np.bool_]
    response: NDArray[np.float32]

    __repr__ = short_repr

    def __post_init__(self) -> None:
        shape = self.scan.shape_px
        maps = {"wall_type": np.uint8, "place_type": np.uint8, "wall": bool, "response": np.float32}
        for name, dtype in maps.items():
            checked = readonly(f"Surface.{name}", getattr(self, name), shape, dtype)
            object.__setattr__(self, name, checked)

    @property
    def detailed_names(self) -> tuple[str, ...]:
        """Name of each type and place, such as "needles tip", in the order of `detailed_at`."""
        return tuple(f"{name} {place}" for name in self.type_names for place in PLACES)

    def type_at(self, yx_px: NDArray[np.float64], radius_px: float = 3.0) -> NDArray[np.int64]:
        """Type of the nearest wall pixel of each place (N, 2), 0 where none is within reach."""
        return self._nearest(self.wall_type, yx_px, radius_px)

    def place_at(self, yx_px: NDArray[np.float64], radius_px: float = 3.0) -> NDArray[np.int64]:
        """Place on the pattern, numbered as `PLACES` from 1, likewise."""
        return self._nearest(self.place_type, yx_px, radius_px)

    def detailed_at(self, yx_px: NDArray[np.float64], radius_px: float = 3.0) -> NDArray[np.int64]:
        """Type and place in one number from 1, as in `detailed_names`; 0 where none is near."""
        types, places = self.type_at(yx_px, radius_px), self.place_at(yx_px, radius_px)
        return np.where(types > 0, len(PLACES) * (types - 1) + places, 0)

    def _nearest(
        self, labels: NDArray[np.uint8], yx_px: NDArray[np.float64], radius_px: float
    ) -> NDArray[np.int64]:
        if not self.wall_type.any():
            return np.zeros(len(yx_px), np.int64)
        distance, nearest = distance_transform_edt(self.wall_type == 0, return_indices=True)
        y, x = np.rint(yx_px).astype(int).T
        found = labels[nearest[0][y, x], nearest[1][y, x]].astype(np.int64)
        return np.where(distance[y, x] <= radius_px, found, 0)


def generate_surface(
    shape_px: tuple[int, int] = (256, 256),
    seed: int = 0,
    patterns: tuple[str, ...] = ("stripes", "needles", "walls"),
    pitch_m: float = 8e-9,
    *,
    tip_px: float = 1.2,
    noise: float = 0.03,
    row_noise: float = 0.02,
    imaging: Imaging | None = None,
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
    imaging : Imaging, optional
        All of the microscope's properties, instead of these three.
    """
    if imaging is None:
        imaging = Imaging(tip_px=tip_px, noise=noise, row_noise=row_noise)
    rng = np.random.default_rng(seed)
    canvas = with_margin(shape_px, imaging)
    region, pattern_of = _regions(canvas, len(patterns), rng)
    response, height, kind = np.ones(canvas), np.zeros(canvas), np.zeros(canvas, np.uint8)
    y, x = np.indices(canvas, dtype=float)
    for r, p in enumerate(pattern_of):
        angle = rng.uniform(0, np.pi)
        along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        domains = PATTERNS[patterns[p]](along, across, rng)
        inside = region == r
        response[inside], height[inside] = domains.response[inside], domains.height[inside]
        kind[inside] = p + 1
    return seen_surface(
        Domains(response, height), region, kind, patterns, imaging, pitch_m, seed, rng
    )


def with_margin(shape_px: tuple[int, int], imaging: Imaging) -> tuple[int, int]:
    """Shape of the sample that a frame may see while it drifts."""
    return shape_px[0] + 2 * imaging.margin_px, shape_px[1] + 2 * imaging.margin_px


def seen_surface(
    domains: Domains,
    region: NDArray[np.int64],
    kind: NDArray[np.uint8],
    type_names: tuple[str, ...],
    imaging: Imaging,
    pitch_m: float,
    seed: int,
    rng: np.random.Generator,
) -> Surface:
    """Scan a sample and note the truth.

    Parameters
    ----------
    domains : Domains
        (H + 2m, W + 2m) with the margin m of the imaging.
    region : (H + 2m, W + 2m)
        Number of the region, each of one type.
    kind : (H + 2m, W + 2m)
        Type from 1; 0 where the sample has none.
    """
    domains = Domains(drifted(domains.response, imaging), drifted(domains.height, imaging))
    region, kind = drifted(region, imaging), drifted(kind, imaging)
    wall = np.zeros(region.shape, bool)
    if kind.any():
        wall = grey_dilation(domains.response, 3) - grey_erosion(domains.response, 3) > 0.1
    interior = np.zeros(region.shape, bool)
    for r in np.unique(region):
        interior |= binary_erosion(region == r, iterations=_BORDER_PX, border_value=1)
    typed = wall & interior & (kind > 0)
    return Surface(
        scan=measure(domains, imaging, pitch_m, seed, rng),
        wall_type=np.where(typed, kind, 0).astype(np.uint8),
        type_names=type_names,
        place_type=places_of(domains.response, typed) if typed.any() else np.zeros_like(kind),
        wall=wall,
        response=domains.response.astype(np.float32),
    )


def _regions(
    shape_px: tuple[int, int], n_patterns: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], list[int]]:
    """Voronoi regions with wavy borders, the patterns dealt out evenly."""
    n_regions = max(2 * n_patterns, round(shape_px[0] * shape_px[1] / 100**2))
    centres = _apart(n_regions, shape_px, rng)
    waves = [gaussian_filter(rng.standard_normal(shape_px), 12) for _ in range(2)]
    y, x = (np.indices(shape_px)[i] + 8 * w / w.std() for i, w in enumerate(waves))
    _, region = cKDTree(centres).query(np.stack([y, x], axis=-1))
    return region, [i % n_patterns for i in range(n_regions)]


def _apart(count: int, shape_px: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    """Random places (count, 2) away from each other: of 30 draws the farthest is taken."""
    places = rng.uniform(0, 1, (1, 2)) * shape_px
    while len(places) < count:
        drawn = rng.uniform(0, 1, (30, 2)) * shape_px
        distance = np.linalg.norm(drawn[:, None] - places[None], axis=2).min(axis=1)
        places = np.vstack([places, drawn[distance.argmax()]])
    return places

"""`bench keypoints`: each detector's key points against the planted walls of both families.

Precision: share of the key points at the plan's spacing that lie within 2 px of a planted wall.
Recall: share of the planted wall pixels within 2 px of the detector's line, its pixels before any
spacing; the grid keeps its spacing, as it has no lines. One across: share of the places on
180-degree walls where a cut across the wall meets exactly one line. Then the same with faults of
lines planted, and lines of 1 to 4 px (`keypoint_faults`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import (
    binary_dilation,
    distance_transform_edt,
    gaussian_filter,
    grey_dilation,
    grey_erosion,
)
from scipy.spatial import cKDTree

from benchmarks.outcome import Bar, BenchReport, surfaces_wanted
from benchmarks.truth.keypoint_faults import SHARES, fault_values, line_values
from corescout.keypoints import find_wall_lines
from corescout.lines import analysed_channel
from corescout.plan import KeypointPlan, Plan
from corescout.preparation import KeypointFinder
from corescout.surfaces import Imaging, Surface, generate_family
from corescout.vocabulary import Detector

DETECTORS: tuple[Detector, ...] = ("canny", "sato", "grid", "orb", "sift")
N_SURFACES, QUICK_SURFACES = 12, 2
N_LINES, QUICK_LINES = 12, 4
REACH_PX = 2.0
FRAME_PX = 4  # walls this close to the edge of the scan do not count
_CUT_PX = np.arange(-4, 4.25, 0.5)


@dataclass
class Score:
    """Counts over surfaces; the ratios are what is reported."""

    found: dict[str, int] = field(default_factory=dict)
    walls: dict[str, int] = field(default_factory=dict)
    true: dict[str, int] = field(default_factory=dict)
    points: dict[str, int] = field(default_factory=dict)
    single: int = 0
    cuts: int = 0

    @property
    def recall(self) -> float:
        """Over all typed walls."""
        return sum(self.found.values()) / max(1, sum(self.walls.values()))

    @property
    def precision(self) -> float:
        """Over all key points."""
        return sum(self.true.values()) / max(1, sum(self.points.values()))

    @property
    def one_across(self) -> float:
        """Share of cuts across 180-degree walls that meet one line."""
        return self.single / max(1, self.cuts)

    def add(self, surface: Surface, detector: Detector) -> None:
        """Detect on a surface and count."""
        points = detected(surface, KeypointPlan(detector=detector))
        lines = points if detector == "grid" else lines_of(surface, detector)
        self._add_recall(surface, lines)
        self._add_precision(surface, points)
        if detector != "grid":
            single, cuts = cuts_across_nulls(surface, lines)
            self.single, self.cuts = self.single + single, self.cuts + cuts

    def _add_recall(self, surface: Surface, lines: NDArray[np.float64]) -> None:
        inner = _inside(surface)
        for number, name in enumerate(surface.type_names, start=1):
            walls = np.argwhere((surface.wall_type == number) & inner)
            near = _distance(walls, lines) <= REACH_PX
            self.walls[name] = self.walls.get(name, 0) + len(walls)
            self.found[name] = self.found.get(name, 0) + int(near.sum())

    def _add_precision(self, surface: Surface, points: NDArray[np.float64]) -> None:
        nearest = distance_transform_edt(~surface.wall, return_distances=False, return_indices=True)
        y, x = np.rint(points).astype(int).T
        true = _distance(points, np.argwhere(surface.wall)) <= REACH_PX
        owner = surface.wall_type[nearest[0][y, x], nearest[1][y, x]]
        for number, name in enumerate(("border", *surface.type_names)):
            mine = owner == number
            self.points[name] = self.points.get(name, 0) + int(mine.sum())
            self.true[name] = self.true.get(name, 0) + int((mine & true).sum())


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Score every detector on clean surfaces of one family and on poor scans of the other."""
    seeds = range(surfaces_wanted(N_SURFACES, QUICK_SURFACES, is_quick=quick))
    values: dict[str, float | str] = {}
    for family, imaging in (("voronoi", Imaging()), ("level_set", None)):
        surfaces = [generate_family(family, seed, imaging=imaging) for seed in seeds]
        for detector in DETECTORS:
            score = score_of(surfaces, detector)
            key = f"{family}_{detector}"
            values[f"{key}_recall"] = round(score.recall, 3)
            values[f"{key}_precision"] = round(score.precision, 3)
            if score.cuts:
                values[f"{key}_one_across"] = round(score.one_across, 3)
            for name in sorted(score.walls):
                recall = score.found[name] / max(1, score.walls[name])
                precision = score.true[name] / max(1, score.points[name])
                values[f"{key}_{name}"] = f"recall {recall:.3f}, precision {precision:.3f}"
    values |= fault_values(len(seeds))
    values |= line_values(surfaces_wanted(N_LINES, QUICK_LINES, is_quick=quick))
    default = KeypointPlan().detector
    bars = tuple(
        Bar(f"voronoi_{default}_{figure}", ">=", 0.9)
        for figure in ("recall", "precision", "one_across")
    )
    bars += _fault_bars() + _line_bars()
    note = f"{len(seeds)} surfaces of 256 x 256 px of each family; within {REACH_PX:g} px"
    return BenchReport("keypoints", values, bars, (note,))


def _fault_bars() -> tuple[Bar, ...]:
    bars: list[Bar] = []
    for family in ("voronoi", "level_set"):
        bars.append(Bar(f"{family}_clean_doubted", "<=", 0.05))
        for share in SHARES:
            key = f"{family}_jumps_{share:.0%}"
            bars += [Bar(f"{key}_false", "<=", 0.03), Bar(f"{key}_masked_per_planted", "<=", 1.5)]
            if share <= 0.15:
                bars += [Bar(f"{key}_recall_lost", "<=", 0.05)]
                bars += [Bar(f"{key}_recall_fast_lost", "<=", 0.05)]
    return tuple(bars)


def _line_bars() -> tuple[Bar, ...]:
    bars: list[Bar] = []
    for width in (1, 2, 3, 4):
        key = f"line_{width}px"
        bars += [Bar(f"{key}_off_px", "<=", 0.7), Bar(f"{key}_recall", ">=", 0.9)]
        bars += [Bar(f"{key}_spurious", "<=", 0.05)]
    return tuple(bars)


def score_of(surfaces: list[Surface], detector: Detector) -> Score:
    """Score one detector on surfaces."""
    score = Score()
    for surface in surfaces:
        score.add(surface, detector)
    return score


def detected(surface: Surface, plan: KeypointPlan) -> NDArray[np.float64]:
    """Places (N, 2) that an exploration would find with a small window."""
    whole = Plan(windows_px=(3,), keypoints=plan.model_copy(update={"margin_px": float(FRAME_PX)}))
    return np.asarray(KeypointFinder(surface.scan).find(whole, least=0).yx_px)


def lines_of(surface: Surface, detector: Detector) -> NDArray[np.float64]:
    """Pixels (P, 2) of a wall detector's lines; of another one, its places 1 px apart."""
    plan = KeypointPlan(detector=detector, spacing_px=1.0)
    scan = surface.scan
    sought = analysed_channel(scan, scan.default_channel, Plan().cleaning).sought
    lines = find_wall_lines(sought, plan)
    return detected(surface, plan) if lines is None else lines


def cuts_across_nulls(surface: Surface, lines: NDArray[np.float64]) -> tuple[int, int]:
    """Return how many cuts across 180-degree walls meet one line, and how many there are.

    Only where the cut meets one planted wall.
    """
    response = np.asarray(surface.response, np.float64)
    null = (grey_dilation(response, 3) > 0) & (grey_erosion(response, 3) < 0)
    yx = np.argwhere(null & (surface.wall_type > 0) & _inside(surface, 10)).astype(float)
    if len(yx) == 0:
        return 0, 0
    normal = np.stack(np.gradient(gaussian_filter(response, 2.0)), axis=-1)
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-12)
    across = normal[tuple(yx.astype(int).T)]
    cut = np.rint(yx[:, None] + _CUT_PX[None, :, None] * across[:, None]).astype(int)
    mask = np.zeros(response.shape, bool)
    mask[tuple(np.rint(lines).astype(int).T)] = True
    alone = _runs(surface.wall[cut[..., 0], cut[..., 1]]) == 1
    met = _runs(binary_dilation(mask)[cut[..., 0], cut[..., 1]])
    return int(((met == 1) & alone).sum()), int(alone.sum())


def _runs(along: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number of runs of True in each row."""
    padded = np.pad(along, ((0, 0), (1, 0)))
    return np.asarray((padded[:, 1:] & ~padded[:, :-1]).sum(axis=1))


def _inside(surface: Surface, frame_px: int = FRAME_PX + 2) -> NDArray[np.bool_]:
    inner = np.zeros(surface.scan.shape_px, bool)
    inner[frame_px:-frame_px, frame_px:-frame_px] = True
    return inner


def _distance(places: NDArray[np.generic], others: NDArray[np.generic]) -> NDArray[np.float64]:
    if len(others) == 0 or len(places) == 0:
        return np.full(len(places), np.inf)
    return np.asarray(cKDTree(others).query(places)[0])

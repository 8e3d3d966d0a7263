"""What faults of lines do to key points, and how well lines are marked; part of `bench keypoints`.

False: points within a line of a planted jump and more than 2 px from every planted wall. Masked:
lines masked for each planted one. Recall: over all walls, those between regions too, and of it over
walls along the fast axis. Dark lines: parallel ones of 1 to 4 px.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter

from benchmarks.outcome import Value
from corescout.keypoints import find_keypoints
from corescout.plan import KeypointPlan, Plan
from corescout.preparation import KeypointFinder, prepare
from corescout.surfaces import Imaging, Surface, generate_family
from corescout.surfaces.line_faults import planted_faults

SHARES = (0.05, 0.15, 0.40)
FAULTY = Imaging(fade=0.3, tip_change_px=0.8)
_REACH_PX, _FRAME_PX = 2.0, 6
_FINE = 4
_ALONG_FAST = np.tan(np.radians(65))


def fault_values(n_surfaces: int) -> dict[str, Value]:
    """Score clean scans, then scans with jumps on more and more of their lines."""
    values: dict[str, Value] = {}
    for family in ("voronoi", "level_set"):
        surfaces = [generate_family(family, s, imaging=Imaging()) for s in range(n_surfaces)]
        clean = np.mean([_recalls(s) for s in surfaces], axis=0)
        values |= {f"{family}_clean_recall": clean[0], f"{family}_clean_recall_fast": clean[1]}
        doubted = [_doubted(s) for s in surfaces]
        values[f"{family}_clean_doubted"] = float(np.mean(doubted))
        for share in SHARES:
            imaging = replace(FAULTY, jump_share=share)
            rows = []
            for seed in range(n_surfaces):
                surface = generate_family(family, seed, imaging=imaging)
                rows.append((*_recalls(surface), *_false_and_masked(surface, imaging, seed)))
            recall, fast, false, masked = np.mean(rows, axis=0)
            key = f"{family}_jumps_{share:.0%}"
            values |= {
                f"{key}_false": false, f"{key}_masked_per_planted": masked,
                f"{key}_recall_lost": clean[0] - recall,
                f"{key}_recall_fast_lost": clean[1] - fast,
            }  # fmt: skip
    return {name: round(float(value), 3) for name, value in values.items()}


def _doubted(surface: Surface) -> bool:
    """Whether a clean scan gets a doubt about its lines, its fading or its tip."""
    notes = prepare(surface.scan, Plan(windows_px=(9,))).notes
    return any(n.startswith(("line jumps", "lost lines", "fading", "tip change")) for n in notes)


def _recalls(surface: Surface) -> tuple[float, float]:
    points = _points(surface, 1.0)
    mark = np.ones(surface.wall.shape, bool)
    mark[tuple(np.rint(points).astype(int).T)] = False
    found = distance_transform_edt(mark) <= _REACH_PX
    wall = surface.wall.copy()
    wall[:_FRAME_PX] = wall[-_FRAME_PX:] = wall[:, :_FRAME_PX] = wall[:, -_FRAME_PX:] = False
    down, right = np.gradient(gaussian_filter(np.asarray(surface.response, float), 2.0))
    fast = wall & (np.abs(down) > _ALONG_FAST * np.abs(right))
    return float(found[wall].mean()), float(found[fast].mean()) if fast.any() else 1.0


def _false_and_masked(surface: Surface, imaging: Imaging, seed: int) -> tuple[float, float]:
    planted = planted_faults(imaging, len(surface.wall), seed).jump
    points = _points(surface, 5.0)
    y, x = np.rint(points).astype(int).T
    off = distance_transform_edt(~surface.wall)[y, x] > _REACH_PX
    near = np.abs(points[:, :1] - np.flatnonzero(planted)[None]).min(axis=1) <= 1
    masked = prepare(surface.scan, Plan(windows_px=(9,))).line_faults.masked.sum()
    return float(np.mean(off & near)), float(masked / planted.sum())


def _points(surface: Surface, spacing_px: float) -> NDArray[np.float64]:
    keypoints = KeypointPlan(spacing_px=spacing_px, margin_px=float(_FRAME_PX - 2))
    plan = Plan(windows_px=(3,), keypoints=keypoints)
    return np.asarray(KeypointFinder(surface.scan).find(plan, least=0).yx_px)


def line_values(n_seeds: int) -> dict[str, Value]:
    """Score dark and bright lines of 1 to 4 px: place, recall, spurious points, kind."""
    values: dict[str, Value] = {}
    for width in (1, 2, 3, 4):
        rows = [_line_scores(width, seed) for seed in range(n_seeds)]
        names = ("off_px", "recall", "spurious", "of_the_kind")
        values |= {
            f"line_{width}px_{name}": round(float(v), 3)
            for name, v in zip(names, np.mean(rows, axis=0), strict=True)
        }
    return values


def _line_scores(width_px: float, seed: int, side_px: int = 256) -> tuple[float, ...]:
    rng = np.random.default_rng([seed, 5])
    angle, tip, apart = rng.uniform(0, np.pi), rng.uniform(0.8, 1.4), rng.uniform(16, 28)
    bright = seed % 2 == 1
    y, x = (np.indices((side_px * _FINE,) * 2) - (_FINE - 1) / 2) / _FINE
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    off = np.abs(np.mod(across + 4 * np.sin(along / 30), apart) - apart / 2)
    seen = gaussian_filter(np.where(off < width_px / 2, 0.2, 1.0), tip * _FINE)
    blocks = (side_px, _FINE, side_px, _FINE)
    seen, off = seen.reshape(blocks).mean((1, 3)), off.reshape(blocks).min((1, 3))
    image = (1.2 - seen if bright else seen) + 0.03 * rng.standard_normal(seen.shape)
    found = find_keypoints(image, KeypointPlan(), _FRAME_PX)
    rows, columns = np.rint(found.yx_px).astype(int).T
    every = find_keypoints(image, KeypointPlan(spacing_px=1.0), _FRAME_PX).yx_px
    mark = np.ones(image.shape, bool)
    mark[tuple(np.rint(every).astype(int).T)] = False
    centre = off < 0.3
    centre[:10] = centre[-10:] = centre[:, :10] = centre[:, -10:] = False
    kind = "bright line" if bright else "dark line"
    profiles = found.profiles
    named = 0.0 if profiles is None else profiles.kind_names.count(kind) / max(1, len(found))
    return (
        float(np.median(off[rows, columns])),
        float(np.mean(distance_transform_edt(mark)[centre] <= 1.5)),
        float(np.mean(off[rows, columns] > 2)),
        named,
    )

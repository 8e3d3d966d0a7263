"""Do types keep number, name and colour over a day? Its run folders, scan against scan before.

Points of two scans that lie at one place of the sample are paired. A type is renumbered where the
assignment that shares the most points gives it another number than it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import Value
from corescout.colors import type_color
from corescout.data.pairs import pairs_at_one_place

if TYPE_CHECKING:
    from corescout.data import Result

SAME_PLACE_M = 10e-9
FEWEST_POINTS = 20  # of a type in a pair of scans, for its number to be judged


def kept_types(
    folder: Path, at_s: Mapping[str, float], drift_m_per_s: tuple[float, float]
) -> dict[str, Value]:
    """Compare each analysed scan of a day with the one before.

    Parameters
    ----------
    folder : Path
        Of the run folders.
    at_s : mapping of str to float
        When each scan began, by uid.
    drift_m_per_s : tuple of float
        Of the sample.
    """
    from corescout.runs import read_run

    before: tuple[NDArray[np.float64], NDArray[np.int64]] | None = None
    looks: dict[int, tuple[str, str]] = {}
    renumbered = renamed = judged = 0
    agreements = []
    for path in sorted(folder.iterdir()):
        result = read_run(path)
        for number in result.types.numbers:
            look = (result.types.looks[number].name, type_color(number, result.types.colors))
            renamed += looks.setdefault(number, look) != look
        if result.scan.uid not in at_s:
            continue
        seconds = at_s[result.scan.uid]
        now = _on_sample(result, np.asarray(drift_m_per_s) * seconds), np.asarray(_types(result))
        if before is not None:
            old, new = paired(*before, *now)
            if len(old):
                agreements.append(float(np.mean(old == new)))
                wrong, count = renumbered_of(old, new)
                renumbered, judged = renumbered + wrong, judged + count
        before = now
    return {
        "types": len(looks),
        "types_judged": judged,
        "types_renumbered": renumbered,
        "types_renamed": renamed,
        "points_of_the_same_type": round(float(np.median(agreements)), 3) if agreements else 0.0,
    }


def paired(
    old_m: NDArray[np.float64],
    old: NDArray[np.int64],
    new_m: NDArray[np.float64],
    new: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the types (n,), (n,) of points of two scans that lie at one place."""
    rows = pairs_at_one_place(old_m, new_m, SAME_PLACE_M)
    return old[rows[:, 0]], new[rows[:, 1]]


def renumbered_of(old: NDArray[np.int64], new: NDArray[np.int64]) -> tuple[int, int]:
    """Count types that the best assignment gives another number: (of them, of those judged)."""
    from scipy.optimize import linear_sum_assignment

    numbers = np.unique(np.concatenate([old, new]))
    shared = np.array([[np.sum((old == a) & (new == b)) for b in numbers] for a in numbers])
    either = shared.sum(axis=1)[:, None] + shared.sum(axis=0)[None, :] - shared
    rows, columns = linear_sum_assignment(shared / np.maximum(either, 1), maximize=True)
    many = np.minimum(shared.sum(axis=0), shared.sum(axis=1)) >= FEWEST_POINTS
    return int(np.sum((rows != columns) & many[rows])), int(many.sum())


def _on_sample(result: Result, drift_m: NDArray[np.float64]) -> NDArray[np.float64]:
    frame = result.scan.frame
    if frame is None:
        return np.full((len(result.patches.center_yx_px), 2), np.inf)
    return np.asarray(frame.to_m(np.asarray(result.patches.center_yx_px))) - drift_m


def _types(result: Result) -> NDArray[np.int64]:
    return np.asarray(result.types.of_point)

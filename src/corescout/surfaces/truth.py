"""How well the types that were found agree with those of a generated surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import Result
from corescout.surfaces.surface import Surface


@dataclass(frozen=True)
class Agreement:
    """Core points against the truth.

    Attributes
    ----------
    purity : float
        Share of the core points that are of the majority type of their component.
    random_purity : float
        The same with the truth shuffled among the core points, mean over 200 shuffles.
    coverage : float
        Share of the common types (at least 10 % of the points) that are the majority of some
        component.
    random_coverage : float
    n_types : int
        Found.
    """

    purity: float
    random_purity: float
    coverage: float
    random_coverage: float
    n_types: int

    def __str__(self) -> str:
        return (
            f"{self.purity:.0%} of the core points are of their component's majority type"
            f" ({self.random_purity:.0%} by chance); {self.coverage:.0%} of the common types are"
            f" the majority of a component ({self.random_coverage:.0%} by chance)"
        )


def compare(surface: Surface, result: Result) -> Agreement:
    """Compare the core points of a result with the truth; places without a wall do not count."""
    truth = surface.type_at(np.asarray(result.patches.center_yx_px))
    core = result.core_points
    labels, found = truth[core.index], np.asarray(core.type)
    on_wall = labels > 0
    labels, found = labels[on_wall], found[on_wall]
    shares = np.bincount(truth[truth > 0]) / max(1, int((truth > 0).sum()))
    common = np.flatnonzero(shares >= 0.1)
    rng = np.random.default_rng(0)
    shuffled = [_purity_and_coverage(rng.permutation(labels), found, common) for _ in range(200)]
    purity, coverage = _purity_and_coverage(labels, found, common)
    by_chance = np.mean(shuffled, axis=0)
    return Agreement(purity, float(by_chance[0]), coverage, float(by_chance[1]), result.n_types)


def _purity_and_coverage(
    truth: NDArray[np.int64], found: NDArray[np.int64], common: NDArray[np.int64]
) -> tuple[float, float]:
    if len(truth) == 0:
        return float("nan"), float("nan")
    table = np.zeros((int(found.max()) + 1, int(truth.max()) + 1))
    np.add.at(table, (found, truth), 1)
    occupied = table[table.sum(axis=1) > 0]
    majorities = set(occupied.argmax(axis=1).tolist())
    covered = [int(c) in majorities for c in common]
    return float(occupied.max(axis=1).sum() / len(truth)), float(np.mean(covered))

"""Faults of a scan's lines that are planted, and where: jumps, single lines, fading."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.surfaces.imaging import Imaging

_SMALLEST, _LARGEST = 0.15, 0.6  # log of the gain of a jump
_STAY = 0.5  # share of the jumps whose gain stays until the next
_STRAY = 0.8  # farthest that the gain of jumps that stay wanders, as a log


@dataclass(frozen=True, eq=False)
class PlantedFaults:
    """What is done to the lines.

    Attributes
    ----------
    gain : (H,)
        Factor on the amplitude of each line.
    jump : (H,) bool
        Lines where the gain jumps, and stays or comes back with the next line.
    tip_change_row : int or None
        The first line of the other tip.
    """

    gain: NDArray[np.float64]
    jump: NDArray[np.bool_]
    tip_change_row: int | None


def planted_faults(imaging: Imaging, n_lines: int, seed: int) -> PlantedFaults:
    """Draw the faults of a scan's lines; the same for the same imaging and seed."""
    rng = np.random.default_rng([seed, 11])
    jump = np.zeros(n_lines, bool)
    count = round(imaging.jump_share * n_lines)
    jump[rng.permutation(np.arange(1, n_lines - 1))[:count]] = True
    log_gain, level = np.zeros(n_lines), 0.0
    for row in range(n_lines):
        if not jump[row]:
            log_gain[row] = level
            continue
        size = rng.uniform(_SMALLEST, _LARGEST) * rng.choice([-1, 1])
        if rng.uniform() < _STAY:
            size = -size if abs(level + size) > _STRAY else size
            level += size
            log_gain[row] = level
        else:
            log_gain[row] = level + size
    passed = np.linspace(0, 1, n_lines)
    gain = np.exp(log_gain) * (1 - imaging.fade * passed)
    changed = None if imaging.tip_change_px == 0 else round(imaging.tip_change_at * n_lines)
    return PlantedFaults(gain, jump, changed)

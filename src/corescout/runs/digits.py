"""How many digits a table for people writes: as many as its quantity carries."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

PLACE_PX = 4  # decimals of a place in pixels
_PLACE_M = 12  # of one in metres: 0.001 nm
_SIGNIFICANT = 6  # digits of what was computed, such as a probability


def place_decimals(pitch_m: float | None) -> int:
    """Decimals of a place in metres: 0.001 nm, on a finer scan 1e-4 of its pitch.

    Parameters
    ----------
    pitch_m : float or None
        The smaller one of the scan that the place lies on.
    """
    if not pitch_m:
        return _PLACE_M + 1
    return max(_PLACE_M, PLACE_PX + math.ceil(-math.log10(pitch_m)))


def rounded(
    name: str, column: NDArray[np.generic] | list[str], pitch_m: float | None
) -> list[object]:
    """Return the values (N,) of a column of a table as it writes them.

    Codes (z1, c1, ...) and what is kept in single precision have every digit of that.
    """
    if isinstance(column, list) or column.dtype.kind != "f":
        return list(column) if isinstance(column, list) else column.tolist()
    code = name[:1] in ("z", "c") and name[1:].isdigit()
    if code or column.dtype == np.float32:
        return [float(str(value)) for value in column.astype(np.float32)]
    if name in ("y_px", "x_px"):
        return [round(value, PLACE_PX) for value in column.tolist()]
    if name in ("x_m", "y_m"):
        return [round(value, place_decimals(pitch_m)) for value in column.tolist()]
    return [float(f"{value:.{_SIGNIFICANT}g}") for value in column.tolist()]

"""One selection of key points, in the plot and on the scan."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from qtpy.QtCore import Qt

_NONE = np.zeros(0, np.int64)


class PointSelection:
    """Rows of the patches that are selected; who changes them tells everybody else.

    Attributes
    ----------
    rows : (n,) int64
        Sorted, each once.
    """

    changed = Signal(object)  # rows

    def __init__(self) -> None:
        self.rows = _NONE

    def set(self, rows: NDArray[np.int64]) -> None:
        """Select other rows."""
        rows = np.unique(np.asarray(rows, dtype=np.int64))
        if not np.array_equal(rows, self.rows):
            self.rows = rows
            self.changed.emit(rows)

    def combine(self, rows: NDArray[np.int64], modifiers: Any) -> None:
        """Select rows; with Shift as well as, with Alt or Ctrl all but them, as napari does it."""
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            rows = np.union1d(self.rows, rows)
        elif modifiers & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier):
            rows = np.setdiff1d(self.rows, rows)
        self.set(rows)

    def clear(self) -> None:
        """Select nothing."""
        self.set(_NONE)

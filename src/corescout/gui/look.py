"""Colours of the states and of the theme: one table for every panel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtGui import QBrush, QColor, QIcon, QPixmap
from qtpy.QtWidgets import QListWidget, QListWidgetItem, QTableWidget, QTableWidgetItem, QWidget

from corescout.gui.model.workflow import StepState

PALETTE_STEPS = 64  # colours of a continuous scale: a plot caches one symbol for each

STATE_COLORS = {
    StepState.TO_DO: "#8A8A8A",
    StepState.RUNNING: "#E69F00",
    StepState.PAUSED: "#56B4E9",
    StepState.DONE: "#009E73",
    StepState.OUT_OF_DATE: "#CC79A7",
    StepState.PROBLEM: "#D55E00",
}
# Of the verdict: what the line before its words says.
VERDICT_COLORS = {
    "empty": "#8A8A8A", "ready": "#56B4E9", "running": "#E69F00", "types": "#009E73",
    "none": "#CC79A7", "problem": "#D55E00",
}  # fmt: skip
PROBLEM = STATE_COLORS[StepState.PROBLEM]
DOUBT = STATE_COLORS[StepState.RUNNING]


def background(theme: str) -> str:
    """Return the background of napari's docks: pyqtgraph does not follow a style sheet."""
    from napari.utils.theme import get_theme

    return str(get_theme(theme).background.as_hex())


def text_color(dark: bool) -> str:
    """Return the colour of axes and labels of a plot on the theme's background."""
    return "#D8D8D8" if dark else "#303030"


def rgba(color: str, alpha: float = 1.0) -> tuple[float, float, float, float]:
    """Return "#rrggbb" as numbers from 0 to 1."""
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue, alpha


def sequential_palette() -> NDArray[np.float64]:
    """Return a scale (64, 4) that reads on dark and light: viridis without its darkest end."""
    return _colormap("viridis", 0.12, 1.0)


def cyclic_palette() -> NDArray[np.float64]:
    """Return a scale (64, 4) whose ends meet (Kovesi, 2015)."""
    return _colormap("CET-C6", 0.0, 1.0)


def _colormap(name: str, first: float, last: float) -> NDArray[np.float64]:
    import pyqtgraph as pg

    table = pg.colormap.get(name).map(np.linspace(first, last, PALETTE_STEPS), mode="float")
    return np.asarray(table, dtype=np.float64)


# Words in a colour, by what they are: (dark, light). Each reads on the theme's background.
_TINTS = {
    "problem": ("#FF8F5A", "#A83200"), "doubt": ("#F0B030", "#7A4F00"),
    "hint": ("#B8BCC4", "#50545A"),
}  # fmt: skip
_ROLE = "corescout-tint"
_ITEM_ROLE = Qt.ItemDataRole.UserRole + 1000
_shown = {"dark": True}


def tint_color(role: str) -> str:
    """Return the colour of words of a role in the theme that is shown: problem, doubt or hint."""
    dark, light = _TINTS[role]
    return dark if _shown["dark"] else light


def tint(label: QWidget, role: str) -> None:
    """Show the words of a label in the colour of a role, in any theme; "" for the plain one."""
    label.setProperty(_ROLE, role)
    label.setStyleSheet(f"color: {tint_color(role)};" if role else "")


def tint_item(item: QListWidgetItem | QTableWidgetItem, role: str) -> None:
    """Show the words of a row or a cell in the colour of a role, in any theme."""
    item.setData(_ITEM_ROLE, role)
    item.setForeground(QBrush(QColor(tint_color(role))))


def follow_theme(root: QWidget, *, dark: bool) -> None:
    """The theme is dark or light now: words below a widget change their colours."""
    _shown["dark"] = dark
    for label in root.findChildren(QWidget):
        role = label.property(_ROLE)
        if role:
            tint(label, str(role))
    rows = [view.item(i) for view in root.findChildren(QListWidget) for i in range(view.count())]
    cells = [
        view.item(i, k) for view in root.findChildren(QTableWidget)
        for i in range(view.rowCount()) for k in range(view.columnCount())
    ]  # fmt: skip
    for item in (*rows, *cells):
        role = None if item is None else item.data(_ITEM_ROLE)
        if role:
            tint_item(item, str(role))


def swatch(color: str, side_px: int = 14) -> QIcon:
    """Return a square of a colour."""
    pixmap = QPixmap(side_px, side_px)
    pixmap.fill(QColor(color))
    return true_icon(pixmap)


def true_icon(pixmap: QPixmap) -> QIcon:
    """An icon that keeps its colours in a selected row, where Qt would tint it."""
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon

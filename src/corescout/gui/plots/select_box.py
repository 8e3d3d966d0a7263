"""A plot area in which a drag selects: by lasso or rectangle, or pans."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from qtpy.QtCore import Qt, Signal

TOOLS = ("lasso", "rectangle", "pan")


class SelectBox(pg.ViewBox):
    """The left button selects; the wheel zooms, the middle button pans, a double click shows all.

    Attributes
    ----------
    tool : {"lasso", "rectangle", "pan"}
        What a drag of the left button does.
    """

    outlined = Signal(object, object)  # polygon (n, 2) in data units; keyboard modifiers
    clicked = Signal(object, object)  # place (2,) in data units; keyboard modifiers

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.tool = "lasso"
        self._path: list[tuple[float, float]] = []
        self._outline = pg.PlotCurveItem(pen=pg.mkPen("#E69F00", width=1.5))
        self._outline.setZValue(50)
        self.addItem(self._outline, ignoreBounds=True)

    def set_outline_color(self, color: str) -> None:
        """Draw the lasso in a colour that reads on the background."""
        self._outline.setPen(pg.mkPen(color, width=1.5, style=Qt.PenStyle.DashLine))

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:  # noqa: N802 - its name
        """Draw around points, or leave the drag to the plot."""
        if self.tool == "pan" or axis is not None or ev.button() != Qt.MouseButton.LeftButton:
            super().mouseDragEvent(ev, axis)
            return
        ev.accept()
        if ev.isStart():
            self._path = [self._place(ev.buttonDownPos())]
        self._path.append(self._place(ev.pos()))
        polygon = self._polygon()
        closed = np.vstack([polygon, polygon[:1]])
        self._outline.setData(closed[:, 0], closed[:, 1])
        if ev.isFinish():
            self._outline.setData([], [])
            self.outlined.emit(polygon, ev.modifiers())

    def mouseClickEvent(self, ev: Any) -> None:  # noqa: N802 - its name
        """Take a click; a double one shows everything."""
        if ev.button() != Qt.MouseButton.LeftButton:
            return
        ev.accept()
        if ev.double():
            self.autoRange()
        else:
            self.clicked.emit(np.array(self._place(ev.pos())), ev.modifiers())

    def _place(self, position: Any) -> tuple[float, float]:
        place = self.mapToView(position)
        return place.x(), place.y()

    def _polygon(self) -> NDArray[np.float64]:
        path = np.array(self._path)
        if self.tool == "lasso":
            return path
        (x0, y0), (x1, y1) = path[0], path[-1]
        return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])

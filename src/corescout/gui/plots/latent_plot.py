"""The latent space: codes, 2-sigma ellipses, core points and what is selected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from qtpy.QtCore import QRectF, QSize, Qt, Signal
from qtpy.QtWidgets import QWidget

from corescout.colors import type_color
from corescout.gui.look import rgba
from corescout.gui.model.candidate_view import CandidateView
from corescout.gui.plots.point_cloud import PointCloud
from corescout.gui.plots.point_colors import PointColors
from corescout.gui.plots.select_box import SelectBox

_SIGMAS = 2.0
_ALPHA = 170
_REACH_PX = 9  # on the screen: a point farther from the mouse is not meant


class LatentPlot(pg.PlotWidget):
    """Scatter of two latent dimensions, in the theme's colours."""

    hovered = Signal(int)  # row under the mouse, -1 for none
    outlined = Signal(object, object)  # rows (n,) inside a lasso or rectangle; modifiers

    def __init__(self, parent: QWidget | None = None) -> None:
        self.box = SelectBox()
        super().__init__(parent=parent, background=None, viewBox=self.box)
        self.setMinimumSize(150, 110)
        self.setMouseTracking(True)
        bottom = self.getPlotItem().getAxis("bottom")
        bottom.setStyle(tickTextOffset=1)
        bottom.setHeight(30)
        for side in ("bottom", "left"):
            self.getPlotItem().getAxis(side).enableAutoSIPrefix(False)  # codes have no unit
        self.getPlotItem().hideButtons()
        self._view: CandidateView | None = None
        self._dims = (0, 1)
        self._visible = np.zeros(0, bool)
        self._place = np.zeros((0, 2))
        self._under_mouse = -1
        self._grid = pg.ImageItem(axisOrder="row-major")
        self._grid.setZValue(-10)
        self._points = PointCloud(5, alpha=_ALPHA)
        self._core = PointCloud(6, outlined=True)
        self._rings = pg.ScatterPlotItem(size=9, brush=None, pen=pg.mkPen("w", width=1.4))
        self._rings.setZValue(20)
        self._pointed = pg.ScatterPlotItem(size=14, brush=None, pen=pg.mkPen("w", width=2))
        self._pointed.setZValue(21)
        self._ellipses: list[pg.PlotCurveItem] = []
        self.show_ellipses = True
        self.addItem(self._grid, ignoreBounds=True)
        for item in (self._points, self._core, self._rings, self._pointed):
            self.addItem(item, ignoreBounds=item in (self._rings, self._pointed))
        self.set_dims((0, 1))
        self.box.outlined.connect(self._take_outline)
        self.box.clicked.connect(self._take_click)
        self.getPlotItem().getViewBox().setAspectLocked(True)  # an ellipse is seen as it is
        self.scene().sigMouseMoved.connect(self._follow_mouse)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a size that leaves the scan its place."""
        return QSize(380, 300)

    # -- looks ----------------------------------------------------------------------------

    def set_text_color(self, color: str) -> None:
        """Draw axes, labels and what is selected in a colour that reads on the background."""
        for side in ("bottom", "left"):
            axis = self.getPlotItem().getAxis(side)
            axis.setPen(color)
            axis.setTextPen(color)
        self._rings.setPen(pg.mkPen(color, width=1.4))
        self._pointed.setPen(pg.mkPen(color, width=2))
        self.box.set_outline_color(color)

    def set_dims(self, dims: tuple[int, int]) -> None:
        """Choose the latent dimensions of the two axes, counted from 0."""
        self._dims = dims
        self._label_axes()

    def _label_axes(self) -> None:
        """Say which code each axis is, and whose where there are others too."""
        letter = "z" if self._view is None else self._view.axis_letter
        whose = "" if self._view is None else self._view.plane_in_words
        of = f" of {whose}" if whose else ""
        self.setLabel("bottom", f"{letter}{self._dims[0] + 1}{of}")
        self.setLabel("left", f"{letter}{self._dims[1] + 1}")

    @property
    def dims(self) -> tuple[int, int]:
        """Latent dimensions of the two axes."""
        return self._dims

    # -- what is shown --------------------------------------------------------------------

    def clear_codes(self) -> None:
        """Show an empty plot."""
        self._view, self._place = None, np.zeros((0, 2))
        self._label_axes()
        self._show_numbers(False)
        self._visible = np.zeros(0, bool)
        for cloud in (self._points, self._core):
            cloud.set_points(np.zeros((0, 2)), np.zeros((1, 4)), np.zeros(0, np.int64))
        self._rings.setData([], [])
        self._pointed.setData([], [])
        self._grid.clear()
        self._draw_ellipses()

    def show_view(self, view: CandidateView, colors: PointColors, *, fit: bool = True) -> None:
        """Show the codes of a candidate in colours; hidden types are left out.

        Parameters
        ----------
        fit : bool
            Show all of them; else the axes stay as they are.
        """
        self._view = view
        self._label_axes()
        self._show_numbers(True)
        x, y = view.z[:, self._dims[0]], _column(view.z, self._dims[1])
        self._place = np.column_stack([x, y])
        self._visible = ~np.isin(view.types.of_point, sorted(view.types.hidden))
        self.show_colors(colors)
        self._draw_core(view)
        self._draw_ellipses()
        if fit:
            self.getPlotItem().autoRange()

    def _show_numbers(self, shown: bool) -> None:
        """Numbers stand at the axes where there is something to read off them."""
        for side in ("bottom", "left"):
            self.getPlotItem().getAxis(side).setStyle(showValues=shown)

    def show_colors(self, colors: PointColors) -> None:
        """Draw the same points in other colours."""
        seen = self._visible
        self._points.set_points(self._place[seen], colors.palette, colors.index[seen])

    def show_selected(self, rows: NDArray[np.int64]) -> None:
        """Draw rings around points; those of hidden types have none."""
        rows = rows[rows < len(self._place)]
        at = self._place[rows[self._visible[rows]]]
        self._rings.setData(at[:, 0], at[:, 1])

    def point_at(self, row: int) -> None:
        """Draw a ring around the point that the mouse is on, here or on the scan; -1 for none."""
        seen = 0 <= row < len(self._place) and bool(self._visible[row])
        at = self._place[[row]] if seen else np.zeros((0, 2))
        self._pointed.setData(at[:, 0], at[:, 1])

    def show_grid(self, image: NDArray[np.float32] | None, rect: QRectF | None = None) -> None:
        """Show decoded patches behind the points, row 0 of the image on top; None for nothing."""
        if image is None or rect is None:
            self._grid.clear()
            return
        self._grid.setImage(image[::-1], levels=(0, 1))
        self._grid.setRect(rect)
        self._grid.setOpacity(0.75)

    def set_ellipses(self, shown: bool) -> None:
        """Show or hide the ellipses."""
        self.show_ellipses = shown
        self._draw_ellipses()

    def set_core_shown(self, shown: bool) -> None:
        """Show or hide the core points, which have the colours of their types."""
        self._core.setVisible(shown)

    def rows_inside(self, polygon: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the points that are drawn inside a polygon (n, 2) in latent units."""
        from matplotlib.path import Path

        if len(polygon) < 3 or len(self._place) == 0:
            return np.zeros(0, np.int64)
        inside = Path(polygon).contains_points(self._place)
        return np.flatnonzero(inside & self._visible)

    def shown_codes(self) -> NDArray[np.float64]:
        """Return the codes (N, 2) that are drawn."""
        return self._points.xy

    def shown_colors(self) -> list[str]:
        """Return the colours of the points that are drawn, as #rrggbb."""
        return self._points.colors()

    def core_colors(self) -> list[str]:
        """Return the colours of the core points, as #rrggbb."""
        return self._core.colors()

    def ringed_codes(self) -> NDArray[np.float64]:
        """Return the codes (n, 2) that have a ring."""
        return np.column_stack(self._rings.getData())

    # -- the mouse ------------------------------------------------------------------------

    def leaveEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Forget the point under the mouse."""
        self._hover(-1)
        super().leaveEvent(event)

    def row_at(self, place: NDArray[np.float64]) -> int:
        """Return the point that is drawn within 9 px of a place (2,) in latent units; else -1."""
        if not self._visible.any():
            return -1
        pixel = np.array(self.box.viewPixelSize())
        apart = np.hypot(*((self._place - place) / pixel).T)
        apart[~self._visible] = np.inf
        nearest = int(apart.argmin())
        return nearest if apart[nearest] <= _REACH_PX else -1

    def _follow_mouse(self, position: Any) -> None:
        if self._view is None or not self.box.sceneBoundingRect().contains(position):
            self._hover(-1)
            return
        place = self.box.mapSceneToView(position)
        self._hover(self.row_at(np.array([place.x(), place.y()])))

    def _hover(self, row: int) -> None:
        if row != self._under_mouse:
            self._under_mouse = row
            self.hovered.emit(row)

    def _take_outline(self, polygon: NDArray[np.float64], modifiers: Any) -> None:
        self.outlined.emit(self.rows_inside(polygon), modifiers)

    def _take_click(self, place: NDArray[np.float64], modifiers: Any) -> None:
        row = self.row_at(place)
        rows = np.array([row] if row >= 0 else [], np.int64)
        if len(rows) or modifiers == Qt.KeyboardModifier.NoModifier:
            self.outlined.emit(rows, modifiers)

    # -- drawing --------------------------------------------------------------------------

    def _draw_core(self, view: CandidateView) -> None:
        core = view.core
        seen = ~np.isin(core.type, sorted(view.types.hidden))
        at, kinds = self._place[core.index[seen]], core.type[seen]
        numbers = np.array(view.types.numbers)
        palette = np.array([rgba(type_color(int(n), view.types.colors)) for n in numbers])
        self._core.set_points(at, palette, np.searchsorted(numbers, kinds))

    def _draw_ellipses(self) -> None:
        for item in self._ellipses:
            self.removeItem(item)
        self._ellipses = []
        view = self._view
        if view is None or not self.show_ellipses or view.typed.mixture.means.shape[1] < 2:
            return
        dims = list(self._dims)
        for k, kind in enumerate(view.typed.type_of_component):
            if int(kind) in view.types.hidden:
                continue
            covariance = view.typed.mixture.covariances[k][np.ix_(dims, dims)]
            outline = ellipse(view.typed.mixture.means[k, dims], covariance)
            pen = pg.mkPen(type_color(int(kind), view.types.colors), width=2)
            item = pg.PlotCurveItem(outline[:, 0], outline[:, 1], pen=pen)
            self.addItem(item)
            self._ellipses.append(item)


def ellipse(mean: NDArray[np.float64], covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the outline (61, 2) of the 2-sigma ellipse: it holds 86.5 % of a 2-D Gaussian."""
    angle = np.linspace(0, 2 * np.pi, 61)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    return np.asarray(mean + _SIGMAS * circle @ np.linalg.cholesky(covariance).T)


def _column(z: NDArray[np.float64], dim: int) -> NDArray[np.float64]:
    return z[:, dim] if dim < z.shape[1] else np.zeros(len(z))

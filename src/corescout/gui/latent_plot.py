"""The latent space: codes, 2-sigma ellipses and core points in the colours of the types."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from qtpy.QtCore import QSize
from qtpy.QtWidgets import QWidget

from corescout.colors import UNASSIGNED_COLOR, type_color
from corescout.data import CorePoints, Mixture

_SIGMAS = 2.0
_ALPHA = 150


class LatentPlot(pg.PlotWidget):  # type: ignore[misc]
    """Scatter of z1 and z2, in the theme's colours."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent, background=None)
        self.setLabel("bottom", "z1 (latent)")
        self.setLabel("left", "z2 (latent)")
        self.setMinimumHeight(170)
        self.getPlotItem().setMenuEnabled(False)
        self.getPlotItem().hideButtons()
        self._points = pg.ScatterPlotItem(size=5, pen=None)
        self._core = pg.ScatterPlotItem(size=8, pen=pg.mkPen("k", width=0.7))
        self._ellipses: list[pg.PlotCurveItem] = []
        self.addItem(self._points)
        self.addItem(self._core)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a size that leaves the scan its place."""
        return QSize(380, 300)

    def set_text_color(self, color: str) -> None:
        """Draw axes and labels in a colour that reads on the theme's background."""
        for side in ("bottom", "left"):
            axis = self.getPlotItem().getAxis(side)
            axis.setPen(color)
            axis.setTextPen(color)

    def clear_codes(self) -> None:
        """Show an empty plot."""
        self._points.setData([], [])
        self._core.setData([], [])
        self._show_ellipses(None, None)

    def show_codes(
        self,
        z: NDArray[np.float64],
        mixture: Mixture | None = None,
        type_of_component: NDArray[np.int64] | None = None,
        core: CorePoints | None = None,
    ) -> None:
        """Show codes z (N, L), the first two dimensions of them."""
        x, y = z[:, 0], z[:, 1] if z.shape[1] > 1 else np.zeros(len(z))
        if mixture is None or type_of_component is None:
            self._points.setData(x, y, brush=_brush(UNASSIGNED_COLOR))
        else:
            kinds = type_of_component[mixture.assign(z).argmax(axis=1)]
            brushes = {int(t): _brush(type_color(int(t))) for t in np.unique(kinds)}
            self._points.setData(x, y, brush=[brushes[int(t)] for t in kinds])
        self._show_ellipses(mixture, type_of_component)
        if core is None:
            self._core.setData([], [])
        else:
            brushes = {int(t): pg.mkBrush(type_color(int(t))) for t in np.unique(core.type)}
            self._core.setData(
                x[core.index], y[core.index], brush=[brushes[int(t)] for t in core.type]
            )
        self.getPlotItem().autoRange()

    def shown_codes(self) -> NDArray[np.float64]:
        """Return the codes (N, 2) that are drawn."""
        return np.column_stack(self._points.getData())

    def core_colors(self) -> list[str]:
        """Return the colours of the core points, as #rrggbb."""
        return [point.brush().color().name() for point in self._core.points()]

    def _show_ellipses(
        self, mixture: Mixture | None, type_of_component: NDArray[np.int64] | None
    ) -> None:
        for item in self._ellipses:
            self.removeItem(item)
        self._ellipses = []
        if mixture is None or type_of_component is None or mixture.means.shape[1] < 2:
            return
        for k, kind in enumerate(type_of_component):
            outline = ellipse(mixture.means[k, :2], mixture.covariances[k, :2, :2])
            pen = pg.mkPen(type_color(int(kind)), width=2)
            item = pg.PlotCurveItem(outline[:, 0], outline[:, 1], pen=pen)
            self.addItem(item)
            self._ellipses.append(item)


def ellipse(mean: NDArray[np.float64], covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the outline (61, 2) of the 2-sigma ellipse: it holds 86.5 % of a 2-D Gaussian."""
    angle = np.linspace(0, 2 * np.pi, 61)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    return np.asarray(mean + _SIGMAS * circle @ np.linalg.cholesky(covariance).T)


def _brush(color: str) -> Any:
    shade = pg.mkColor(color)
    shade.setAlpha(_ALPHA)
    return pg.mkBrush(shade)

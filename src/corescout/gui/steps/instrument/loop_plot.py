"""Loops: a plot of the one that is looked at, and small ones beside their points on the scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from qtpy.QtCore import QSize
from qtpy.QtWidgets import QWidget

from corescout.colors import type_color
from corescout.data import Measurement, Scan, Target
from corescout.gui.canvas.layer_data import OURS, LayerData
from corescout.gui.canvas.placement import geometry
from corescout.instruments.loops import Loop

LOOPS = "loops"
_SHARE = 0.055  # of the scan's smaller side: a loop beside its point
_FACTOR, _UNIT = 1e12, "pm"


class LoopPlot(pg.PlotWidget):
    """One loop with its axes, over those of its type in a paler shade."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent, background=None)
        self.setLabel("bottom", "bias (V)")
        self.setLabel("left", f"response ({_UNIT})")
        self.getPlotItem().setMenuEnabled(False)
        self.getPlotItem().hideButtons()
        self.setMinimumHeight(130)
        self.setMaximumHeight(180)
        self.shown: Measurement | None = None

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a size that leaves the steps their place."""
        return QSize(340, 150)

    def set_text_color(self, color: str) -> None:
        """Draw axes and labels in a colour that reads on the theme's background."""
        for side in ("bottom", "left"):
            axis = self.getPlotItem().getAxis(side)
            axis.setPen(color)
            axis.setTextPen(color)

    def show_loop(self, curve: Measurement, color: str, others: Sequence[Measurement] = ()) -> None:
        """Show a loop in the colour of its type and, paler, others of the type."""
        self.clear()
        self.shown = curve
        shade = pg.mkColor(color)
        pale = pg.mkColor(color)
        pale.setAlpha(60)
        for other in others:
            if other is not curve:
                self.plot(other.axis, _values(other), pen=pg.mkPen(pale, width=1))
        self.plot(curve.axis, _values(curve), pen=pg.mkPen(shade, width=2))
        self.setLabel("bottom", f"{curve.axis_name} ({curve.axis_unit})")


def loop_words(target: Target, loop: Loop | None) -> str:
    """Say which target it is and what was fitted."""
    kind = f"type {target.type}" if target.type else "by hand"
    if loop is None:
        return f"Target {target.number}, {kind}"
    return (
        f"Target {target.number}, {kind}: coercive bias {loop.coercive_v:.2f} V,"
        f" imprint {loop.imprint_v:+.2f} V, {loop.amplitude_m * _FACTOR:.0f} {_UNIT}"
    )


def loops_layer(
    scan: Scan,
    targets: Sequence[Target],
    measured: Mapping[str, Measurement],
    chosen: Mapping[int, str] | None = None,
) -> LayerData:
    """Return every measured loop as thin lines beside its target, all on one scale.

    Parameters
    ----------
    chosen : mapping of int to str, optional
        Colours that the operator gave to types.
    """
    curves = [(t, measured[t.uid]) for t in targets if t.uid in measured]
    side_px = _SHARE * min(scan.shape_px)
    high = max((float(np.nanmax(np.abs(_values(c)))) for _, c in curves), default=1.0) or 1.0
    lines = [_lines(t, c, side_px, high) for t, c in curves]
    colors: list[Any] = []
    for (target, _), line in zip(curves, lines, strict=True):
        colors += [type_color(target.type, chosen)] * len(line)
    return (
        np.concatenate(lines) if lines else np.zeros((0, 2, 2)),
        {
            "name": LOOPS,
            "metadata": {OURS: LOOPS},
            "vector_style": "line",
            "edge_color": colors or type_color(1),
            "edge_width": 0.9,
            **geometry(scan),
        },
        "vectors",
    )


def _lines(target: Target, curve: Measurement, side_px: float, high: float) -> NDArray[np.float64]:
    """Start and direction (n, 2, 2) of the pieces of a loop, to the right of its target."""
    reach = float(np.nanmax(np.abs(curve.axis))) or 1.0
    x = target.yx_px[1] + side_px * (1.4 + curve.axis / reach)
    y = target.yx_px[0] - side_px * 0.8 * _values(curve) / high
    path = np.column_stack([y, x])
    return np.stack([path[:-1], np.diff(path, axis=0)], axis=1)


def _values(curve: Measurement) -> NDArray[np.float64]:
    return np.asarray(next(iter(curve.channels.values()))) * _FACTOR

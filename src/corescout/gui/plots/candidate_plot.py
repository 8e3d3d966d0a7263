"""The reward of each candidate over its window, as they finish; a click looks into one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from corescout.colors import BEST_COLOR, CANDIDATE_COLORS, OTHER_CANDIDATE_COLOR
from corescout.data import Candidate, Trial
from corescout.gui.look import text_color
from corescout.gui.model.candidate_curves import Curve, Dot, curves

_SYMBOLS = {
    "none": "o", "r": "s", "t": "t1", "rt": "d",
    "pca": "t", "nmf": "p", "fft": "h", "descriptors": "x", "scattering": "+",
}  # fmt: skip
_GAP_PX = 4  # between two labels of an axis
_MARKS = {
    "o": "●", "s": "■", "d": "◆", "t": "▼", "t1": "▲", "p": "⬟", "h": "⬢", "+": "✚", "x": "✖",
}  # fmt: skip


class CandidatePlot(pg.PlotWidget):
    """One line for each invariance, bars from the seeds, a star at the best, void ones hollow."""

    picked = Signal(int)  # number of the trial

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent, background=None)
        item = self.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setMouseEnabled(x=False, y=False)
        item.getAxis("left").enableAutoSIPrefix(False)
        self._items: list[Any] = []
        self._dots: list[Dot] = []
        self._curves: list[Curve] = []
        self._star = pg.ScatterPlotItem(size=19, symbol="star", pen=pg.mkPen("k", width=0.6),
                                        brush=pg.mkBrush(BEST_COLOR))  # fmt: skip
        self._star.setZValue(20)
        self._star.sigClicked.connect(self._click_star)  # it covers the candidate below it
        self.addItem(self._star)
        self._ring = pg.ScatterPlotItem(size=16, symbol="o", brush=None)
        self._ring.setZValue(30)
        self._ring.setAcceptedMouseButtons(pg.QtCore.Qt.MouseButton.NoButton)
        self.addItem(self._ring)
        self._color = text_color(True)
        self._reward = ""
        self.best: int | None = None  # number of the trial that has the star
        self._marked: int | None = None  # number of the trial that has the ring
        self._pitch_m: float | None = None
        self.set_dark(True)
        item.getViewBox().sigXRangeChanged.connect(self._label_windows)
        item.getViewBox().sigResized.connect(self._label_windows)

    @property
    def dots(self) -> list[Dot]:
        """What is drawn."""
        return list(self._dots)

    def show_trials(
        self,
        trials: Sequence[Trial],
        reward: str,
        *,
        pitch_m: float | None = None,
        winner: Candidate | None = None,
    ) -> None:
        """Draw the candidates that have finished.

        Parameters
        ----------
        reward : str
            Its name; the panel says above the plot what it is.
        pitch_m : float, optional
            Of the pixels that windows count in: tooltips say nm.
        winner : Candidate, optional
            Gets the star; the best so far if None.
        """
        for item in self._items:
            self.removeItem(item)
        self._reward, self._pitch_m = reward, pitch_m
        found = curves(trials, reward)
        self._curves = found
        self._items, self._dots = [], [dot for curve in found for dot in curve.dots]
        floor = self._floor()
        for curve in found:
            self._draw(curve, floor)
        self._put_star(trials, winner)
        self.setLabel("bottom", "window (nm)" if pitch_m else "window (px)")
        self.mark(self._marked)
        self.getPlotItem().autoRange(padding=0.08)
        self._label_windows()

    def legend(self) -> str:
        """Return what the lines are, as rich text."""
        parts = []
        for curve in self._curves:
            color, symbol = _look(curve)
            mark = _MARKS.get(symbol, "●")
            parts.append(f'<span style="color: {color}">{mark}</span>&nbsp;{curve.label}')
        return "&nbsp; ".join(parts)

    def mark(self, number: int | None) -> None:
        """Draw a ring around the candidate that is looked at."""
        self._marked = number
        floor = self._floor()
        chosen = [d for d in self._dots if d.number == number]
        places = [(d.candidate.window_px, _height(d, floor)) for d in chosen]
        self._ring.setPen(pg.mkPen(self._color, width=2))
        self._ring.setData(pos=np.array(places).reshape(-1, 2))

    def ring_at(self) -> tuple[float, float] | None:
        """Return the window and the height at which the ring stands."""
        x, y = self._ring.getData()
        return (float(x[0]), float(y[0])) if len(x) else None

    def set_dark(self, dark: bool) -> None:
        """Draw axes and labels in a colour that reads on the theme's background."""
        self._color = text_color(dark)
        for side in ("bottom", "left"):
            axis = self.getPlotItem().getAxis(side)
            axis.setPen(self._color)
            axis.setTextPen(self._color)

    def _label_windows(self, *_: object) -> None:
        """A tick at every window, a label wherever it does not run into the one before."""
        ticks: tuple[list[tuple[int, str]], list[tuple[int, str]]] = ([], [])
        pixel = self.getViewBox().viewPixelSize()[0]
        metrics, free_from = self.fontMetrics(), -math.inf
        for window in sorted({dot.candidate.window_px for dot in self._dots}):
            label = _size(window, self._pitch_m)
            middle, half = window / pixel, metrics.horizontalAdvance(label) / 2
            fits = middle - half >= free_from
            ticks[0 if fits else 1].append((window, label if fits else ""))
            free_from = middle + half + _GAP_PX if fits else free_from
        self.getPlotItem().getAxis("bottom").setTicks(list(ticks))

    def _floor(self) -> float:
        """Where a candidate without a value is drawn: below all others."""
        values = [d.value for d in self._dots if math.isfinite(d.value)]
        return min(values) - 0.1 * (max(values) - min(values) or 1.0) if values else 0.0

    def _draw(self, curve: Curve, floor: float) -> None:
        color, symbol = _look(curve)
        sound = [d for d in curve.dots if d.void is None]
        x = np.array([d.candidate.window_px for d in sound], float)
        y = np.array([d.value for d in sound], float)
        spread = np.nan_to_num(np.array([d.spread for d in sound], float))
        line = pg.PlotCurveItem(x, y, pen=pg.mkPen(color, width=1.5))
        if len(sound):
            bars = pg.ErrorBarItem(
                x=x, y=y, top=spread, bottom=spread, beam=0.3, pen=pg.mkPen(color, width=1)
            )
            self._keep(bars)
        points = pg.ScatterPlotItem(size=10, symbol=symbol, hoverable=True, tip=self._tip)
        points.addPoints([
            {
                "pos": (d.candidate.window_px, _height(d, floor)),
                "pen": pg.mkPen(color, width=1.5),
                "brush": pg.mkBrush(color) if d.void is None else None,
                "data": d,
            }
            for d in curve.dots
        ])  # fmt: skip
        points.sigClicked.connect(self._click)
        self._keep(line)
        self._keep(points)

    def _keep(self, item: Any) -> None:
        self.addItem(item)
        self._items.append(item)

    def _put_star(self, trials: Sequence[Trial], winner: Candidate | None) -> None:
        best: Dot | None = None
        if winner is not None:
            alike = [d for d in self._dots if _but_for_seed(d.candidate, winner)]
            best = alike[0] if alike else None
        else:
            lower = any(
                t.rewards[self._reward].direction == "lower"
                for t in trials
                if self._reward in t.rewards
            )
            # scattering is shown beside the others and does not compete with them
            able = [d for d in self._dots if d.candidate.kind != "scattering"]
            sound = [d for d in able if d.void is None]
            best = max(sound, key=lambda d: -d.value if lower else d.value, default=None)
        self.best = None if best is None else best.number
        place = [] if best is None else [(best.candidate.window_px, _height(best, self._floor()))]
        self._star.setData(pos=np.array(place).reshape(-1, 2))

    def _tip(self, x: float, y: float, data: Dot) -> str:
        return data.words(self._reward, self._pitch_m)

    def _click(self, item: Any, points: Any, event: Any = None) -> None:
        if len(points):
            self.picked.emit(points[0].data().number)

    def _click_star(self, *_: object) -> None:
        if self.best is not None:
            self.picked.emit(self.best)


def _size(window_px: int, pitch_m: float | None) -> str:
    return f"{window_px * pitch_m * 1e9:.0f}" if pitch_m else str(window_px)


def _height(dot: Dot, floor: float) -> float:
    return dot.value if math.isfinite(dot.value) else floor


def _but_for_seed(one: Candidate, other: Candidate) -> bool:
    return (one.window_px, one.invariances, one.kind, one.latent_dim) == (
        other.window_px, other.invariances, other.kind, other.latent_dim
    )  # fmt: skip


def _look(curve: Curve) -> tuple[str, str]:
    """Colour and symbol."""
    color = CANDIDATE_COLORS.get(curve.key, OTHER_CANDIDATE_COLOR)
    return color, _SYMBOLS.get(curve.key, "o")

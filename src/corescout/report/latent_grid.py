"""Latent spaces of all candidates, a panel for each, invariance by window.

The panels share one set of axes, in inches: eighteen sets would take longer to draw than all other
figures of a report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from corescout.colors import candidate_color
from corescout.data import Result, Trial
from corescout.mixtures import keep_dense
from corescout.plan import Plan
from corescout.report.drawing import new_figure
from corescout.report.over_windows import method_name, sweep_trials

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_VOID, _VOID_POINTS = "#B00020", "#C9A0A5"
_STAR = "#E69F00"
_SIDE_IN, _GAP = 1.75, 0.06  # of a panel with its share of the gaps; a gap over a panel
_LEFT_IN, _RIGHT_IN, _BOTTOM_IN, _TOP_IN = 0.5, 0.1, 0.25, 0.25
_REACH = 3.6  # codes from minus this to this are shown
_TICKS = (-2, 0, 2)
_TICK_IN, _LABEL_IN = 2 / 72, 5.5 / 72  # length of a tick; from the frame to its label


def latent_grid(result: Result, *, after_filter: bool) -> Figure | None:
    """Draw the codes of every autoencoder of the sweep; None where none are there.

    Parameters
    ----------
    after_filter : bool
        Those codes alone that the mixtures see.
    """
    trials = [
        t
        for t in sweep_trials(result)
        if t.candidate.kind == "vae" and t.number in result.latents_by_trial
    ]
    if not trials:
        return None
    plan = Plan.model_validate(result.plan).mixtures.density_filter
    windows = sorted({t.candidate.window_px for t in trials})
    kinds = list(dict.fromkeys(method_name(t.candidate) for t in trials))
    width, height = (
        _SIDE_IN * len(windows) + _LEFT_IN + _RIGHT_IN,
        _SIDE_IN * len(kinds) + _BOTTOM_IN + _TOP_IN,
    )
    figure = new_figure(width, height, layout=None)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height))
    axes.set_axis_off()
    grid = _Grid(axes, windows, kinds, height)
    for trial in trials:
        z = np.asarray(result.latents_by_trial[trial.number])
        z = z[keep_dense(z, plan)] if after_filter else z
        grid.add(trial, z, is_winner=_is_winner(trial, result))
    grid.draw()
    return figure


class _Grid:
    """Panels of one size in rows (kinds) and columns (windows); they are drawn together."""

    def __init__(self, axes: Axes, windows: list[int], kinds: list[str], height_in: float) -> None:
        self._axes, self._windows, self._kinds = axes, windows, kinds
        self._width = _panel_in(len(windows))
        self._height = _panel_in(len(kinds))
        self._top = height_in - _TOP_IN
        self._points: dict[str, list[NDArray[np.float64]]] = {}
        self._frames: list[tuple[float, float]] = []
        self._ticks: list[list[tuple[float, float]]] = []

    def add(self, trial: Trial, z: NDArray[np.float64], *, is_winner: bool) -> None:
        """Add the panel of a trial with codes z (N, L)."""
        column = self._windows.index(trial.candidate.window_px)
        row = self._kinds.index(method_name(trial.candidate))
        left = _LEFT_IN + column * (1 + _GAP) * self._width
        bottom = self._top - self._height - row * (1 + _GAP) * self._height
        color = candidate_color(trial.candidate) if trial.state == "done" else _VOID_POINTS
        places = self._places(z, left, bottom)
        self._points.setdefault(color, []).append(places)
        self._frames.append((left, bottom))
        self._add_ticks(left, bottom, row, column)
        if trial.state == "void":
            self._axes.text(left + 0.5 * self._width, bottom + 0.04 * self._height, "collapsed",
                            ha="center", fontsize=7, color=_VOID)  # fmt: skip
        if is_winner:
            self._mark_winner(left, bottom)

    def draw(self) -> None:
        """Draw the points, frames and ticks of all panels, and say what they are."""
        from matplotlib.collections import LineCollection

        for color, places in self._points.items():
            x, y = np.concatenate(places).T
            self._axes.scatter(x, y, s=3, c=color, alpha=0.6, linewidths=0)
        frames = [_outline(*at, self._width, self._height) for at in self._frames]
        self._axes.add_collection(LineCollection(frames, colors="black", linewidths=0.8))
        self._axes.add_collection(LineCollection(self._ticks, colors="black", linewidths=0.8))
        for column, window in enumerate(self._windows):
            middle = _LEFT_IN + (0.5 + column * (1 + _GAP)) * self._width
            self._axes.text(middle, self._top + 6 / 72, f"{window} px", ha="center", fontsize=9)
        for row, kind in enumerate(self._kinds):
            middle = self._top - (0.5 + row * (1 + _GAP)) * self._height
            self._axes.text(_LEFT_IN - 0.16 * self._width, middle, kind, rotation=90, va="center",
                            ha="center", fontsize=10)  # fmt: skip

    def _places(self, z: NDArray[np.float64], left: float, bottom: float) -> NDArray[np.float64]:
        """Places (n, 2) of the codes that a panel shows: two dimensions, or one against 0."""
        shown = np.zeros((len(z), 2))
        shown[:, : min(2, z.shape[1])] = z[:, :2]
        shown = shown[(np.abs(shown) <= _REACH).all(axis=1)]
        share = 0.5 + shown / (2 * _REACH)
        return np.asarray((left, bottom) + share * (self._width, self._height))

    def _add_ticks(self, left: float, bottom: float, row: int, column: int) -> None:
        for tick in _TICKS:
            share = 0.5 + tick / (2 * _REACH)
            x, y = left + share * self._width, bottom + share * self._height
            self._ticks += [
                [(x, bottom), (x, bottom - _TICK_IN)],
                [(left, y), (left - _TICK_IN, y)],
            ]
            if row == len(self._kinds) - 1:
                self._axes.text(
                    x, bottom - _LABEL_IN, _said(tick), ha="center", va="top", fontsize=6
                )
            if column == 0:
                self._axes.text(left - _LABEL_IN, y, _said(tick), ha="right", va="center_baseline",
                                fontsize=6)  # fmt: skip

    def _mark_winner(self, left: float, bottom: float) -> None:
        from matplotlib.collections import LineCollection

        outline = _outline(left, bottom, self._width, self._height)
        thick = LineCollection([outline], colors="black", linewidths=2.4, capstyle="projecting")
        self._axes.add_collection(thick)
        self._axes.text(left + 0.04 * self._width, bottom + 0.9 * self._height, "★", fontsize=11,
                        color=_STAR, family="DejaVu Sans", va="center")  # fmt: skip


def _panel_in(count: int) -> float:
    """Side of each of so many panels in a row with gaps between them."""
    return _SIDE_IN * count / (count + _GAP * (count - 1))


def _outline(left: float, bottom: float, width: float, height: float) -> list[tuple[float, float]]:
    right, top = left + width, bottom + height
    return [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]


def _said(tick: int) -> str:
    return f"{tick}".replace("-", "\N{MINUS SIGN}")


def _is_winner(trial: Trial, result: Result) -> bool:
    winner = result.winner
    same_method = method_name(trial.candidate) == method_name(winner)
    return same_method and trial.candidate.window_px == winner.window_px

"""The Pareto front of a run that had several objectives."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from corescout.colors import BEST_COLOR, candidate_color
from corescout.data import Result, Trial
from corescout.plan import Plan
from corescout.report.drawing import new_figure
from corescout.report.over_windows import method_name, sweep_trials

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_PANELS = 6


def pareto_front(result: Result) -> Figure | None:
    """Every pair of objectives, the candidates on the front ringed, the winner starred."""
    objectives = Plan.model_validate(result.plan).decision.objectives if result.plan else None
    if objectives is None:
        return None
    trials = [t for t in sweep_trials(result) if t.state == "done"]
    trials = [t for t in trials if all(_known(t, name) for name in objectives)]
    if not trials:
        return None
    front = _front(result, trials)
    pairs = list(combinations(objectives, 2))[:_MOST_PANELS]
    figure = new_figure(4.6 * min(len(pairs), 3), 3.9 * -(-len(pairs) // 3))
    panels = figure.subplots(-(-len(pairs) // 3), min(len(pairs), 3), squeeze=False).ravel()
    for panel, (x, y) in zip(panels, pairs, strict=False):
        _draw_pair(panel, result, trials, front, x, y)
    for panel in panels[len(pairs) :]:
        panel.set_axis_off()
    panels[0].legend(fontsize=7)
    return figure


def _draw_pair(
    axes: Axes, result: Result, trials: list[Trial], front: set[int], x: str, y: str
) -> None:
    for method in dict.fromkeys(method_name(t.candidate) for t in trials):
        mine = [t for t in trials if method_name(t.candidate) == method]
        axes.scatter(
            [t.rewards[x].value for t in mine],
            [t.rewards[y].value for t in mine],
            s=[70 if t.number in front else 22 for t in mine],
            c=candidate_color(mine[0].candidate),
            edgecolors=["black" if t.number in front else "none" for t in mine],
            label=method,
        )
    for trial in trials:
        place = (trial.rewards[x].value, trial.rewards[y].value)
        if trial.number in front:
            text = f"{trial.candidate.window_px}"
            axes.annotate(text, place, fontsize=7, xytext=(5, 4), textcoords="offset points")
        if _same(trial, result):
            axes.plot(*place, "*", color=BEST_COLOR, markersize=13, markeredgecolor="black")
    for name, set_label in ((x, axes.set_xlabel), (y, axes.set_ylabel)):
        better = trials[0].rewards[name].direction
        set_label(f"{name.replace('_', ' ')} ({better} is better)", fontsize=8)
    axes.tick_params(labelsize=7)
    axes.set_title("Pareto front: ringed, its windows in px", fontsize=9)


def _same(trial: Trial, result: Result) -> bool:
    """The winner may be another seed of the candidate."""
    a, b = trial.candidate, result.winner
    return (a.window_px, a.invariances, a.latent_dim, a.kind) == (
        b.window_px,
        b.invariances,
        b.latent_dim,
        b.kind,
    )


def _front(result: Result, trials: list[Trial]) -> set[int]:
    """Numbers of the trials that no other beats in every objective."""
    objectives = Plan.model_validate(result.plan).decision.objectives or ()
    rows = np.array([[t.rewards[n].utility for n in objectives] for t in trials])
    beaten = [np.any(np.all(rows >= row, axis=1) & np.any(rows > row, axis=1)) for row in rows]
    return {t.number for t, b in zip(trials, beaten, strict=True) if not b}


def _known(trial: Trial, name: str) -> bool:
    return name in trial.rewards and bool(np.isfinite(trial.rewards[name].utility))

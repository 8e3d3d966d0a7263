"""Rewards over the window: a curve for each method, the best starred as in the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corescout.colors import BEST_COLOR, candidate_color
from corescout.data import Candidate, Result, Trial
from corescout.data.candidate import KIND_NAMES
from corescout.report.drawing import new_figure, set_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DIMENSION_STYLES = {1: ":", 2: "-", 3: "--", 4: "-."}


def sweep_trials(result: Result) -> list[Trial]:
    """Return the trials of the sweep, baselines among them, without the repeated seeds."""
    seen: dict[Candidate, Trial] = {}
    base_seed = result.trials[0].candidate.seed if result.trials else 0
    for trial in result.trials:
        if trial.candidate.seed == base_seed:
            seen.setdefault(trial.candidate, trial)
    return list(seen.values())


def method_name(candidate: Candidate) -> str:
    """Name what a candidate is apart from its window, such as "rt", "rt, 3-D" or "PCA"."""
    name = KIND_NAMES.get(candidate.kind, candidate.invariances)
    return name if candidate.latent_dim == 2 else f"{name}, {candidate.latent_dim}-D"


def draw_over_windows(result: Result, names: dict[str, str], *, mark_best: bool) -> Figure | None:
    """Draw rewards (name to title) over the window; None where no trial has any of them."""
    trials = sweep_trials(result)
    names = {n: label for n, label in names.items() if any(n in t.rewards for t in trials)}
    if not names:
        return None
    columns = 4 if len(names) > 3 else len(names)
    rows = -(-len(names) // columns)
    width, height = 3.1 * columns, 2.7 * rows
    figure = new_figure(width, height, layout=None)
    margins = {"left": 0.5 / width, "right": 1 - 0.1 / width, "wspace": 0.24,
               "bottom": 0.45 / height, "top": 1 - 0.3 / height, "hspace": 0.42}  # fmt: skip
    axes = figure.subplots(rows, columns, squeeze=False, gridspec_kw=margins).ravel()
    for panel, (name, label) in zip(axes, names.items(), strict=False):
        _draw_reward(panel, trials, name, mark_best=mark_best)
        set_title(panel, label, 9)
        panel.set_xlabel("window (px)", fontsize=8)
        panel.set_xticks(sorted({t.candidate.window_px for t in trials}))
        panel.margins(x=0.1, y=0.15)
        panel.tick_params(labelsize=7)
    for panel in axes[len(names) :]:
        panel.set_axis_off()
    handles, labels = axes[0].get_legend_handles_labels()
    if len(axes) > len(names):
        axes[-1].legend(handles, labels, loc="center", fontsize=8, title="method")
    else:
        axes[0].legend(fontsize=7)
    return figure


def _draw_reward(axes: Axes, trials: list[Trial], name: str, *, mark_best: bool) -> None:
    for method in dict.fromkeys(method_name(t.candidate) for t in trials):
        mine = [t for t in trials if method_name(t.candidate) == method and name in t.rewards]
        mine.sort(key=lambda t: t.candidate.window_px)
        _draw_method(axes, mine, name, method)
    valid = [t for t in trials if name in t.rewards and t.rewards[name].void_because is None]
    able = [t for t in valid if t.candidate.kind != "scattering"]  # which does not compete
    if mark_best and able:
        best = max(able, key=lambda t: t.rewards[name].utility)
        axes.plot(
            [best.candidate.window_px],
            [best.rewards[name].value],
            "*",
            color=BEST_COLOR,
            markersize=13,
            markeredgecolor="black",
            markeredgewidth=0.6,
        )


def _draw_method(axes: Axes, mine: list[Trial], name: str, method: str) -> None:
    """One curve; what is void stands beside it as open circles."""
    if not mine:
        return
    candidate = mine[0].candidate
    color = candidate_color(candidate)
    style = _DIMENSION_STYLES.get(candidate.latent_dim, "-")
    valid = [t for t in mine if t.rewards[name].void_because is None]
    void = [t for t in mine if t.rewards[name].void_because is not None]
    axes.plot(
        [t.candidate.window_px for t in valid],
        [t.rewards[name].value for t in valid],
        style,
        marker="o" if candidate.kind == "vae" else "s",
        color=color,
        markersize=3.5,
        linewidth=1.2,
        label=method,
    )
    axes.plot(
        [t.candidate.window_px for t in void],
        [t.rewards[name].value for t in void],
        "o",
        color=color,
        markersize=4.5,
        markerfacecolor="white",
    )
    for trial in valid:
        k = trial.rewards[name].parts.get("n_components")
        if k is not None:
            axes.annotate(
                f"{k:.0f}",
                (trial.candidate.window_px, trial.rewards[name].value),
                fontsize=6,
                xytext=(2, 3),
                textcoords="offset points",
                color=color,
            )

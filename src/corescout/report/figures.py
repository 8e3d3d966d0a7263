"""The figures of the paper for one run, each under its name there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from corescout.colors import candidate_color, motif_colors, type_color
from corescout.data import Result, Trial
from corescout.data.counted import counted
from corescout.mixtures import keep_dense
from corescout.plan import Plan
from corescout.report.bayesian_figures import f6_bayesian_rewards, f7_bayesian_types
from corescout.report.drawing import (
    ELLIPSE_SHARE,
    draw_ellipses,
    draw_latents,
    draw_places,
    draw_scan,
    new_figure,
    type_colors,
)
from corescout.report.importance_figure import importance_figure
from corescout.report.over_windows import draw_over_windows, method_name, sweep_trials
from corescout.report.pareto_figure import pareto_front
from corescout.rewards import BAYESIAN
from corescout.rewards.words import reward_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DrawFigure = Callable[[Result], "Figure | None"]
_VOID = "#B00020"
_IN_F3 = {
    "bce_minus_entropy": "reconstruction: BCE - H(x) (nats/px)",
    "total_variance": "total variance",
    "variance_product": "variance product",
}


def f1_overview(result: Result) -> Figure:
    """Scan, sample patches of each type, and the latent density with its maxima."""
    figure = new_figure(11, 4.2)
    left, middle, right = figure.subplots(1, 3, width_ratios=[1.15, 1.0, 1.0])
    draw_scan(left, result, colorbar=False)
    left.set_title(f"Scan: {result.channels[0]}", fontsize=10)
    _draw_samples(middle, result)
    _draw_density(right, result.fit.codes)
    return figure


def f2_latents(result: Result) -> Figure | None:
    """Latent scatters, invariance by window."""
    return _latent_grid(result, after_filter=False)


def s2_filtered(result: Result) -> Figure | None:
    """Latent scatters after the density filter: what the mixtures see."""
    return _latent_grid(result, after_filter=True)


def f3_training(result: Result) -> Figure | None:
    """Reconstruction, total variance and variance product over the window."""
    return draw_over_windows(result, _IN_F3, mark_best=False)


def f4_rewards(result: Result) -> Figure | None:
    """Log-likelihood, BIC, ICL, gain, context retention and the user's own over the window."""
    usual = ("log_likelihood", "bic", "icl_1", "icl", "icl_4", "gain", "context_retention")
    names = {name: reward_words(name, unit=True) for name in usual}
    of_their_own = {*names, *_IN_F3, *BAYESIAN, "aic", "reconstruction", "stability", "evidence"}
    for trial in sweep_trials(result):  # what the user asked for beside the table's
        extra = [name for name in trial.rewards if name not in of_their_own]
        names |= {name: reward_words(name, unit=True) for name in extra}
    return draw_over_windows(result, names, mark_best=True)


def f5_types(result: Result) -> Figure:
    """The scan with patch centres and core points beside the latent space."""
    figure = new_figure(11, 4.9)
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1.0])
    draw_scan(left, result)
    draw_places(left, result)
    left.set_title("Core points on the scan", fontsize=10)
    shown = result.in_latent_space
    z = shown.z
    draw_latents(right, z, type_colors(result))
    chosen = result.types.colors
    draw_ellipses(right, shown.mixture, np.asarray(shown.type_of_component), chosen)
    core = result.core_points
    second = z[:, 1] if z.shape[1] > 1 else np.zeros(len(z))
    for kind, look in result.types.looks.items():
        rows = core.index[core.type == kind]
        right.scatter(
            z[rows, 0],
            second[rows],
            s=22,
            c=type_color(kind, chosen),
            edgecolors="black",
            linewidths=0.5,
            label=f"{look.name}: {len(rows)} core points",
        )
    pale = "" if result.typed.likely.all() else "; pale: between two types"
    right.set_title(
        f"Latent space ({result.winner.label})\nellipses: 2 sigma, {ELLIPSE_SHARE:.1%} of a"
        f" Gaussian{pale}",
        fontsize=10,
    )
    right.legend(fontsize=7, loc="best", framealpha=0.85)
    return figure


def s1_keypoints(result: Result) -> Figure:
    """The scan, and the key points on it."""
    figure = new_figure(11, 4.9)
    left, right = figure.subplots(1, 2)
    draw_scan(left, result, colorbar=False)
    left.set_title(f"{result.channels[0]}", fontsize=10)
    draw_scan(right, result, colorbar=False)
    places = np.asarray(result.keypoints.yx_px)
    right.scatter(places[:, 1], places[:, 0], s=9, c="#E69F00", edgecolors="black", linewidths=0.3)
    right.set_title(f"{len(places)} key points ({result.keypoints.source})", fontsize=10)
    return figure


def s3_motifs(result: Result) -> Figure | None:
    """Types and motifs on the scan and in the plane that candidates make them in together.

    Nothing where the winner alone makes the types: F5 has its plane.
    """
    if result.votes is None:
        return None
    typed = result.typed
    places = np.asarray(result.patches.center_yx_px)
    figure = new_figure(11, 9.4)
    of_component = motif_colors(typed.type_of_component.tolist(), result.types.colors)
    of_motif = [of_component[k] for k in typed.motif]
    rows = (
        ("Types: where such patches live; pale: between two", type_colors(result)),
        ("Motifs, in shades of their types: what each patch is by itself", of_motif),
    )
    voters = counted(len(result.votes.consensus.voters), "candidate")
    for (title, colors), (left, right) in zip(rows, figure.subplots(2, 2), strict=True):
        draw_scan(left, result, colorbar=False)
        left.scatter(places[:, 1], places[:, 0], s=11, c=colors, linewidths=0)
        left.set_title(title, fontsize=10)
        draw_latents(right, typed.z, colors, letter="c")
        kinds = np.asarray(typed.type_of_component)
        draw_ellipses(right, typed.mixture, kinds, result.types.colors)
        right.set_title(f"Codes of {voters} together", fontsize=10)
    return figure


def targets_route(result: Result) -> Figure | None:
    """The targets on the scan, with their numbers."""
    if not result.targets:
        return None
    figure = new_figure(7, 5.6)
    axes = figure.subplots()
    draw_scan(axes, result)
    for target in sorted(result.targets, key=lambda t: -t.number):
        y, x = target.yx_px
        color = type_color(target.type, result.types.colors)
        axes.scatter([x], [y], s=110, c=color, edgecolors="black", linewidths=0.7)
        axes.annotate(
            str(target.number), (x, y), ha="center", va="center", fontsize=6.5, color="black"
        )
    axes.set_title("Targets with their numbers, coloured by type", fontsize=10)
    return figure


FIGURES: dict[str, tuple[str, DrawFigure]] = {
    "F5": ("Types: core points on the scan and in latent space", f5_types),
    "targets": ("Where to measure next", targets_route),
    "S3": ("Types beside motifs: what each patch is, before its neighbours are asked", s3_motifs),
    "F1": ("Scan, sample patches of each type, latent density with its maxima (+)", f1_overview),
    "F4": ("Rewards over the window; the star marks the best, numbers are types K", f4_rewards),
    "pareto": ("Candidates by their objectives", pareto_front),
    "importance": ("Settings of the candidates: how much each has mattered", importance_figure),
    "F3": ("Reconstruction and variance over the window", f3_training),
    "F2": ("Latent spaces of all candidates", f2_latents),
    "F6": (
        "Rewards of the Bayesian mixture; numbers are effective components",
        f6_bayesian_rewards,
    ),
    "F7": ("Types of the Bayesian mixture with the best -ELBO + H", f7_bayesian_types),
    "S1": ("Scan and key points", s1_keypoints),
    "S2": ("Latent spaces after the density filter", s2_filtered),
}


def _draw_samples(axes: Axes, result: Result, columns: int = 6) -> None:
    """Rows of patches, one row for each type, the most typical first."""
    core, values = result.core_points, np.asarray(result.patches.values)
    looks = result.types.looks
    n_types = len(looks)
    rows_each = max(1, 6 // n_types)
    rows = []
    for kind in looks:
        members = np.flatnonzero(core.type == kind)
        best = members[np.argsort(-core.typicality[members], kind="stable")]
        rows += [
            values[core.index[best[r * columns : (r + 1) * columns]], 0] for r in range(rows_each)
        ]
    window, gap = values.shape[-1], 2
    step = window + gap
    sheet = np.full((len(rows) * step - gap, columns * step - gap), np.nan)
    for r, patches in enumerate(rows):
        for c, patch in enumerate(patches):
            sheet[r * step : r * step + window, c * step : c * step + window] = patch
    axes.imshow(sheet, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([(t + 0.5) * rows_each * step for t in range(n_types)])
    axes.set_yticklabels([look.name for look in looks.values()], fontsize=8)
    axes.tick_params(length=0)
    for label, kind in zip(axes.get_yticklabels(), looks, strict=True):
        color = type_color(kind, result.types.colors)
        label.set_bbox({"facecolor": color, "alpha": 0.7, "pad": 2, "linewidth": 0})
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(f"Most typical patches ({window} px)", fontsize=10)


def _draw_density(axes: Axes, z: NDArray[np.float64]) -> None:
    from scipy.stats import gaussian_kde

    axes.set_title("Latent density", fontsize=10)
    if z.shape[1] != 2:
        draw_latents(axes, z)
        return
    low, high = z.min(axis=0), z.max(axis=0)
    pad = 0.05 * (high - low)
    grids = [np.linspace(a, b, 90) for a, b in zip(low - pad, high + pad, strict=True)]
    mesh = np.stack(np.meshgrid(*grids, indexing="ij"))
    density = gaussian_kde(z.T, bw_method=0.15)(mesh.reshape(2, -1)).reshape(90, 90)
    axes.imshow(
        density.T,
        origin="lower",
        cmap="magma",
        aspect="auto",
        extent=(grids[0][0], grids[0][-1], grids[1][0], grids[1][-1]),
    )
    axes.scatter(z[:, 0], z[:, 1], s=2, c="white", alpha=0.35, linewidths=0)
    peaks = _maxima(density)
    axes.scatter(grids[0][peaks[:, 0]], grids[1][peaks[:, 1]], s=70, c="#56B4E9", marker="+")
    axes.set_xlabel("$z_1$")
    axes.set_ylabel("$z_2$")


def _maxima(density: NDArray[np.float64]) -> NDArray[np.int64]:
    """Grid places (P, 2) of the local maxima above 10 % of the highest."""
    from scipy.ndimage import maximum_filter

    peak = (density == maximum_filter(density, 7)) & (density > 0.1 * density.max())
    return np.argwhere(peak)


def _autoencoders(result: Result) -> list[Trial]:
    """The autoencoders of the sweep."""
    return [t for t in sweep_trials(result) if t.candidate.kind == "vae"]


def _latent_grid(result: Result, *, after_filter: bool) -> Figure | None:
    trials = [t for t in _autoencoders(result) if t.number in result.latents_by_trial]
    if not trials:
        return None
    plan = Plan.model_validate(result.plan).mixtures.density_filter
    windows = sorted({t.candidate.window_px for t in trials})
    kinds = list(dict.fromkeys(method_name(t.candidate) for t in trials))
    width, height = 1.75 * len(windows) + 0.6, 1.75 * len(kinds) + 0.5
    figure = new_figure(width, height, layout=None)
    margins = {"left": 0.5 / width, "right": 1 - 0.1 / width, "wspace": 0.06,
               "bottom": 0.25 / height, "top": 1 - 0.25 / height, "hspace": 0.06}  # fmt: skip
    axes = figure.subplots(
        len(kinds), len(windows), squeeze=False, sharex=True, sharey=True, gridspec_kw=margins
    )
    ticks = (-2, 0, 2)
    axes[0, 0].set(xlim=(-3.6, 3.6), ylim=(-3.6, 3.6), xticks=ticks, yticks=ticks)  # of all panels
    for panel in axes.ravel():
        panel.set_axis_off()
    for trial in trials:
        row, column = (
            kinds.index(method_name(trial.candidate)),
            windows.index(trial.candidate.window_px),
        )
        z = np.asarray(result.latents_by_trial[trial.number])
        z = z[keep_dense(z, plan)] if after_filter else z
        _draw_cell(axes[row, column], trial, z, is_winner=_is_winner(trial, result))
    for column, window in enumerate(windows):
        axes[0, column].set_title(f"{window} px", fontsize=9)
    for row, kind in enumerate(kinds):
        axes[row, 0].annotate(
            kind,
            (-0.16, 0.5),
            xycoords="axes fraction",
            rotation=90,
            va="center",
            ha="center",
            fontsize=10,
        )
    return figure


def _draw_cell(axes: Axes, trial: Trial, z: NDArray[np.float64], *, is_winner: bool) -> None:
    axes.set_axis_on()
    color = candidate_color(trial.candidate)
    draw_latents(axes, z, color if trial.state == "done" else "#C9A0A5", 3)
    axes.set_xlabel("")
    axes.set_ylabel("")
    axes.tick_params(labelsize=6, length=2)
    if trial.state == "void":
        axes.text(
            0.5, 0.04, "collapsed", transform=axes.transAxes, ha="center", fontsize=7, color=_VOID
        )
    if is_winner:
        for spine in axes.spines.values():
            spine.set_linewidth(2.4)
        axes.text(
            0.04,
            0.9,
            "★",
            transform=axes.transAxes,
            fontsize=11,
            color="#E69F00",
            family="DejaVu Sans",
            va="center",
        )


def _is_winner(trial: Trial, result: Result) -> bool:
    winner = result.winner
    same_method = method_name(trial.candidate) == method_name(winner)
    return same_method and trial.candidate.window_px == winner.window_px

"""The figures of the paper for one run, each under its name there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from corescout.colors import motif_colors, type_color
from corescout.data import Result
from corescout.data.counted import counted
from corescout.report.bayesian_figures import f6_bayesian_rewards, f7_bayesian_types
from corescout.report.drawing import (
    ELLIPSE_SHARE,
    draw_ellipses,
    draw_latents,
    draw_places,
    draw_scan,
    new_figure,
    panels,
    scan_beside_codes,
    scan_beside_scan,
    set_title,
    type_colors,
)
from corescout.report.importance_figure import importance_figure
from corescout.report.latent_grid import latent_grid
from corescout.report.over_windows import draw_over_windows, sweep_trials
from corescout.report.pareto_figure import pareto_front
from corescout.rewards import BAYESIAN
from corescout.rewards.words import reward_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DrawFigure = Callable[[Result], "Figure | None"]
_AT_ONCE = 256  # codes whose distances to all places are in memory together
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
    set_title(left, f"Scan: {result.channels[0]}")
    _draw_samples(middle, result)
    _draw_density(right, result.fit.codes, "Latent density" + " of the winner" * _voted(result))
    return figure


def f2_latents(result: Result) -> Figure | None:
    """Latent scatters, invariance by window."""
    return latent_grid(result, after_filter=False)


def s2_filtered(result: Result) -> Figure | None:
    """Latent scatters after the density filter: what the mixtures see."""
    return latent_grid(result, after_filter=True)


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
    figure, (left, right) = scan_beside_codes()
    draw_scan(left, result)
    draw_places(left, result)
    set_title(left, "Core points on the scan")
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
    set_title(
        right,
        f"{plane_title(result)}\nellipses: 2 sigma, {ELLIPSE_SHARE:.1%} of a Gaussian{pale}",
    )
    right.legend(fontsize=7, loc="best", framealpha=0.85)
    return figure


def plane_title(result: Result) -> str:
    """Say whose latent space is drawn, and who makes the types that colour it."""
    if result.votes is None:
        return f"Latent space ({result.winner.label})"
    voters = counted(len(result.votes.consensus.voters), "candidate")
    return f"Latent space of the winner ({result.winner.label}), types of {voters}"


def _voted(result: Result) -> bool:
    return result.votes is not None


def s1_keypoints(result: Result) -> Figure:
    """The scan, and the key points on it."""
    figure, (left, right) = scan_beside_scan()
    draw_scan(left, result, colorbar=False)
    set_title(left, f"{result.channels[0]}")
    draw_scan(right, result, colorbar=False)
    places = np.asarray(result.keypoints.yx_px)
    right.scatter(places[:, 1], places[:, 0], s=9, c="#E69F00", edgecolors="black", linewidths=0.3)
    set_title(right, f"{len(places)} key points ({result.keypoints.source})")
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
        set_title(left, title)
        draw_latents(right, typed.z, colors, letter="c")
        kinds = np.asarray(typed.type_of_component)
        draw_ellipses(right, typed.mixture, kinds, result.types.colors)
        set_title(right, f"Codes of {voters} together")
    return figure


def targets_route(result: Result) -> Figure | None:
    """The targets on the scan, with their numbers."""
    if not result.targets:
        return None
    figure, (axes,) = panels(5.6, (5.9,), between_in=0, after_in=1.05)
    draw_scan(axes, result)
    for target in sorted(result.targets, key=lambda t: -t.number):
        y, x = target.yx_px
        color = type_color(target.type, result.types.colors)
        axes.scatter([x], [y], s=110, c=color, edgecolors="black", linewidths=0.7)
        axes.annotate(
            str(target.number), (x, y), ha="center", va="center", fontsize=6.5, color="black"
        )
    set_title(axes, "Targets with their numbers, coloured by type")
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
    set_title(axes, f"Most typical patches ({window} px)")


def _draw_density(axes: Axes, z: NDArray[np.float64], title: str) -> None:
    set_title(axes, title)
    if z.shape[1] != 2:
        draw_latents(axes, z)
        return
    low, high = z.min(axis=0), z.max(axis=0)
    pad = 0.05 * (high - low)
    grids = [np.linspace(a, b, 90) for a, b in zip(low - pad, high + pad, strict=True)]
    mesh = np.stack(np.meshgrid(*grids, indexing="ij"))
    density = _kernel_density(z, mesh.reshape(2, -1).T).reshape(90, 90)
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


def _kernel_density(
    z: NDArray[np.float64], places: NDArray[np.float64], width: float = 0.15
) -> NDArray[np.float64]:
    """Density at places (P, 2) of codes z (N, 2), up to a factor: as scipy's, in products.

    The kernel is a Gaussian of the codes' covariance, so much narrower.
    """
    root = np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(z.T)))).T / width
    middle = z.mean(axis=0)
    at, of = (places - middle) @ root, (z - middle) @ root
    at = np.column_stack([at, -0.5 * (at**2).sum(axis=1), np.ones(len(at))])
    of = np.column_stack([of, np.ones(len(of)), -0.5 * (of**2).sum(axis=1)])
    density = np.zeros(len(places))
    for first in range(0, len(z), _AT_ONCE):
        exponent = at @ of[first : first + _AT_ONCE].T
        density += np.exp(np.minimum(exponent, 0, out=exponent), out=exponent).sum(axis=1)
    return density


def _maxima(density: NDArray[np.float64]) -> NDArray[np.int64]:
    """Grid places (P, 2) of the local maxima above 10 % of the highest."""
    from scipy.ndimage import maximum_filter

    peak = (density == maximum_filter(density, 7)) & (density > 0.1 * density.max())
    return np.argwhere(peak)

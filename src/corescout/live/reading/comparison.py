"""Two scans of one area: which types they give to the places that both show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from corescout.colors import type_color
from corescout.data import Result
from corescout.live.reading.identity import types_of_points

SAME_PLACE_PX = 2.0  # of the coarser scan: key points this close are of one place
_FRAME_COLOR = "#ffffff"


@dataclass(frozen=True, eq=False)
class Overlap:
    """Key points of two scans that lie at one place of the sample.

    Attributes
    ----------
    rows : (n, 2) int64
        Row of the first and of the second result.
    types : (n, 2) int64
    drift_m : tuple of float
        By which the second was moved back.
    found : int
        Key points of the second scan that lie on the first.
    """

    rows: NDArray[np.int64]
    types: NDArray[np.int64]
    drift_m: tuple[float, float]
    found: int

    @property
    def agreement(self) -> float:
        """Share of the places with the same type."""
        return float(np.mean(self.types[:, 0] == self.types[:, 1])) if len(self.types) else 0.0

    @property
    def by_chance(self) -> float:
        """The share that independent types of these frequencies would have."""
        kinds = np.unique(self.types)
        shares = [(self.types[:, i][:, None] == kinds).mean(axis=0) for i in (0, 1)]
        return float(shares[0] @ shares[1]) if len(self.types) else 0.0

    @property
    def mutual_information(self) -> float:
        """Adjusted mutual information; 0 by chance, 1 for the same types, of whatever number."""
        from sklearn.metrics import adjusted_mutual_info_score

        return float(adjusted_mutual_info_score(self.types[:, 0], self.types[:, 1]))


def overlap_of(first: Result, second: Result, drift_m: tuple[float, float] = (0.0, 0.0)) -> Overlap:
    """Pair the key points of two results whose scans have frames.

    Parameters
    ----------
    drift_m : tuple of float
        (x, y) of the sample from the first scan to the second, as `register(first, second)` says.
    """
    from scipy.spatial import cKDTree

    here, there = first.scan.frame, second.scan.frame
    if here is None or there is None:
        raise ValueError("overlap_of: expected scans with frames")
    places = here.to_m(np.asarray(first.patches.center_yx_px))
    others = there.to_m(np.asarray(second.patches.center_yx_px)) - np.asarray(drift_m)
    reach = SAME_PLACE_PX * max(*here.pitch_m, *there.pitch_m)
    near, row = cKDTree(places).query(others, distance_upper_bound=reach)
    paired = np.isfinite(near)
    order = np.argsort(near[paired], kind="stable")
    seconds, firsts = np.flatnonzero(paired)[order], row[paired][order]
    _, once = np.unique(firsts, return_index=True)  # the nearest of several
    rows = np.stack([firsts[once], seconds[once]], axis=1).astype(np.int64)
    types = np.stack(
        [types_of_points(first)[rows[:, 0]], types_of_points(second)[rows[:, 1]]], axis=1
    )
    return Overlap(rows, types, drift_m, int(here.contains_m(others).sum()))


def overlap_figure(first: Result, second: Result, overlap: Overlap) -> Figure:
    """Draw both scans with their types, and where they agree."""
    figure = Figure(figsize=(12, 4.9))
    left, middle, right = figure.subplots(1, 3)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.89, bottom=0.08, wspace=0.03)
    _draw(left, first, "first scan; the second one's frame\nas said (dotted) and as registered")
    _draw(middle, second, "second scan, read at the same places")
    there, here = second.scan.frame, first.scan.frame
    if there is None or here is None:
        return figure
    height, width = there.shape_px
    corners = np.array([(0, 0), (0, width), (height, width), (height, 0), (0, 0)]) - 0.5
    limits = left.axis()
    for moved, style in (((0.0, 0.0), ":"), (overlap.drift_m, "-")):
        outline = here.to_px(there.to_m(corners) - np.asarray(moved))
        left.plot(outline[:, 1], outline[:, 0], style, color=_FRAME_COLOR, lw=1.4)
    left.axis(limits)
    _show(right, second)
    places = np.asarray(second.patches.center_yx_px)[overlap.rows[:, 1]]
    same = overlap.types[:, 0] == overlap.types[:, 1]
    for chosen, color, name in ((same, "#2ca25f", "same type"), (~same, "#e34a33", "another")):
        label = f"{name}: {chosen.sum()}"
        right.scatter(places[chosen, 1], places[chosen, 0], s=14, c=color, label=label)
    _key(right)
    right.set_title(
        f"{len(places)} places of both scans: {overlap.agreement:.0%} of the same type\n"
        f"({overlap.by_chance:.0%} by chance), AMI {overlap.mutual_information:.2f}",
        fontsize=9,
    )
    right.set_axis_off()
    return figure


def _draw(axes: Axes, result: Result, title: str) -> None:
    _show(axes, result)
    places, kinds = np.asarray(result.patches.center_yx_px), types_of_points(result)
    for kind in np.unique(kinds):
        mine = places[kinds == kind]
        axes.scatter(mine[:, 1], mine[:, 0], s=7, c=type_color(int(kind)), label=f"type {kind}")
    _key(axes)
    axes.set_title(title, fontsize=9)
    axes.set_axis_off()


def _key(axes: Axes) -> None:
    """Say what the colours are, below the picture."""
    axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=4, frameon=False,
                markerscale=1.6)  # fmt: skip


def _show(axes: Axes, result: Result) -> None:
    image = np.asarray(result.scan.channel(result.channels[0]))
    low, high = (float(v) for v in np.nanpercentile(image, (1, 99)))
    axes.imshow(image, cmap="gray", vmin=low, vmax=high)

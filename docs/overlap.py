"""Draws overlap.png of live.md: `python docs/overlap.py FIRST SECOND`.

Types are read at the same places of two scans of one area, before and after their registration. On
these scans there is no evidence of more than one type: three components are taken, so that there is
something to compare.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from corescout import Plan, apply, explore, read_scan
from corescout.colors import type_color
from corescout.cores import typed_by_size
from corescout.data import Keypoints, Result
from corescout.live.reading.comparison import Overlap, overlap_of
from corescout.live.reading.identity import types_of_points
from corescout.registration import register

COMPONENTS = 3
_FRAME_COLOR = "#ffffff"


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


first, second = (read_scan(path) for path in sys.argv[1:3])
plan = Plan.preset("live", windows_px=(9, 11, 13), invariances=("r", "rt"))
decision = plan.decision.model_copy(update={"null_surrogates": 0, "seeds": 1, "types": "winner"})
result = explore(first, plan.model_copy(update={"decision": decision}))
mixture = result.fit.mixtures[COMPONENTS]
typed = typed_by_size(mixture, result.codes)
result = replace(result, mixture=mixture, type_of_component=typed.type_of_component)
found = register(first, second)
print(result.winner.label, found)


def at_the_same_places(drift_m):
    """Read the second scan where the first has its key points."""
    on_sample = first.frame.to_m(np.asarray(result.patches.center_yx_px)) + np.asarray(drift_m)
    inside = second.frame.contains_m(on_sample)
    places = second.frame.to_px(on_sample[inside])
    return apply(result, second, keypoints=Keypoints(places, np.ones(len(places)), "drawn"))


for drift_m in ((0.0, 0.0), found.drift_m):
    again = at_the_same_places(drift_m)
    overlap = overlap_of(result, again, drift_m)
    codes = [
        np.asarray(r.fit.latents.mean)[overlap.rows[:, i]] for i, r in ((0, result), (1, again))
    ]
    alike = [np.corrcoef(codes[0][:, k], codes[1][:, k])[0, 1] for k in range(codes[0].shape[1])]
    print(
        f"drift {1e9 * drift_m[0]:.0f}, {1e9 * drift_m[1]:.0f} nm: {len(overlap.rows)} places,"
        f" agreement {overlap.agreement:.2f} (by chance {overlap.by_chance:.2f}),"
        f" AMI {overlap.mutual_information:.2f}, codes correlate by {np.round(alike, 2).tolist()}"
    )
out = Path(sys.argv[3]) if len(sys.argv) > 3 else Path(__file__).with_name("overlap.png")
overlap_figure(result, again, overlap).savefig(out, dpi=110)

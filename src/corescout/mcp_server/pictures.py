"""Pictures of answers as PNG: small, and without text that a file could have written long."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from corescout.colors import type_color
from corescout.data import Result, Scan
from corescout.mcp_server.desk import Desk

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from corescout.steering import Prediction

_DPI = 80
_MOST_BYTES = 2 * 2**20
_MOST_SHOWN_PX = 512  # along either axis: a picture has no more
_COLUMNS, _ROWS = 6, 5  # of the sheet of patches
_LOG = logging.getLogger("corescout.mcp_server")


def png_of(desk: Desk, draw: Callable[[], Figure | None]) -> bytes | None:
    """Draw a figure; None where there is none, or it cannot be drawn: the answer goes without."""
    from corescout.report.drawing import png_bytes

    with desk.drawing:
        try:
            figure = draw()
            if figure is None:
                return None
            figure.set_dpi(_DPI)
            content = png_bytes(figure)
        except (ValueError, RuntimeError, TypeError) as error:  # such as a name that is no mathtext
            _LOG.warning("no picture: %s", error)
            return None
    return content if len(content) <= _MOST_BYTES else None


def scan_figure(scan: Scan, channel: str) -> Figure:
    """Draw one channel in grey, row 0 on top; axes count pixels."""
    from corescout.report.drawing import new_figure

    image = _thinned(np.asarray(scan.channel(channel), dtype=np.float64))
    figure = new_figure(5.2, 4.6)
    axes = figure.subplots()
    height, width = scan.shape_px
    known = image[np.isfinite(image)]
    low, high = np.percentile(known, [1, 99]) if known.size else (0.0, 1.0)
    axes.imshow(
        image, cmap="gray", vmin=low, vmax=high, extent=(-0.5, width - 0.5, height - 0.5, -0.5)
    )
    axes.set_xlabel("x (px)")
    axes.set_ylabel("y (px)")
    return figure


def type_figure(result: Result, number: int) -> Figure:
    """Draw where the points of a type are on the scan, beside its most typical patches."""
    from corescout.report.drawing import draw_scan, new_figure

    figure = new_figure(9.5, 4.4)
    left, right = figure.subplots(1, 2)
    draw_scan(left, result, colorbar=False)
    places = np.asarray(result.patches.center_yx_px)
    rows, color = result.types.rows(number), type_color(number, result.types.colors)
    left.scatter(places[rows, 1], places[rows, 0], s=8, c=color, linewidths=0)
    core = result.core_points.index[result.core_points.type == number]
    left.scatter(
        places[core, 1], places[core, 0], s=24, c=color, edgecolors="black", linewidths=0.6
    )
    left.set_title(f"Type {number}: {len(rows)} key points, {len(core)} core points", fontsize=10)
    right.imshow(_sheet(result, number), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    right.set_axis_off()
    window = result.patches.values.shape[-1]
    right.set_title(f"Its most typical patches ({window} px)", fontsize=10)
    return figure


def property_figure(result: Result, found: Prediction) -> Figure:
    """Draw mean and standard deviation of a prediction at every key point; squares are measured."""
    from corescout.report.drawing import draw_scan, new_figure

    figure = new_figure(9.5, 4.4)
    places = np.asarray(result.patches.center_yx_px)
    rows = np.asarray(found.measured.row)
    unit = f" ({found.unit})" if found.unit else ""
    shown = (("mean", found.mean), ("standard deviation", found.std))
    for axes, (title, values) in zip(figure.subplots(1, 2), shown, strict=True):
        draw_scan(axes, result, colorbar=False)
        dots = axes.scatter(places[:, 1], places[:, 0], s=10, c=values, cmap="viridis", lw=0)
        axes.scatter(places[rows, 1], places[rows, 0], s=26, marker="s", c="none", ec="white", lw=1)
        figure.colorbar(dots, ax=axes)
        axes.set_title(f"Predicted {title}{unit}", fontsize=10)
    return figure


def _sheet(result: Result, number: int) -> NDArray[np.float64]:
    """Patches of the core points in rows, the most typical first."""
    core, values = result.core_points, np.asarray(result.patches.values)
    members = np.flatnonzero(np.asarray(core.type) == number)
    best = members[np.argsort(-np.asarray(core.typicality)[members], kind="stable")]
    window = values.shape[-1]
    step = window + 2
    sheet = np.full((_ROWS * step - 2, _COLUMNS * step - 2), np.nan)
    for at, row in enumerate(best[: _ROWS * _COLUMNS]):
        y, x = step * (at // _COLUMNS), step * (at % _COLUMNS)
        sheet[y : y + window, x : x + window] = values[core.index[row], 0]
    return sheet


def _thinned(image: NDArray[np.float64]) -> NDArray[np.float64]:
    step = max(1, -(-max(image.shape) // _MOST_SHOWN_PX))
    return image[::step, ::step]

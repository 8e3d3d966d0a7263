"""A figure of what a property depends on: the measured values against each input."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from corescout.colors import type_color
from corescout.steering.property import Prediction

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS, _PANEL_IN = 3, (2.6, 2.1)
_DPI = 120
_BINS = 8  # of the prediction, as equal in number as may be


def inputs_figure(prediction: Prediction, most: int = 9) -> Figure:
    """Draw the measured values against each input, the most relevant first, coloured by type.

    The line is the mean of the prediction over all key points with such an input.

    Parameters
    ----------
    most : int
        Panels; inputs that tell of the type by themselves have none.
    """
    from matplotlib.figure import Figure

    names = [n for n in prediction.relevance if not n.startswith("type ")][:most]
    rows = -(-len(names) // _COLUMNS)
    width, height = _PANEL_IN
    figure = Figure((_COLUMNS * width, 0.5 + rows * height), layout="constrained")
    panels = figure.subplots(rows, _COLUMNS, squeeze=False, sharey=True).ravel()
    for name, axes in zip(names, panels, strict=False):
        _draw(axes, prediction, name)
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    label = f"{prediction.name} ({prediction.unit})" if prediction.unit else prediction.name
    figure.supylabel(label, fontsize=9)
    figure.suptitle(
        f"{prediction.name}: measured (dots, by type) and predicted (line), over inputs in units of"
        " their spread, with their share of the relevance", fontsize=8,
    )  # fmt: skip
    return figure


def png_bytes(figure: Figure) -> bytes:
    """The figure as a PNG."""
    with BytesIO() as file:
        figure.savefig(file, format="png", dpi=_DPI)
        return file.getvalue()


def _draw(axes: Axes, prediction: Prediction, name: str) -> None:
    field, measured = prediction.field, prediction.measured
    x = field.inputs[:, field.names.index(name)]
    rows, values = measured.row[measured.known], measured.value[measured.known]
    colors = [type_color(int(t)) for t in field.type[rows]]
    axes.scatter(x[rows], values, s=14, c=colors, linewidths=0)
    axes.plot(*_means(x, prediction.mean), color="black", lw=1.2)
    share = prediction.relevance[name]
    axes.set_title(f"{name}: {share:.0%}", fontsize=7)
    axes.tick_params(labelsize=7)


def _means(
    x: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean of x and of values (B,), in parts of the order of x."""
    parts = np.array_split(np.argsort(x, kind="stable"), _BINS)
    there = [part for part in parts if len(part)]
    return np.array([x[p].mean() for p in there]), np.array([values[p].mean() for p in there])

"""Lines of the scan that are in doubt, masked or mended, drawn over it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from corescout.data import Finding, LineFaults, Scan
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.layer_data import DOUBTED, MENDED, OURS, LayerData
from corescout.gui.canvas.placement import geometry
from corescout.gui.model.workspace import Workspace

MASKED = (1.0, 0.25, 0.1, 0.75)  # masked, lost, or said to jump
MENDED_COLOR = (0.2, 0.7, 1.0, 0.35)
STRETCH = (1.0, 0.7, 0.0, 0.15)  # a doubt about many lines on end: fading, a changed tip
LEAST_MENDED = 0.05  # log of a gain, or share of the largest offset: less is not worth a line
_STRETCH_KINDS = ("fading", "tip change")


class DoubtedLines:
    """Shows the lines that the doubts are about, and those that a run masked or mended.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    """

    def __init__(self, workspace: Workspace, canvas: Canvas) -> None:
        self._workspace, self._canvas = workspace, canvas
        workspace.doubts_changed.connect(self._show)
        workspace.result_changed.connect(self._show)

    def _show(self, _: object) -> None:
        workspace = self._workspace
        result = workspace.result
        scan = workspace.searched if result is not None else None
        if scan is None and workspace.chosen is not None:
            scan = workspace.chosen.scan
        if scan is None:
            return
        faults = None if result is None else result.line_faults
        doubted = doubted_lines_layer(scan, workspace.doubts, faults)
        # A clean scan is not cluttered with the small gains that were mended on it.
        if len(doubted[0]) or self._canvas.queue.holds(DOUBTED):
            self._canvas.show_layers([mended_lines_layer(scan, faults), doubted])


def doubted_lines_layer(
    scan: Scan, doubts: Sequence[Finding], faults: LineFaults | None = None
) -> LayerData:
    """Return lines along the fast axis: red where masked or jumping, amber where in doubt.

    Parameters
    ----------
    doubts : sequence of Finding
    faults : LineFaults, optional
        What a run did to the lines; the doubts alone if None.
    """
    height = scan.shape_px[0]
    color = np.zeros((height, 4))
    for doubt in doubts:
        lines = [line for line in doubt.lines if line < height]
        color[lines] = STRETCH if doubt.kind in _STRETCH_KINDS else MASKED
    if faults is not None and len(faults.masked) == height:
        color[np.asarray(faults.masked)] = MASKED
    return _lines(scan, DOUBTED, color)


def mended_lines_layer(scan: Scan, faults: LineFaults | None) -> LayerData:
    """Return the lines whose level a run changed clearly, hidden: there are many on most scans."""
    height = scan.shape_px[0]
    color = np.zeros((height, 4))
    if faults is not None and len(faults.masked) == height:
        color[_clearly_mended(faults)] = MENDED_COLOR
    places, options, kind = _lines(scan, MENDED, color)
    return places, {**options, "visible": False}, kind


def _lines(scan: Scan, name: str, color: NDArray[np.float64]) -> LayerData:
    """Lines over the whole width, of those rows that have a colour (H, 4)."""
    width = scan.shape_px[1]
    row = np.flatnonzero(color[:, 3])
    starts = np.column_stack([row, np.zeros(len(row))])
    along = np.tile([0.0, width - 1.0], (len(row), 1))
    return (
        np.stack([starts, along], axis=1),
        {
            "name": name,
            "metadata": {OURS: name},
            "vector_style": "line",
            "edge_color": [tuple(c) for c in color[row].tolist()] or "red",
            "edge_width": 1.0,
            **geometry(scan),
        },
        "vectors",
    )


def _clearly_mended(faults: LineFaults) -> NDArray[np.bool_]:
    level = np.abs(np.asarray(faults.level))
    return np.asarray(level > LEAST_MENDED * (level.max() if faults.of_offsets else 1.0))

"""The selection on the scan: rings around it, and what is selected with napari's own tools."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QTimer

from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.layer_data import (
    CORE,
    KEYPOINTS,
    SELECTED,
    TYPES,
    selected_layer,
    shown_of,
)
from corescout.gui.canvas.layer_updates import find_layer
from corescout.gui.canvas.type_points import TypePoints
from corescout.gui.model.candidate_view import CandidateView
from corescout.gui.model.workspace import Workspace

_EDITS = ("added", "removed", "changed")


class ScanSelection:
    """Ties the selection to our layers on the scan, both ways.

    What is selected has a ring in a layer of its own: napari's own marks are only seen while a
    layer is the active one. What is selected with napari's tools in the key points, the types or
    the core points is selected in the plot.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    points : TypePoints
        Put back where they were deleted.
    """

    def __init__(self, workspace: Workspace, canvas: Canvas, points: TypePoints) -> None:
        self._workspace, self._canvas, self._points = workspace, canvas, points
        self._count = -1  # patches of the view before
        self._pointed = -1  # the patch that the mouse is on, here or in the plot
        self._followed: list[weakref.ref[Any]] = []
        workspace.selection.changed.connect(self._show)
        workspace.view_changed.connect(self._view_changed)
        events = canvas.viewer.layers.events
        canvas.connections.connect(events.inserted, self._follow)

    def select_on_scan(self) -> None:
        """Make napari's own selection tool ready on the layer of the types."""
        layer = find_layer(self._canvas.viewer, TYPES)
        if layer is not None:
            self._canvas.viewer.layers.selection.active = layer
            layer.mode = "select"

    def point_at(self, row: int) -> None:
        """Draw a ring around the patch that the mouse is on; -1 for none."""
        if row != self._pointed:
            self._pointed = row
            self._show(self._workspace.selection.rows)

    def _view_changed(self, view: CandidateView | None) -> None:
        count = -1 if view is None else len(view.z)
        before, self._count = self._count, count
        if view is None or count != before:
            self._workspace.selection.clear()
        self._follow()
        self._show(self._workspace.selection.rows)

    def _follow(self, event: Any = None) -> None:
        """Listen to those of our layers that are new."""
        self._followed = [r for r in self._followed if r() is not None]
        for name in (KEYPOINTS, TYPES, CORE):
            layer = find_layer(self._canvas.viewer, name)
            if layer is None or any(reference() is layer for reference in self._followed):
                continue
            found = weakref.ref(layer)

            def follow(*_: Any, found: Any = found, name: str = name) -> None:
                if found() is not None:
                    self._take(found(), name)

            self._canvas.connections.connect(_selection_event(layer), follow)
            if name == TYPES:
                self._canvas.connections.connect(layer.events.data, self._put_back)
            self._followed.append(found)

    def _put_back(self, event: Any) -> None:
        """Points of the types that were deleted or moved come back: key points are edited above."""
        layer, view = event.source, self._workspace.view
        edited = str(getattr(event.action, "value", event.action)) in _EDITS
        if view is not None and edited and not np.array_equal(layer.data, view.yx_px):
            QTimer.singleShot(0, self._points.show_again)

    def _take(self, layer: Any, name: str) -> None:
        """Take what was selected in one of our layers."""
        if self._workspace.view is None or self._workspace.closed:
            return
        index = np.fromiter(layer.selected_data, dtype=np.int64)
        rows = self._rows_of(name, index, len(layer.data))
        if rows is not None:
            self._workspace.selection.set(rows)

    def _rows_of(self, name: str, index: NDArray[np.int64], count: int) -> NDArray[np.int64] | None:
        """Patches of points of a layer; None where it shows others than the view's."""
        view = self._workspace.view
        if view is None:
            return None
        if name == CORE:
            core = np.asarray(view.core.index)
            return core[index] if count == len(core) else None
        if name == KEYPOINTS and view.result is not None:
            patch_of = view.result.patches.index
            known = count == len(view.result.keypoints)
            return np.flatnonzero(np.isin(patch_of, index)) if known else None
        return index if count == len(view.z) else None

    def _show(self, rows: NDArray[np.int64]) -> None:
        """Draw rings around the selected points."""
        workspace, viewer = self._workspace, self._canvas.viewer
        view = workspace.view
        scan = view.scan if view is not None else None
        layer = find_layer(viewer, SELECTED)
        if view is not None and 0 <= self._pointed < len(view.z):
            rows = np.union1d(rows, [self._pointed])
        if workspace.closed or (layer is None and (view is None or len(rows) == 0)):
            return
        places = np.zeros((0, 2))
        if view is not None:
            seen = shown_of(view.types)
            places = view.yx_px[rows[seen[rows]]]
        if layer is not None:
            layer.data = places
            return
        if scan is None:
            return
        data, options, _ = selected_layer(scan, places)
        active = viewer.layers.selection.active
        viewer.add_points(data, **options)
        if active is not None:
            viewer.layers.selection.active = active


def _selection_event(layer: Any) -> Any:
    """The signal that a Points layer's selection is another: psygnal's, or napari's own set's."""
    events = layer.selected_data.events
    return events.items_changed if hasattr(events, "items_changed") else events.changed

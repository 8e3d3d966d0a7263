"""One selection of key points, in the plot and on the scan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Qt, QTimer, Signal

from corescout.gui.canvas import layer_data as shown
from corescout.gui.model.candidate_view import CandidateView

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer

_NONE = np.zeros(0, np.int64)


class PointSelection(QObject):  # type: ignore[misc]
    """Rows of the patches that are selected; who changes them tells everybody else.

    Attributes
    ----------
    rows : (n,) int64
        Sorted, each once.
    """

    changed = Signal(object)  # rows

    def __init__(self) -> None:
        super().__init__()
        self.rows = _NONE

    def set(self, rows: NDArray[np.int64]) -> None:
        """Select other rows."""
        rows = np.unique(np.asarray(rows, dtype=np.int64))
        if not np.array_equal(rows, self.rows):
            self.rows = rows
            self.changed.emit(rows)

    def combine(self, rows: NDArray[np.int64], modifiers: Any) -> None:
        """Select rows; with Shift as well as, with Alt or Ctrl all but them, as napari does it."""
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            rows = np.union1d(self.rows, rows)
        elif modifiers & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier):
            rows = np.setdiff1d(self.rows, rows)
        self.set(rows)

    def clear(self) -> None:
        """Select nothing."""
        self.set(_NONE)


class ScanSelection:
    """Ties the selection to our layers on the scan, both ways.

    What is selected has a ring in a layer of its own: napari's own marks are only seen while a
    layer is the active one. What is selected with napari's tools in the key points, the types or
    the core points is selected in the plot.
    """

    def __init__(self, explorer: Explorer, selection: PointSelection) -> None:
        self._explorer, self._selection = explorer, selection
        self._view: CandidateView | None = None
        self._followed: list[tuple[Any, Any]] = []  # layer, callback
        self._quiet = False
        selection.changed.connect(self._show)
        events = explorer.viewer.layers.events
        events.inserted.connect(self._follow)
        events.removed.connect(self._forget)

    def set_view(self, view: CandidateView | None) -> None:
        """The points are those of this view now."""
        if view is None or self._view is None or len(view.z) != len(self._view.z):
            self._selection.clear()
        self._view = view
        self._follow()
        self._show(self._selection.rows)

    def leave(self) -> None:
        """Let go of the viewer's events."""
        events = self._explorer.viewer.layers.events
        events.inserted.disconnect(self._follow)
        events.removed.disconnect(self._forget)
        for layer, callback in self._followed:
            _selection_event(layer).disconnect(callback)
            layer.events.data.disconnect(self._put_back)
        self._followed = []

    def _follow(self, event: Any = None) -> None:
        """Listen to those of our layers that are new."""
        known = [layer for layer, _ in self._followed]
        for name in (shown.KEYPOINTS, shown.TYPES, shown.CORE):
            layer = shown.find_layer(self._explorer.viewer, name)
            if layer is None or any(layer is other for other in known):
                continue

            def follow(*_: Any, layer: Any = layer, name: str = name) -> None:
                self._take(layer, name)

            _selection_event(layer).connect(follow)
            if name == shown.TYPES:
                layer.events.data.connect(self._put_back)
            self._followed.append((layer, follow))

    def _forget(self, event: Any) -> None:
        self._followed = [pair for pair in self._followed if pair[0] is not event.value]

    def _put_back(self, event: Any) -> None:
        """Points of the types that were deleted or moved come back: key points are edited above."""
        layer, view = event.source, self._view
        edited = str(getattr(event.action, "value", event.action)) in (
            "added",
            "removed",
            "changed",
        )
        if view is None or not edited or np.array_equal(layer.data, view.yx_px):
            return
        QTimer.singleShot(0, self._explorer.latent_panel.show_on_scan)

    def select_on_scan(self) -> None:
        """Make napari's own selection tool ready on the layer of the types."""
        layer = shown.find_layer(self._explorer.viewer, shown.TYPES)
        if layer is not None:
            self._explorer.viewer.layers.selection.active = layer
            layer.mode = "select"

    def _take(self, layer: Any, name: str) -> None:
        """Take what was selected in one of our layers."""
        if self._quiet or self._view is None or self._explorer.closed:
            return
        index = np.fromiter(layer.selected_data, dtype=np.int64)
        rows = self._rows_of(name, index, len(layer.data))
        if rows is not None:
            self._selection.set(rows)

    def _rows_of(self, name: str, index: NDArray[np.int64], count: int) -> NDArray[np.int64] | None:
        """Patches of points of a layer; None where it shows others than the view's."""
        view = self._view
        if view is None:
            return None
        if name == shown.CORE:
            core = np.asarray(view.core.index)
            return core[index] if count == len(core) else None
        if name == shown.KEYPOINTS and view.result is not None:
            patch_of = view.result.patches.index
            known = count == len(view.result.keypoints)
            return np.flatnonzero(np.isin(patch_of, index)) if known else None
        return index if count == len(view.z) else None

    def _show(self, rows: NDArray[np.int64]) -> None:
        """Draw rings around the selected points."""
        viewer, view = self._explorer.viewer, self._view
        layer = shown.find_layer(viewer, shown.SELECTED)
        if self._explorer.closed or (layer is None and (view is None or len(rows) == 0)):
            return
        places = np.zeros((0, 2))
        if view is not None:
            seen = shown.shown_of(view.types)
            places = view.yx_px[rows[seen[rows]]]
        if layer is not None:
            layer.data = places
            return
        data, options, _ = shown.selected_layer(self._scan(), places)
        active = viewer.layers.selection.active
        viewer.add_points(data, **options)
        if active is not None:
            viewer.layers.selection.active = active

    def _scan(self) -> Any:
        result = self._explorer.result
        if result is not None:
            return result.scan
        return self._explorer.scan_of(self._explorer.image_layer())


def _selection_event(layer: Any) -> Any:
    """The signal that a Points layer's selection is another: psygnal's, or napari's own set's."""
    events = layer.selected_data.events
    return events.items_changed if hasattr(events, "items_changed") else events.changed

"""The targets on the scan: a Points layer of ours that the operator may edit with the mouse."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corescout.gui.canvas.layer_data import TARGET_COLORS, TARGETS, find_layer

_EDITS = ("added", "removed", "changed")


class TargetLayer:
    """Hears edits and selections in the layer, and makes them.

    Parameters
    ----------
    viewer : napari.Viewer
    edited : callable
        Given the places (n, 2) after each edit in the layer, by hand or not.
    selected : callable
        Given the rows that were selected on the scan.
    """

    def __init__(
        self,
        viewer: Any,
        edited: Callable[[NDArray[np.float64]], None],
        selected: Callable[[set[int]], None],
    ) -> None:
        self._viewer, self._edited, self._selected = viewer, edited, selected
        self._layer: Any = None
        self._quiet = False
        viewer.layers.events.inserted.connect(self._follow)
        viewer.layers.events.removed.connect(self._follow)
        self._follow()

    def leave(self) -> None:
        """Hear nothing more."""
        self._viewer.layers.events.inserted.disconnect(self._follow)
        self._viewer.layers.events.removed.disconnect(self._follow)
        self._let_go()

    def select(self, rows: Collection[int]) -> None:
        """Select points without saying that the operator did."""
        if self._layer is None:
            return
        self._quiet = True
        try:
            self._layer.selected_data = {r for r in rows if r < len(self._layer.data)}
        finally:
            self._quiet = False

    def set_mode(self, mode: str) -> None:
        """Let the mouse look, add or move: the layer becomes the active one."""
        if self._layer is not None:
            self._viewer.layers.selection.active = self._layer
            self._layer.mode = mode

    def show_states(self, states: Sequence[str]) -> None:
        """Colour the borders by state."""
        layer = self._layer
        if layer is None or len(layer.data) != len(states) or not states:
            return
        if list(layer.features.get("state", [])) != list(states):
            layer.border_color = [TARGET_COLORS[state] for state in states]
            features = layer.features.copy()
            features["state"] = list(states)
            layer.features = features

    def _follow(self, event: object = None) -> None:
        found = find_layer(self._viewer, TARGETS)
        if found is self._layer:
            return
        self._let_go()
        self._layer = found
        if found is not None:
            found.events.data.connect(self._data_changed)
            found.selected_data.events.items_changed.connect(self._selection_changed)
            found.mouse_drag_callbacks.append(self._clicked)

    def _let_go(self) -> None:
        layer, self._layer = self._layer, None
        if layer is not None:
            layer.events.data.disconnect(self._data_changed)
            layer.selected_data.events.items_changed.disconnect(self._selection_changed)
            if self._clicked in layer.mouse_drag_callbacks:
                layer.mouse_drag_callbacks.remove(self._clicked)

    def _data_changed(self, event: Any) -> None:
        if str(getattr(event.action, "value", event.action)) in _EDITS:
            self._edited(np.asarray(self._layer.data, dtype=np.float64))

    def _selection_changed(self, *_: object) -> None:
        if not self._quiet:
            self._selected({int(i) for i in self._layer.selected_data})

    def _clicked(self, layer: Any, event: Any) -> None:
        """While the mouse looks, a click on a target selects it too."""
        if str(layer.mode) == "pan_zoom":
            row = layer.get_value(event.position, world=True)
            if row is not None:
                layer.selected_data = {int(row)}

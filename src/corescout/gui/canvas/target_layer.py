"""The targets on the scan: a Points layer of ours that the operator may edit with the mouse."""

from __future__ import annotations

from typing import Any

import numpy as np
from psygnal import Signal

from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.layer_data import OURS, TARGET_COLORS, TARGETS
from corescout.gui.canvas.layer_updates import find_layer
from corescout.gui.model.target_edits import edit_targets, edited
from corescout.gui.model.workspace import Workspace

_EDITS = ("added", "removed", "changed")


class TargetLayer:
    """Hears edits and selections in the layer, and shows those that were made elsewhere.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    """

    mode_changed = Signal(str)  # also where napari's own buttons changed it

    def __init__(self, workspace: Workspace, canvas: Canvas) -> None:
        self._workspace, self._canvas = workspace, canvas
        self._layer: Any = None
        self._quiet = False
        events = canvas.viewer.layers.events
        canvas.connections.connect(events.inserted, self._follow)
        canvas.connections.connect(events.removed, self._follow)
        workspace.targets.states_changed.connect(self._show_states)
        workspace.targets.selected_changed.connect(self._show_selected)
        active = canvas.viewer.layers.selection.events.active
        canvas.connections.connect(active, self._tell_mode)
        self._follow()

    def set_mode(self, mode: str) -> None:
        """Let the mouse look, add or move: the layer becomes the active one."""
        if self._layer is not None:
            self._canvas.viewer.layers.selection.active = self._layer
            self._layer.mode = mode

    @property
    def mode(self) -> str:
        """What the mouse does to the targets; where another layer is active it looks."""
        active = self._canvas.viewer.layers.selection.active
        ours = active is not None and active.metadata.get(OURS) == TARGETS
        return str(active.mode) if active is not None and ours else "pan_zoom"

    def _tell_mode(self, event: object = None) -> None:
        self.mode_changed.emit(self.mode)

    def _show_selected(self) -> None:
        """Select points without saying that the operator did."""
        rows = self._workspace.targets.selected
        if self._layer is None or rows == {int(i) for i in self._layer.selected_data}:
            return
        self._quiet = True
        try:
            self._layer.selected_data = {r for r in rows if r < len(self._layer.data)}
        finally:
            self._quiet = False

    def _show_states(self) -> None:
        """Colour the borders by state."""
        layer, states = self._layer, self._workspace.targets.states
        if layer is None or len(layer.data) != len(states) or not states:
            return
        if list(layer.features.get("state", [])) != states:
            layer.border_color = [TARGET_COLORS[state] for state in states]
            features = layer.features.copy()
            features["state"] = states
            layer.features = features

    def _follow(self, event: object = None) -> None:
        found = find_layer(self._canvas.viewer, TARGETS)
        if found is self._layer:
            return
        self._let_go()
        self._layer = found
        if found is not None:
            connections = self._canvas.connections
            connections.connect(found.events.data, self._data_changed)
            connections.connect(found.events.mode, self._tell_mode)
            connections.connect(found.selected_data.events.items_changed, self._selection_changed)
            connections.append(found.mouse_drag_callbacks, self._clicked)

    def _let_go(self) -> None:
        layer, self._layer = self._layer, None
        if layer is not None:
            connections = self._canvas.connections
            connections.disconnect(layer.events.data, self._data_changed)
            connections.disconnect(layer.events.mode, self._tell_mode)
            items_changed = layer.selected_data.events.items_changed
            connections.disconnect(items_changed, self._selection_changed)
            connections.remove(layer.mouse_drag_callbacks, self._clicked)

    def _data_changed(self, event: Any) -> None:
        result = self._workspace.result
        if result is None or str(getattr(event.action, "value", event.action)) not in _EDITS:
            return
        places = np.asarray(self._layer.data, dtype=np.float64)
        found = edited(result, self._workspace.targets.ordered, places)
        if found is not None:
            edit_targets(self._workspace, *found)

    def _selection_changed(self, *_: object) -> None:
        if not self._quiet:
            self._workspace.targets.select({int(i) for i in self._layer.selected_data})

    def _clicked(self, layer: Any, event: Any) -> None:
        """While the mouse looks, a click on a target selects it too."""
        if str(layer.mode) == "pan_zoom":
            row = layer.get_value(event.position, world=True)
            if row is not None:
                layer.selected_data = {int(row)}

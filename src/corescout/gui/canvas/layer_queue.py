"""Our layers in the viewer, shown one at a time: adding one takes a tenth of a second."""

from __future__ import annotations

from typing import Any

from corescout.gui.canvas.layer_data import DOUBTED, LIVE, MENDED, OURS, SCAN, STACK, LayerData
from corescout.gui.canvas.layer_updates import find_layer, update_layer
from corescout.gui.canvas.letters import Letters


class LayerQueue:
    """Layers that are still to be added or updated.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._waiting: list[LayerData] = []
        self._letters = Letters()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, layers: list[LayerData]) -> None:
        """Queue layers; one of the same name that still waits is dropped."""
        for data in layers:
            name = data[1]["name"]
            self._waiting = [other for other in self._waiting if other[1]["name"] != name]
            self._waiting.append(data)

    def clear(self) -> None:
        """Show none of those that wait."""
        self._waiting = []

    def holds(self, name: str) -> bool:
        """Whether a layer is in the viewer or waits to be."""
        if find_layer(self._viewer, name) is not None:
            return True
        return any(e[1]["name"] == name for e in self._waiting)

    def show_present(self) -> None:
        """Update at once what is in the viewer already; what must be added waits for its turn."""
        for entry in list(self._waiting):
            present = find_layer(self._viewer, entry[1]["name"])
            if present is not None:
                self._waiting = [other for other in self._waiting if other is not entry]
                update_layer(present, entry)

    def show_next(self) -> None:
        """Show the first that waits: update ours of its name, or add it over the others."""
        if not self._waiting:
            return
        entry, rest = self._letters.split(self._waiting.pop(0))
        if rest is not None:
            self._waiting.insert(0, rest)
        data, options, kind = entry
        present = find_layer(self._viewer, options["name"])
        if present is not None:
            update_layer(present, (data, options, kind))
            raise_over_scans(self._viewer, present)
            put_in_order(self._viewer)
            return
        selected = self._viewer.layers.selection.active
        getattr(self._viewer, f"add_{kind}")(data, **options)
        put_in_order(self._viewer)
        if selected is not None and selected in self._viewer.layers:
            self._viewer.layers.selection.active = selected


def raise_over_scans(viewer: Any, layer: Any) -> None:
    """Move a layer of ours to the top where a scan that came later hides it."""
    place = viewer.layers.index(layer)
    later = list(viewer.layers)[place + 1 :]
    if any(other.visible and _is_scan(other) for other in later):
        viewer.layers.move(place, len(viewer.layers))


def put_in_order(viewer: Any) -> None:
    """Put our points and lines over each other as Explore draws them: targets on top."""
    layers = viewer.layers
    order = (MENDED, DOUBTED, *STACK)
    ours = [layer for layer in layers if layer.metadata.get(OURS) in order]
    wanted = sorted(ours, key=lambda layer: order.index(layer.metadata[OURS]))
    if ours == wanted:
        return
    with layers.events.reordered.blocker():  # `move_multiple` fails where they are not in order
        for layer in wanted:
            layers.move(layers.index(layer), len(layers))
    layers.events.reordered(value=layers)


def _is_scan(layer: Any) -> bool:
    ours = layer.metadata.get(OURS)
    return (SCAN in layer.metadata and ours is None) or ours == LIVE

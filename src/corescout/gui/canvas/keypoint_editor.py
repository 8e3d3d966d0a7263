"""Key points by hand: the layers that they are drawn in, and each edit on the undo stack."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from corescout.data import Keypoints, Scan
from corescout.gui.canvas import layer_data as shown
from corescout.gui.model.keypoint_edits import KeypointEdits, Kind, Outline
from corescout.gui.model.undo import Change

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer

OUTLINE_COLORS: dict[Kind, str] = {
    "along": "#56B4E9", "include": "#009E73", "exclude": "#D55E00",
}  # fmt: skip
_WORDS: dict[Kind, str] = {
    "along": "key points along a line", "include": "include a region",
    "exclude": "exclude a region",
}  # fmt: skip
_DONE = ("added", "removed", "changed")


class KeypointEditor(QObject):  # type: ignore[misc]
    """Keeps detected points and edits apart, shows both as one layer.

    Parameters
    ----------
    explorer : Explorer
    spacing_px : callable
        Returns the spacing that paths are followed with.
    """

    changed = Signal()  # other key points than before

    def __init__(self, explorer: Explorer, spacing_px: Callable[[], float]) -> None:
        super().__init__(explorer)
        self._explorer, self._spacing_px = explorer, spacing_px
        self._scan: Scan | None = None
        self._detected: Keypoints | None = None
        self._edits = KeypointEdits()
        self._edits_of: dict[str, KeypointEdits] = {}  # of scans that were shown before, by uid
        self._keypoints: Keypoints | None = None
        self._kind: Kind = "along"
        self._ours = 0  # deep in a change of a layer that this class makes
        self._followed: list[weakref.ref[Any]] = []
        self._look = QTimer(self)  # after the event: a shape is not finished when it is announced
        self._look.setSingleShot(True)
        self._look.setInterval(0)
        self._look.timeout.connect(self.take_edits)

    # -- what others ask ------------------------------------------------------------------

    @property
    def keypoints(self) -> Keypoints | None:
        """Detected and edited key points; None where none could be found."""
        return self._keypoints

    @property
    def scan_uid(self) -> str | None:
        """The scan whose key points they are."""
        return self._scan.uid if self._scan is not None else None

    @property
    def edits(self) -> KeypointEdits:
        """What was done by hand."""
        return self._edits

    def set_detected(self, scan: Scan, detected: Keypoints | None) -> None:
        """Show what was detected on a scan, with its edits; those of other scans are kept."""
        before, self._scan, self._detected = self._scan, scan, detected
        if before is not None and before.uid != scan.uid:
            self._edits_of[before.uid] = self._edits
            self._edits = self._edits_of.pop(scan.uid, KeypointEdits())
            self._show_outlines()
        self._show()

    def set_edits(self, edits: KeypointEdits, scan: Scan | None = None) -> None:
        """Show other edits without an entry on the undo stack; those of a scan, if one is given."""
        self._edits = edits
        if scan is not None:
            self._scan, self._detected = scan, None
        self._show_outlines()
        self._show()

    def push(self, edits: KeypointEdits, text: str) -> None:
        """Make an edit that can be undone, also after another scan was shown."""
        uid, before = self.scan_uid, self._edits

        def show(wanted: KeypointEdits) -> None:
            if uid is None or uid == self.scan_uid:
                self.set_edits(wanted)
            else:
                self._edits_of[uid] = wanted

        self._explorer.undo_stack.push(Change(text, lambda: show(edits), lambda: show(before)))

    def clear(self) -> None:
        """Forget all edits; undo brings them back."""
        if self._edits:
            self.push(KeypointEdits(), "clear the edits of key points")

    # -- tools ----------------------------------------------------------------------------

    def draw(self, kind: Kind, *, closed: bool) -> None:
        """Let the operator draw a line or a polygon; a double click or Enter ends it."""
        layer = self._outline_layer()
        if layer is None:
            return
        self._kind = kind
        color = OUTLINE_COLORS[kind]
        layer.visible = True
        self._explorer.viewer.layers.selection = {layer}
        layer.selected_data = set()
        layer.current_edge_color = color
        layer.current_face_color = color + "30" if closed else "#00000000"
        layer.mode = "add_polygon" if closed else "add_polyline"

    def point_tool(self, mode: str) -> None:
        """Add points by a click ("add"), or select, drag and delete them ("select")."""
        layer = shown.find_layer(self._explorer.viewer, shown.KEYPOINTS)
        if layer is not None:
            layer.visible = True
            self._explorer.viewer.layers.selection = {layer}
            layer.mode = mode

    def rest(self) -> None:
        """Put the tools down: the mouse moves the view again."""
        for name in (shown.KEYPOINTS, shown.OUTLINES):
            layer = shown.find_layer(self._explorer.viewer, name)
            if layer is not None:
                layer.mode = "pan_zoom"

    def leave(self) -> None:
        """Let go of the layers."""
        self._look.stop()
        for reference in self._followed:
            layer = reference()
            if layer is not None:
                layer.events.data.disconnect(self._layer_changed)
        self._followed = []

    # -- layers to edits ------------------------------------------------------------------

    def _layer_changed(self, event: Any) -> None:
        action = str(getattr(event, "action", "changed"))
        if not self._ours and action.rpartition(".")[2].lower() in _DONE:
            self._look.start()

    def take_edits(self) -> None:
        """Look now what was done to the layers since the last edit."""
        points = shown.find_layer(self._explorer.viewer, shown.KEYPOINTS)
        if points is not None and self._keypoints is not None:
            before, after = np.asarray(self._keypoints.yx_px), np.array(points.data)
            edits = self._edits.moved(before, after)
            if edits is not self._edits:
                self.push(edits, _point_words(len(before), len(after)))
                return
        outlines = shown.find_layer(self._explorer.viewer, shown.OUTLINES)
        if outlines is not None:
            drawn = self._outlines_of(outlines)
            if not _same(drawn, self._edits.outlines):
                grown = len(drawn) > len(self._edits.outlines)
                text = _WORDS[drawn[-1].kind] if grown else "change an outline"
                self.push(self._edits.with_outlines(drawn), text)

    def _outlines_of(self, layer: Any) -> tuple[Outline, ...]:
        """What the layer shows; an outline keeps its kind, a new one has that of the tool."""
        old = self._edits.outlines
        places = [np.array(data, dtype=np.float64) for data in layer.data]
        closed = [kind not in ("path", "line") for kind in layer.shape_type]
        if len(places) >= len(old):
            kinds = [o.kind for o in old] + [self._kind] * (len(places) - len(old))
        else:
            kinds = [_kind_of(place, old) or self._kind for place in places]
        return tuple(map(Outline, kinds, places, closed))

    # -- edits to layers ------------------------------------------------------------------

    def _show(self) -> None:
        detected = self._detected
        self._keypoints = None
        if detected is not None and self._scan is not None:
            self._keypoints = self._edits.apply(detected, self._spacing_px())
            self._put_points(self._scan, self._keypoints)
        self.changed.emit()

    def _put_points(self, scan: Scan, keypoints: Keypoints) -> None:
        data = shown.keypoint_layer(scan, keypoints)
        layer = shown.find_layer(self._explorer.viewer, shown.KEYPOINTS)
        if layer is None:
            self._explorer.show_layers([data])
            return
        self._follow(layer)
        self._ours += 1
        try:
            shown.update_layer(layer, data)
        finally:
            self._ours -= 1

    def _show_outlines(self) -> None:
        layer = shown.find_layer(self._explorer.viewer, shown.OUTLINES)
        if layer is None and self._edits.outlines:
            layer = self._outline_layer()
        if layer is None or _same(self._outlines_of(layer), self._edits.outlines):
            return
        self._ours += 1
        try:
            layer.data = []
            for outline in self._edits.outlines:
                color = OUTLINE_COLORS[outline.kind]
                layer.add(
                    np.array(outline.vertices_px),
                    shape_type="polygon" if outline.closed else "path",
                    edge_color=color,
                    face_color=color + "30" if outline.closed else "#00000000",
                    edge_width=shown.OUTLINE_WIDTH_PX,
                )
        finally:
            self._ours -= 1

    def _outline_layer(self) -> Any | None:
        viewer = self._explorer.viewer
        layer = shown.find_layer(viewer, shown.OUTLINES)
        if layer is None and self._scan is not None:
            data, options, _ = shown.outline_layer(self._scan)
            layer = viewer.add_shapes(data, **options)
        if layer is not None:
            self._follow(layer)
        return layer

    def follow_layers(self) -> None:
        """Follow our layer of key points, once it is there."""
        layer = shown.find_layer(self._explorer.viewer, shown.KEYPOINTS)
        if layer is not None:
            self._follow(layer)

    def _follow(self, layer: Any) -> None:
        if not any(reference() is layer for reference in self._followed):
            self._followed.append(weakref.ref(layer))
            layer.events.data.connect(self._layer_changed)


def _kind_of(place: Any, outlines: tuple[Outline, ...]) -> Kind | None:
    for outline in outlines:
        if np.array_equal(outline.vertices_px, place):
            return outline.kind
    return None


def _same(one: tuple[Outline, ...], other: tuple[Outline, ...]) -> bool:
    if len(one) != len(other):
        return False
    return all(
        a.kind == b.kind and np.array_equal(a.vertices_px, b.vertices_px)
        for a, b in zip(one, other, strict=True)
    )


def _point_words(before: int, after: int) -> str:
    if after > before:
        return "add a key point" if after == before + 1 else f"add {after - before} key points"
    if after < before:
        count = before - after
        return "delete a key point" if count == 1 else f"delete {count} key points"
    return "move key points"

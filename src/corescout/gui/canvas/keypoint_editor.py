"""Key points by hand: the layers that they are drawn in, and each edit on the undo stack."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from corescout.data import Keypoints, Scan
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.layer_data import (
    KEYPOINTS,
    OURS,
    OUTLINE_WIDTH_PX,
    OUTLINES,
    keypoint_layer,
    outline_layer,
)
from corescout.gui.canvas.layer_updates import find_layer, update_layer
from corescout.gui.model.keypoint_edits import Outline, OutlineKind
from corescout.gui.model.workspace import Workspace

OUTLINE_COLORS: dict[OutlineKind, str] = {
    "along": "#56B4E9", "include": "#009E73", "exclude": "#D55E00",
}  # fmt: skip
_WORDS: dict[OutlineKind, str] = {
    "along": "key points along a line", "include": "include a region",
    "exclude": "exclude a region",
}  # fmt: skip
_DONE = ("added", "removed", "changed")


_POINT_TOOLS = {"add": "add", "select": "select"}


class KeypointEditor(QObject):
    """Shows the key points as one layer, and makes edits of what is done to it.

    Parameters
    ----------
    workspace : Workspace
        Its `key_points` are shown and edited.
    canvas : Canvas
    parent : QObject
    """

    tool_changed = Signal(str)  # the one in hand, also where napari's own buttons took it up

    def __init__(self, workspace: Workspace, canvas: Canvas, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._points, self._canvas = workspace, workspace.key_points, canvas
        self._kind: OutlineKind = "along"
        self._put: tuple[Scan, Keypoints, Keypoints | None] | None = None  # last shown
        self._ours = 0  # deep in a change of a layer that this class makes
        self._followed: list[weakref.ref[Any]] = []
        self._look = QTimer(self)  # after the event: a shape is not finished when it is announced
        self._look.setSingleShot(True)
        self._look.setInterval(0)
        self._look.timeout.connect(self.take_edits)
        self._points.edits_changed.connect(self._show_outlines)
        self._points.changed.connect(self._put_points)
        canvas.connections.connect(canvas.viewer.layers.events.inserted, self._follow_points)
        active = canvas.viewer.layers.selection.events.active
        canvas.connections.connect(active, self._tell_tool)
        workspace.closing.connect(lambda: self._look.stop())

    # -- tools ----------------------------------------------------------------------------

    def draw(self, kind: OutlineKind, *, closed: bool) -> None:
        """Let the operator draw a line or a polygon; a double click or Enter ends it."""
        layer = self._outline_layer()
        if layer is None:
            return
        self._kind = kind
        color = OUTLINE_COLORS[kind]
        layer.visible = True
        self._canvas.viewer.layers.selection = {layer}
        layer.selected_data = set()
        layer.current_edge_color = color
        layer.current_face_color = color + "30" if closed else "#00000000"
        layer.mode = "add_polygon" if closed else "add_polyline"
        self._tell_tool()  # of another kind, the mode is as before

    def point_tool(self, mode: str) -> None:
        """Add points by a click ("add"), or select, drag and delete them ("select")."""
        layer = find_layer(self._canvas.viewer, KEYPOINTS)
        if layer is not None:
            layer.visible = True
            self._canvas.viewer.layers.selection = {layer}
            layer.mode = mode

    def rest(self) -> None:
        """Put the tools down: the mouse moves the view again."""
        for name in (KEYPOINTS, OUTLINES):
            layer = find_layer(self._canvas.viewer, name)
            if layer is not None:
                layer.mode = "pan_zoom"

    @property
    def tool_in_hand(self) -> str:
        """What the mouse does to the key points: "rest" where it moves the view."""
        layer = self._canvas.viewer.layers.selection.active
        if layer is None:
            return "rest"
        mode, ours = str(layer.mode), layer.metadata.get(OURS)
        if ours == KEYPOINTS:
            return _POINT_TOOLS.get(mode, "rest")
        if ours == OUTLINES:
            if mode == "add_polyline":
                return "line"
            if mode == "add_polygon":
                return "polygon" if self._kind == "along" else self._kind
        return "rest"

    def _tell_tool(self, event: object = None) -> None:
        self.tool_changed.emit(self.tool_in_hand)

    # -- layers to edits ------------------------------------------------------------------

    def _layer_changed(self, event: Any) -> None:
        action = str(getattr(event, "action", "changed"))
        if not self._ours and action.rpartition(".")[2].lower() in _DONE:
            self._look.start()

    def take_edits(self) -> None:
        """Look now what was done to the layers since the last edit."""
        points = find_layer(self._canvas.viewer, KEYPOINTS)
        if points is not None and self._points.keypoints is not None:
            before, after = np.asarray(self._points.keypoints.yx_px), np.array(points.data)
            edits = self._points.edits.moved(before, after)
            if edits is not self._points.edits:
                self._points.push(edits, _point_words(len(before), len(after)))
                return
        outlines = find_layer(self._canvas.viewer, OUTLINES)
        if outlines is not None:
            drawn = self._outlines_of(outlines)
            if not _same(drawn, self._points.edits.outlines):
                grown = len(drawn) > len(self._points.edits.outlines)
                text = _WORDS[drawn[-1].kind] if grown else "change an outline"
                self._points.push(self._points.edits.with_outlines(drawn), text)

    def _outlines_of(self, layer: Any) -> tuple[Outline, ...]:
        """What the layer shows; an outline keeps its kind, a new one has that of the tool."""
        old = self._points.edits.outlines
        places = [np.array(data, dtype=np.float64) for data in layer.data]
        closed = [kind not in ("path", "line") for kind in layer.shape_type]
        if len(places) >= len(old):
            kinds = [o.kind for o in old] + [self._kind] * (len(places) - len(old))
        else:
            kinds = [_kind_of(place, old) or self._kind for place in places]
        return tuple(map(Outline, kinds, places, closed))

    # -- edits to layers ------------------------------------------------------------------

    def _put_points(self) -> None:
        scan, keypoints = self._points.scan, self._points.keypoints
        if scan is None or keypoints is None:
            return
        layer, known = find_layer(self._canvas.viewer, KEYPOINTS), self._known()
        wanted = (scan, keypoints, known)  # each is equal to itself alone
        if layer is not None and wanted == self._put:
            shown = np.asarray(layer.data)
            if np.array_equal(shown, keypoints.yx_px):
                return
        self._put = wanted
        data = keypoint_layer(scan, keypoints, known)
        if layer is None:
            self._canvas.show_layers([data])
            return
        self._follow(layer)
        self._ours += 1
        try:
            update_layer(layer, data)
        finally:
            self._ours -= 1

    def _known(self) -> Keypoints | None:
        """Those that the result which is shown is of, else the detector's: others are new."""
        result = self._workspace.result
        if result is not None and result.scan.uid == self._points.scan_uid:
            return result.keypoints
        return self._points.detected

    def _show_outlines(self) -> None:
        layer = find_layer(self._canvas.viewer, OUTLINES)
        if layer is None and self._points.edits.outlines:
            layer = self._outline_layer()
        if layer is None or _same(self._outlines_of(layer), self._points.edits.outlines):
            return
        self._ours += 1
        try:
            layer.data = []
            for outline in self._points.edits.outlines:
                color = OUTLINE_COLORS[outline.kind]
                layer.add(
                    np.array(outline.vertices_px),
                    shape_type="polygon" if outline.closed else "path",
                    edge_color=color,
                    face_color=color + "30" if outline.closed else "#00000000",
                    edge_width=OUTLINE_WIDTH_PX,
                )
        finally:
            self._ours -= 1

    def _outline_layer(self) -> Any | None:
        viewer = self._canvas.viewer
        layer = find_layer(viewer, OUTLINES)
        if layer is None and self._points.scan is not None:
            data, options, _ = outline_layer(self._points.scan)
            layer = viewer.add_shapes(data, **options)
        if layer is not None:
            self._follow(layer)
        return layer

    def _follow_points(self, event: object = None) -> None:
        """Follow our layer of key points, once it is there."""
        layer = find_layer(self._canvas.viewer, KEYPOINTS)
        if layer is not None:
            self._follow(layer)

    def _follow(self, layer: Any) -> None:
        if not any(reference() is layer for reference in self._followed):
            self._followed.append(weakref.ref(layer))
            self._canvas.connections.connect(layer.events.data, self._layer_changed)
            self._canvas.connections.connect(layer.events.mode, self._tell_tool)


def _kind_of(place: Any, outlines: tuple[Outline, ...]) -> OutlineKind | None:
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

"""Our layers in the viewer: found, raised over the scans, and given other data in place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corescout.gui.canvas.layer_data import OURS, OVERLAYS, LayerData
from corescout.gui.canvas.placement import GEOMETRY
from corescout.gui.look import rgba


def find_layer(viewer: Any, name: str) -> Any | None:
    """Return our layer of a name; a layer of the user's that is called so is not ours."""
    for layer in reversed(viewer.layers):
        if layer.metadata.get(OURS) == name:
            return layer
    return None


def raise_ours(viewer: Any, image: Any) -> None:
    """Move our points, lines and shapes over an image that was opened after them."""
    if image is None or image not in viewer.layers:
        return
    order = list(viewer.layers)
    lower = enumerate(order[: order.index(image)])
    below = [place for place, layer in lower if layer.metadata.get(OURS) in OVERLAYS]
    if below:
        viewer.layers.move_multiple(below, len(order))


def update_layer(layer: Any, data: LayerData) -> None:
    """Give a layer of ours other data in place: cheap, and the user's settings are kept."""
    places, options, kind = data
    if kind == "image":
        place_layer(layer, options)
        layer.data = places
        layer.contrast_limits = options["contrast_limits"]
        return
    with shown_once(layer), _sliced(layer):
        moved = not np.array_equal(layer.data, places)
        _put_at(layer, options)
        if moved:
            layer.data = np.asarray(places)
        if kind == "points":
            _dress_points(layer, moved, options)
        elif isinstance(options["edge_color"], list) and len(places):
            layer.edge_color = options["edge_color"]
    if kind == "points":
        _say_how_drawn(layer, options)
        if layer.selected_data:
            layer.selected_data = set()


def recolor(layer: Any, colors: NDArray[np.float64]) -> None:
    """Give points other colours (N, 4); napari would draw them for the event once more."""
    with layer.events.face_color.blocker():
        layer.face_color = colors


def _dress_points(layer: Any, moved: bool, options: dict[str, Any]) -> None:
    """Set what differs: napari computes all points anew for each of these."""
    if len(layer.data):
        _dress_borders(layer, moved, options.get("border_color", "#000000"))
        for name in ("size", "border_width") if moved else ():
            if not np.allclose(getattr(layer, name), options[name]):
                setattr(layer, name, options[name])
        if _other_colors(layer.face_color, options["face_color"]):
            layer.face_color = options["face_color"]
    if "symbol" in options and len(layer.data):
        wanted = list(np.broadcast_to(options["symbol"], len(layer.data)))
        if [each.value for each in layer.symbol] != wanted:
            layer.symbol = wanted
    if "shown" in options and not np.array_equal(layer.shown, options["shown"]):
        layer.shown = options["shown"]
    if "features" in options:
        layer.features = options["features"]


def _dress_borders(layer: Any, moved: bool, wanted: Any) -> None:
    """Set the borders' colours; one colour that a person gave to points that stay is kept."""
    varied = np.ptp(layer.border_color, axis=0).any()
    mixed = not isinstance(wanted, str)
    if (moved or mixed or varied) and _other_colors(layer.border_color, wanted):
        layer.border_color = wanted


def _other_colors(colors: NDArray[np.float32], wanted: Any) -> bool:
    """Whether colours (N, 4) differ from those that are wanted: "#rrggbb", names, or (N, 4)."""
    if isinstance(wanted, str) and wanted.startswith("#"):
        wanted = rgba(wanted)
    elif not isinstance(wanted, np.ndarray):
        return True
    return not np.array_equal(np.broadcast_to(wanted, colors.shape).astype(colors.dtype), colors)


def _say_how_drawn(layer: Any, options: dict[str, Any]) -> None:
    """Set what napari hears of by an event of its own."""
    for name in ("antialiasing", "canvas_size_limits"):
        if name in options and getattr(layer, name) != options[name]:
            setattr(layer, name, options[name])


@contextmanager
def _sliced(layer: Any) -> Iterator[None]:
    """Let napari slice a layer that is not visible: its view would keep indices of old data."""
    hidden = not layer.visible
    if hidden:
        layer.visible = True
    try:
        yield
    finally:
        if hidden:
            layer.visible = False


@contextmanager
def shown_once(layer: Any) -> Iterator[None]:
    """Draw a layer once, after several changes, and not after each."""
    units, transform = layer.units, _transform_of(layer)
    with layer.events.blocker_all():
        yield
    layer.refresh()
    if not np.array_equal(_transform_of(layer), transform):
        layer.events.translate()  # napari does the same after scale, translate and rotate
    if layer.units != units:
        layer.events.units()
    if hasattr(layer.events, "features"):
        layer.events.features()


def place_layer(layer: Any, wanted: dict[str, Any]) -> None:
    """Move a layer of ours to a place as of `geometry`."""
    with shown_once(layer):
        _put_at(layer, wanted)


def _transform_of(layer: Any) -> NDArray[np.float64]:
    return np.vstack([layer.scale, layer.translate, layer.rotate])


def _put_at(layer: Any, wanted: dict[str, Any]) -> None:
    for name in GEOMETRY:
        if not _same(getattr(layer, name), wanted[name]):
            setattr(layer, name, wanted[name])


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) and one.shape == (2, 2):  # rotate, as a matrix
        angle = np.radians(other)
        other = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    if isinstance(one, np.ndarray):
        return bool(np.allclose(one, other, rtol=1e-9, atol=1e-12))
    return [str(part) for part in one] == [str(part) for part in other]

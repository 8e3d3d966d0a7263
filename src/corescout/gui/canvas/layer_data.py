"""Scans and results as napari layer data: what readers return and the window shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corescout.colors import PALE, type_color, type_shape
from corescout.data import CorePoints, Keypoints, Result, Scan, Target, TypedPoints, Types
from corescout.gui.canvas.placement import geometry
from corescout.gui.look import rgba
from corescout.gui.model.keypoint_edits import among
from corescout.gui.model.target_list import in_order
from corescout.report.drawing import scaled_unit

LayerData = tuple[Any, dict[str, Any], str]

KEYPOINTS, CORE, ROUTE, TARGETS = "key points", "core points", "route", "targets"
OUTLINES, PATCHES = "paths and regions", "patch outline"
OUTLINE_WIDTH_PX = 1.0
TYPES, SELECTED = "types", "selected"
SCAN, CHANNEL, RESULT = "corescout_scan", "corescout_channel", "corescout_result"
LIVE = "scan under way"  # it is not analysed before it is whole
DOUBTED, MENDED = "doubted lines", "mended lines"
OVERLAYS = (DOUBTED, MENDED, KEYPOINTS, TYPES, CORE, ROUTE, TARGETS, OUTLINES, PATCHES)
STACK = (KEYPOINTS, TYPES, ROUTE, CORE, TARGETS)  # from the bottom to the top
OURS = "corescout_layer"  # in the metadata of every layer that Corescout made and may change
_GREY, _NEW = "#D8D8D8", "#56B4E9"  # of key points
_SAMPLED_PX = 512  # rows and columns that the contrast of a larger image is judged by
HOVER_PX = 4.0  # a point farther from the mouse is not meant
_LEAST_SEEN_PX = 4  # of a key point on the screen, however small the scan is drawn
_CROWD = 20_000
_SMALL_PX, _TYPE_PX, _LARGE_PX, _TARGET_PX, _RING_PX = 2.0, 2.6, 4.5, 13.0, 6.0
_SIZED_FOR_PX = 256  # side of a scan on which points of these sizes are well seen
_SYMBOLS = {"disc": "disc", "square": "square", "triangle": "triangle_up", "diamond": "diamond"}
# Border of a target by its state; its face is the colour of its type.
TARGET_TEXT = {"string": "{label}", "size": 8, "color": "black", "anchor": "center"}
TARGET_COLORS = {
    "planned": "#FFFFFF", "current": "#F0E442", "measured": "#00E676", "skipped": "#606060",
}  # fmt: skip


def scan_layers(scan: Scan, result: Result | None = None) -> list[LayerData]:
    """Return one image for each channel: the default one shown and on top, the others hidden."""
    shown = scan.default_channel
    names = [n for n in scan.channels if n != shown] + [shown]
    return [channel_layer(scan, name, visible=name == shown, result=result) for name in names]


def channel_layer(
    scan: Scan, name: str, *, visible: bool, result: Result | None = None
) -> LayerData:
    """Return the image of a channel, in a unit that its values read well in."""
    step = max(1, max(scan.shape_px) // _SAMPLED_PX)
    sample = np.asarray(scan.channel(name)[::step, ::step])
    factor, unit = scaled_unit(sample, scan.units[name])
    values = np.asarray(scan.channel(name)) * np.float32(1 / factor)
    finite = sample[np.isfinite(sample)] / factor
    limits = np.percentile(finite, [1, 99]) if finite.size else np.array([0.0, 1.0])
    metadata: dict[str, Any] = {SCAN: scan, CHANNEL: name, "unit": unit}
    if result is not None:
        metadata[RESULT] = result
    return (
        values,
        {
            "name": f"{name} ({unit})" if unit else name,
            "colormap": "gray",
            "contrast_limits": (float(limits[0]), float(max(limits[1], limits[0] + 1e-30))),
            "visible": visible,
            "metadata": metadata,
            **geometry(scan),
        },
        "image",
    )


def result_layers(result: Result) -> list[LayerData]:
    """Return the scan, the key points, the core points and the targets of a run."""
    places = np.asarray(result.patches.center_yx_px)
    core = result.core_points
    ordered = in_order(result.scan, result.targets)
    route, targets = target_layers(result.scan, ordered, types=result.types)
    return [
        *scan_layers(result.scan, result),
        keypoint_layer(result.scan, result.keypoints),
        type_layer(
            result.scan,
            places,
            faded(colors_of(result.typed), shown_of(result.types)),
            shown_of(result.types),
        ),
        route,
        core_layer(result.scan, places[core.index], core, result.types),
        targets,
    ]


def found_layers(result: Result, ordered: Sequence[Target]) -> list[LayerData]:
    """Return core points and targets: what a run adds to its scan and its key points.

    Parameters
    ----------
    ordered : sequence of Target
        Those of the result, in the order of the visits.
    """
    places = np.asarray(result.patches.center_yx_px)[result.core_points.index]
    return [
        core_layer(result.scan, places, result.core_points, result.types),
        *target_layers(result.scan, ordered, types=result.types),
    ]


def keypoint_layer(scan: Scan, keypoints: Keypoints, known: Keypoints | None = None) -> LayerData:
    """Return key points: small and grey; those that are not among the known ones are blue."""
    face: Any = _GREY
    if known is not None and not np.array_equal(known.yx_px, keypoints.yx_px):
        new = ~among(np.asarray(keypoints.yx_px), np.asarray(known.yx_px))
        if new.any():
            face = np.where(new[:, None], rgba(_NEW), rgba(_GREY))
    return (
        np.array(keypoints.yx_px),
        {
            "name": KEYPOINTS,
            "metadata": {OURS: KEYPOINTS},
            "size": size_on(scan, _SMALL_PX),
            "canvas_size_limits": (0 if is_crowd(len(keypoints)) else _LEAST_SEEN_PX, 10_000),
            "antialiasing": _edge_px(len(keypoints)),
            "face_color": face,
            "border_color": "#404040",  # seen on a bright domain too
            "border_width": 0.25,
            "opacity": 0.85,
            **geometry(scan),
        },
        "points",
    )


def is_crowd(count: int) -> bool:
    """Whether points are so many that they cover each other where the whole scan is seen."""
    return count > _CROWD


def _edge_px(count: int) -> float:
    """Width of a point's soft edge: most of what is drawn of a small point."""
    return 0.25 if is_crowd(count) else 1.0


def size_on(scan: Scan, size_px: float) -> float:
    """Size of a point in pixels of a scan: larger on a large one, whose pixels are seen smaller."""
    return float(size_px * max(1.0, max(scan.shape_px) / _SIZED_FOR_PX) ** 0.7)


def type_layer(
    scan: Scan,
    yx_px: NDArray[np.float64],
    colors: NDArray[np.float64] | str,
    shown: NDArray[np.bool_] | bool = True,
) -> LayerData:
    """Return all patches by their centres, small, in colours (N, 4): of their types, or others."""
    return (
        np.array(yx_px),
        {
            "name": TYPES,
            "metadata": {OURS: TYPES},
            "size": size_on(scan, _TYPE_PX),
            "face_color": colors,
            "border_color": "#000000",
            "border_width": 0.0,
            "antialiasing": _edge_px(len(yx_px)),
            "opacity": 0.9,
            "shown": shown,
            **geometry(scan),
        },
        "points",
    )


def selected_layer(scan: Scan, yx_px: NDArray[np.float64]) -> LayerData:
    """Return rings around what is selected."""
    return (
        np.array(yx_px),
        {
            "name": SELECTED,
            "metadata": {OURS: SELECTED},
            "size": size_on(scan, _RING_PX),
            "face_color": "transparent",
            "border_color": "white",
            "border_width": 0.16,
            **geometry(scan),
        },
        "points",
    )


def colors_of(typed: TypedPoints) -> NDArray[np.float64]:
    """Return the colours (N, 4) of points by their types, pale where they lie between two."""
    types = typed.types
    table = {n: rgba(type_color(n, types.colors)) for n in types.numbers}
    numbers = np.array(types.numbers)
    colors = np.array(list(table.values()))[np.searchsorted(numbers, types.of_point)]
    colors[~typed.likely, 3] = PALE
    return colors


def faded(colors: NDArray[np.float64], shown: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return colours (N, 4) with those not shown transparent.

    napari 0.9 draws points of a 2-D layer whatever its `shown` says.
    """
    out = np.array(colors, dtype=np.float64)
    out[~shown, 3] = 0.0
    return out


def shown_of(types: Types) -> NDArray[np.bool_]:
    """Return which points (N,) are of a type that is not hidden."""
    return ~np.isin(types.of_point, sorted(types.hidden))


def core_layer(
    scan: Scan, yx_px: NDArray[np.float64], core: CorePoints, types: Types | None = None
) -> LayerData:
    """Return core points: larger, in the colour of their type, those of hidden types not shown."""
    chosen = types.colors if types is not None else None
    hidden = sorted(types.hidden) if types is not None else []
    shown = ~np.isin(core.type, hidden)
    face: Any = _face(core.type, chosen)
    border: Any = "black"
    if not shown.all():
        face = faded(face, shown)
        border = faded(np.tile(rgba("#000000"), (len(shown), 1)), shown)
    return (
        np.array(yx_px),
        {
            "name": CORE,
            "metadata": {OURS: CORE},
            "size": size_on(scan, _LARGE_PX),
            "face_color": face,
            "border_color": border,
            "border_width": 0.12,
            "symbol": [_SYMBOLS[type_shape(int(n))] for n in core.type] or "disc",
            "shown": shown,
            "features": {"type": np.array(core.type), "typicality": np.array(core.typicality)},
            **geometry(scan),
        },
        "points",
    )


def _face(kinds: NDArray[np.int64], chosen: Mapping[int, str] | None) -> Any:
    """Colours (n, 4) of points by their types: napari reads thousands of names for a second."""
    if len(kinds) == 0:
        return type_color(1)
    numbers = np.unique(kinds)
    table = np.array([rgba(type_color(int(n), chosen)) for n in numbers])
    return table[np.searchsorted(numbers, kinds)]


DASHES = 8  # of each leg of the route: white and black in turn, seen on any domain
_DASH_COLORS = ["white", "black"] * (DASHES // 2)


def target_layers(
    scan: Scan,
    targets: Sequence[Target],
    state_of: Mapping[str, str] | None = None,
    types: Types | None = None,
) -> list[LayerData]:
    """Return the route as lines and the targets as discs, with their numbers.

    Parameters
    ----------
    targets : sequence of Target
        In the order of the visits.
    state_of : mapping of str to str, optional
        State of a target by its uid, a key of `TARGET_COLORS`; planned where it is not said.
    types : Types, optional
        For the colours that a person chose.
    """
    chosen = types.colors if types is not None else None
    states = [(state_of or {}).get(t.uid, "planned") for t in targets]
    places = np.array([t.yx_px for t in targets]).reshape(-1, 2)
    numbers = np.array([t.number for t in targets], np.int64)
    line: LayerData = (
        _dashes(places),
        {
            "name": ROUTE,
            "metadata": {OURS: ROUTE},
            "vector_style": "line",
            "edge_color": _DASH_COLORS * (len(targets) - 1) or "white",
            "edge_width": size_on(scan, 0.7),
            "opacity": 0.9,
            **geometry(scan),
        },
        "vectors",
    )
    discs: LayerData = (
        places,
        {
            "name": TARGETS,
            "metadata": {OURS: TARGETS},
            "size": size_on(scan, _TARGET_PX),
            "face_color": [type_color(t.type, chosen) for t in targets] or type_color(1),
            "border_color": [TARGET_COLORS[state] for state in states] or "white",
            "border_width": 0.16,
            "features": {
                "number": numbers,
                "state": np.array(states, str),
                "label": numbers.astype(str),
            },
            "text": dict(TARGET_TEXT),
            **geometry(scan),
        },
        "points",
    )
    return [line, discs]


def _dashes(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the legs of a route (n, 2) as vectors (m, 2, 2): each in `DASHES` pieces."""
    leg = np.diff(places, axis=0)[:, None, :] / DASHES
    start = places[:-1, None, :] + leg * np.arange(DASHES)[:, None]
    return np.stack([start, np.broadcast_to(leg, start.shape)], axis=2).reshape(-1, 2, 2)


def outline_layer(scan: Scan, name: str = OUTLINES) -> LayerData:
    """Return an empty layer of shapes: paths and regions to edit key points with, or windows."""
    return (
        None,
        {
            "name": name,
            "ndim": 2,
            "metadata": {OURS: name},
            "edge_width": OUTLINE_WIDTH_PX,
            "opacity": 0.9,
            **geometry(scan),
        },
        "shapes",
    )


def empty_layers(scan: Scan) -> list[LayerData]:
    """Return our layers without points, to be there before a run fills them."""
    nothing = CorePoints(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), ())
    route, targets = target_layers(scan, ())
    return [
        keypoint_layer(scan, Keypoints(np.zeros((0, 2)), np.zeros(0), "none")),
        type_layer(scan, np.zeros((0, 2)), type_color(1)),
        route,
        core_layer(scan, np.zeros((0, 2)), nothing),
        targets,
    ]

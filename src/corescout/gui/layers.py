"""Scans and results as napari layer data: what readers return and the explorer shows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from corescout.colors import type_color
from corescout.data import CorePoints, Keypoints, Result, Scan, Target
from corescout.gui.placement import geometry
from corescout.report.drawing import scaled_unit

LayerData = tuple[Any, dict[str, Any], str]

KEYPOINTS, CORE, ROUTE, TARGETS = "key points", "core points", "route", "targets"
SCAN, CHANNEL, RESULT = "corescout_scan", "corescout_channel", "corescout_result"
_SMALL_PX, _LARGE_PX, _TARGET_PX = 2.0, 4.5, 8.0


def scan_layers(scan: Scan, result: Result | None = None) -> list[LayerData]:
    """Return one image for each channel: the default one shown and on top, the others hidden."""
    shown = scan.default_channel
    names = [n for n in scan.channels if n != shown] + [shown]
    return [_channel_layer(scan, name, name == shown, result) for name in names]


def result_layers(result: Result) -> list[LayerData]:
    """Return the scan, the key points, the core points and the targets of a run."""
    places = np.asarray(result.patches.center_yx_px)
    core = result.core_points
    return [
        *scan_layers(result.scan, result),
        keypoint_layer(result.scan, result.keypoints),
        core_layer(result.scan, places[core.index], core),
        *target_layers(result.scan, result.targets),
    ]


def keypoint_layer(scan: Scan, keypoints: Keypoints) -> LayerData:
    """Return key points: small and grey."""
    return (
        np.array(keypoints.yx_px),
        {
            "name": KEYPOINTS,
            "size": _SMALL_PX,
            "face_color": "#D8D8D8",
            "border_width": 0.0,
            "opacity": 0.75,
            **geometry(scan),
        },
        "points",
    )


def core_layer(scan: Scan, yx_px: NDArray[np.float64], core: CorePoints) -> LayerData:
    """Return core points: larger, in the colour of their type."""
    return (
        np.array(yx_px),
        {
            "name": CORE,
            "size": _LARGE_PX,
            "face_color": [type_color(int(t)) for t in core.type],
            "border_color": "black",
            "border_width": 0.12,
            "features": {"type": np.array(core.type), "typicality": np.array(core.typicality)},
            **geometry(scan),
        },
        "points",
    )


def target_layers(scan: Scan, targets: tuple[Target, ...]) -> list[LayerData]:
    """Return the route as a line and the targets as numbered rings on it."""
    if not targets:
        return []
    ordered = sorted(targets, key=lambda t: t.priority)
    places = np.array([t.yx_px for t in ordered])
    line: LayerData = (
        [places] if len(places) > 1 else [np.repeat(places, 2, axis=0)],
        {
            "name": ROUTE,
            "shape_type": "path",
            "edge_color": "white",
            "edge_width": 0.4,
            "opacity": 0.5,
            **geometry(scan),
        },
        "shapes",
    )
    rings: LayerData = (
        places,
        {
            "name": TARGETS,
            "size": _TARGET_PX,
            "face_color": [type_color(t.type) for t in ordered],
            "border_color": "white",
            "border_width": 0.12,
            "features": {"priority": [t.priority for t in ordered]},
            "text": {
                "string": "{priority}",
                "size": 8,
                "color": "black",
                "anchor": "center",
            },
            **geometry(scan),
        },
        "points",
    )
    return [line, rings]


def _channel_layer(scan: Scan, name: str, visible: bool, result: Result | None) -> LayerData:
    factor, unit = scaled_unit(np.asarray(scan.channel(name)), scan.units[name])
    values = np.asarray(scan.channel(name) / factor, dtype=np.float32)
    finite = values[np.isfinite(values)]
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

"""Layers saved to one HDF5 file and opened again without loss.

Images of scans are NSID channels, so other programs open the file too; what napari needs beside
(names, colours, places, features) is in groups of its own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from corescout.data import InputError, Scan
from corescout.data.bounds import own_h5
from corescout.exports.nsid import write_channels
from corescout.gui.canvas import layer_data as shown
from corescout.gui.canvas.placement import GEOMETRY
from corescout.readers import hdf5
from corescout.whole import whole_file

LayerData = shown.LayerData

MARK = "corescout_layers"
VERSION = 1
_LOOKS = ("name", "visible", "opacity", "blending", "colormap", "contrast_limits", "gamma")
_SYMBOLS = ("size", "face_color", "border_color", "border_width", "symbol", "edge_color",
            "edge_width", "vector_style", "shape_type", "out_of_slice_display")  # fmt: skip


def holds_layers(path: str | Path) -> bool:
    """Say whether a file was written by `write_layers`; a damaged one was not."""
    if Path(path).suffix.lower() not in (".h5", ".hdf5"):
        return False
    try:
        return MARK in hdf5.attributes(Path(path))
    except InputError:
        return False


def write_layers(path: str, layers: list[LayerData]) -> list[str]:
    """Write images, points, vectors, labels and shapes (napari's multi-layer writer)."""
    import h5py

    target = Path(path).with_suffix(".h5")
    with whole_file(target) as partial, h5py.File(partial, "w") as file:
        file.attrs[MARK] = VERSION
        scans: list[Scan] = []
        for number, (data, options, kind) in enumerate(layers):
            group = file.create_group(f"layers/{number:04d}")
            group.attrs["kind"] = kind
            group.attrs["options"] = json.dumps(_plain(_kept(options)))
            scan = (options.get("metadata") or {}).get(shown.SCAN)
            if kind == "image" and isinstance(scan, Scan) and _is_channel(data, options, scan):
                if not any(scan is s for s in scans):
                    write_channels(file, scan, f"Measurement_{len(scans):03d}")
                    scans.append(scan)
                index = next(i for i, s in enumerate(scans) if s is scan)
                group.attrs["scan"] = f"Measurement_{index:03d}"
                group.attrs["channel"] = options["metadata"][shown.CHANNEL]
                continue
            _write_data(group, data)
            _write_features(group, options.get("features"))
    return [str(target)]


def read_layers(path: str | Path) -> list[LayerData]:
    """Read what `write_layers` wrote.

    Raises
    ------
    InputError
        If the file is of a newer version.
    """
    with own_h5(Path(path)) as file:
        if int(file.attrs[MARK]) > VERSION:
            raise InputError(
                f"layers of version {VERSION}",
                f"version {file.attrs[MARK]} in {Path(path).name}",
                "update Corescout",
            )
        scans = {n: hdf5.read(Path(path), n) for n in file if n != "layers"}
        return [_read_layer(group, scans) for _, group in sorted(file["layers"].items())]


def _read_layer(group: Any, scans: dict[str, Scan]) -> LayerData:
    options = json.loads(group.attrs["options"])
    kind = str(group.attrs["kind"])
    if "scan" in group.attrs:
        scan, channel = scans[group.attrs["scan"]], str(group.attrs["channel"])
        data, made, _ = shown.channel_layer(scan, channel, visible=True)
        return data, {**made, **options}, kind
    if "features" in group:
        options["features"] = {name: _column(values) for name, values in group["features"].items()}
    if options.get("metadata", {}).get(shown.OURS) == shown.TARGETS:
        options["text"] = dict(shown.TARGET_TEXT)
    if "data" in group:
        return np.asarray(group["data"]), options, kind
    return [np.asarray(v) for _, v in sorted(group["parts"].items())], options, kind


def _is_channel(data: Any, options: dict[str, Any], scan: Scan) -> bool:
    """Say whether an image still shows its scan's channel: a filtered copy keeps the metadata."""
    name = options["metadata"].get(shown.CHANNEL)
    if name not in scan.channels:
        return False
    made, _, _ = shown.channel_layer(scan, name, visible=True)
    return np.array_equal(made, np.asarray(data), equal_nan=True)


def _kept(options: dict[str, Any]) -> dict[str, Any]:
    kept = {k: options[k] for k in (*_LOOKS, *_SYMBOLS, *GEOMETRY) if k in options}
    colormap = kept.get("colormap")
    if colormap is not None and not isinstance(colormap, str):
        kept["colormap"] = colormap["name"] if isinstance(colormap, dict) else colormap.name
    ours = (options.get("metadata") or {}).get(shown.OURS)
    if ours is not None:  # the dock knows it again, and adds no second one
        kept["metadata"] = {shown.OURS: ours}
    if "units" in kept:
        kept["units"] = [str(unit) for unit in kept["units"]]
    return kept


def _write_data(group: Any, data: Any) -> None:
    if isinstance(data, list):  # shapes: one array of vertices each
        for i, part in enumerate(data):
            group.create_dataset(f"parts/{i:06d}", data=np.asarray(part))
        group.require_group("parts")
    else:
        group.create_dataset("data", data=np.asarray(data))


def _write_features(group: Any, features: Any) -> None:
    if features is None:
        return
    import h5py

    columns = group.create_group("features")
    for name in features:
        values = np.asarray(features[name])
        if values.dtype.kind in "biuf":
            columns.create_dataset(str(name), data=values)
        else:
            text = [str(v) for v in values]
            columns.create_dataset(str(name), data=text, dtype=h5py.string_dtype())


def _column(values: Any) -> Any:
    return values.asstr()[()] if values.dtype.kind == "O" else values[()]


def _plain(value: Any) -> Any:
    """JSON values of what napari holds in its options."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, int | float | bool | str | None) else str(value)

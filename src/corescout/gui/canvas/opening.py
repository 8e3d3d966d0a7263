"""Files that a window opens: scans, saved layers, run folders, folders of scans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

LayerData = tuple[Any, dict[str, Any], str]


def read(path: str | list[str]) -> list[LayerData]:
    """Return the layers of a path, or of several; each is `readable`."""
    layers: list[LayerData] = []
    for one in [path] if isinstance(path, str) else path:
        layers += _read_one(Path(one))
    return layers


def readable(path: Path) -> bool:
    """Say whether a path can be opened."""
    from corescout.readers import can_read
    from corescout.runs import is_run

    return is_run(path) or bool(_scans_in(path)) or can_read(path)


def _read_one(path: Path) -> list[LayerData]:
    from corescout.gui.canvas.layer_data import result_layers, scan_layers
    from corescout.gui.canvas.saved_layers import holds_layers, read_layers
    from corescout.readers import read_scan, read_scans
    from corescout.runs import is_run, read_run

    if is_run(path):
        return result_layers(read_run(path))
    if path.is_dir():
        return [layer for file in _scans_in(path) for layer in scan_layers(read_scan(file))]
    if holds_layers(path):
        return read_layers(path)
    return [layer for scan in read_scans(path) for layer in scan_layers(scan)]


def _scans_in(folder: Path) -> list[Path]:
    """Scans that lie in a folder itself, by name; at most 20, so that none floods the viewer."""
    from corescout.readers import can_read

    if not folder.is_dir():
        return []
    return [f for f in sorted(folder.iterdir()) if f.is_file() and can_read(f)][:20]

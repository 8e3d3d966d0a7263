"""What the manifest names: readers, the sample, the explorer. Heavy imports happen when called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import napari.viewer

LayerData = tuple[Any, dict[str, Any], str]


def get_reader(path: str | list[str]) -> Callable[[Any], list[LayerData]] | None:
    """Return the reader of a scan or a run folder, None for what Corescout does not read."""
    from corescout.readers import can_read
    from corescout.runs import is_run

    paths = [path] if isinstance(path, str) else path
    if paths and all(is_run(p) or can_read(p) for p in paths):
        return read
    return None


def read(path: str | list[str]) -> list[LayerData]:
    """Return the layers of scans and run folders."""
    from corescout.gui.layers import result_layers, scan_layers
    from corescout.readers import read_scan
    from corescout.runs import is_run, read_run

    layers: list[LayerData] = []
    for one in [path] if isinstance(path, str) else path:
        if is_run(one):
            layers += result_layers(read_run(one))
        else:
            layers += scan_layers(read_scan(Path(one)))
    return layers


def sample_surface() -> list[LayerData]:
    """Return a generated ferroelectric surface with stripes, needles and 180-degree walls."""
    from corescout.gui.layers import scan_layers
    from corescout.surfaces import generate_surface

    return scan_layers(generate_surface(seed=0).scan)


def open_explorer(viewer: napari.viewer.Viewer) -> None:
    """Open the explorer, or bring it to the front."""
    viewer.window.add_plugin_dock_widget("napari-corescout", "Corescout")

"""What the manifest names: readers, the sample, the explorer. Heavy imports happen when called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import napari.viewer

LayerData = tuple[Any, dict[str, Any], str]


def get_reader(path: str | list[str]) -> Callable[[Any], list[LayerData]] | None:
    """Return the reader of scans, saved layers, run folders and folders of scans; else None."""
    paths = [path] if isinstance(path, str) else path
    return read if paths and all(_readable(Path(p)) for p in paths) else None


def read(path: str | list[str]) -> list[LayerData]:
    """Return the layers of whatever `get_reader` takes."""
    layers: list[LayerData] = []
    for one in [path] if isinstance(path, str) else path:
        layers += _read_one(Path(one))
    return layers


def _readable(path: Path) -> bool:
    from corescout.readers import can_read
    from corescout.runs import is_run

    return is_run(path) or bool(_scans_in(path)) or can_read(path)


def _read_one(path: Path) -> list[LayerData]:
    from corescout.gui.canvas.layer_data import result_layers, scan_layers
    from corescout.gui.canvas.saved_layers import holds_layers, read_layers
    from corescout.readers import read_scan
    from corescout.runs import is_run, read_run

    if is_run(path):
        return result_layers(read_run(path))
    if path.is_dir():
        return [layer for file in _scans_in(path) for layer in scan_layers(read_scan(file))]
    if holds_layers(path):
        return read_layers(path)
    return scan_layers(read_scan(path))


def _scans_in(folder: Path) -> list[Path]:
    """Scans that lie in a folder itself, by name; at most 20, so that none floods the viewer."""
    from corescout.readers import can_read

    if not folder.is_dir():
        return []
    return [f for f in sorted(folder.iterdir()) if f.is_file() and can_read(f)][:20]


def write_layers(path: str, layers: list[LayerData]) -> list[str]:
    """Save layers to one HDF5 file that opens again as they are."""
    from corescout.gui.canvas.saved_layers import write_layers as write

    return write(path, layers)


def add_response(viewer: napari.viewer.Viewer) -> None:
    """Add A cos(phase) and A sin(phase) of the selected scan as layers; remove them to undo."""
    from corescout.gui.canvas import layer_data as shown
    from corescout.response import derivable, with_response

    layer = viewer.layers.selection.active
    scan = getattr(layer, "metadata", {}).get(shown.SCAN)
    if scan is None or not derivable(scan):
        from napari.utils.notifications import show_warning

        show_warning("Select a PFM scan: A cos phase needs an amplitude and its phase.")
        return
    derived = with_response(scan)
    for name in derivable(scan):
        data, options, _ = shown.channel_layer(derived, name, visible="Cos" in name)
        viewer.add_image(data, **options)


def sample_surface() -> list[LayerData]:
    """Return a generated ferroelectric surface with stripes, needles and 180-degree walls."""
    from corescout.gui.canvas.layer_data import scan_layers
    from corescout.surfaces import generate_surface

    return scan_layers(generate_surface(seed=0).scan)


def open_explorer(viewer: napari.viewer.Viewer) -> None:
    """Open the explorer, or bring it to the front."""
    viewer.window.add_plugin_dock_widget("napari-corescout", "Corescout")


def acquire(viewer: napari.viewer.Viewer) -> None:
    """Open the explorer at its last step: the twin, an instrument of the profiles, a folder."""
    _, explorer = viewer.window.add_plugin_dock_widget("napari-corescout", "Corescout")
    explorer.instrument_step.show_step()


def explore(viewer: napari.viewer.Viewer) -> None:
    """Open the explorer and explore the chosen scan, as its button does."""
    explorer = _explorer(viewer)
    explorer.start()


def draw_wall(viewer: napari.viewer.Viewer) -> None:
    """Draw a line along a wall: key points follow it at the spacing."""
    _explorer(viewer).key_points_step.use("line")


def exclude_region(viewer: napari.viewer.Viewer) -> None:
    """Draw a region without key points."""
    _explorer(viewer).key_points_step.use("exclude")


def show_plots(viewer: napari.viewer.Viewer) -> None:
    """Bring the dock with the latent space and the candidates back, if it was closed."""
    _explorer(viewer).show_bottom()


def show_windows(viewer: napari.viewer.Viewer) -> None:
    """Draw the windows that are tried on the scan, or hide them."""
    _explorer(viewer).explore_step.patches.toggle()


def copy_diagnostic(viewer: napari.viewer.Viewer) -> None:
    """Copy versions, plan and log to the clipboard."""
    _explorer(viewer).copy_diagnostic()


def _explorer(viewer: napari.viewer.Viewer) -> Any:
    _, explorer = viewer.window.add_plugin_dock_widget("napari-corescout", "Corescout")
    return explorer

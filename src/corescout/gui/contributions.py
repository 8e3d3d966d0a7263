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
    from corescout.gui.canvas.opening import readable

    paths = [path] if isinstance(path, str) else path
    return read if paths and all(readable(Path(p)) for p in paths) else None


def read(path: str | list[str]) -> list[Any]:
    """Return the layers of whatever `get_reader` takes.

    Large scan files that are opened in a window with the explorer are read by a job, which adds
    their layers: napari is told that there are none yet. A run folder whose scan is open there
    adds none: its result is shown on that scan.
    """
    from corescout.gui.canvas.large_files import is_large
    from corescout.gui.canvas.opening import read as read_layers

    explorer = _open_explorer()
    if explorer is not None and explorer.canvas.show_run(path):
        return [(None,)]
    if explorer is None or not is_large(path):
        return read_layers(path)
    explorer.canvas.large_files.open(path)
    return [(None,)]


def write_layers(path: str, layers: list[LayerData]) -> list[str]:
    """Save layers to one HDF5 file that opens again as they are."""
    from corescout.gui.canvas.saved_layers import write_layers as write

    return write(path, layers)


def add_response(viewer: napari.viewer.Viewer) -> None:
    """Add A cos(phase) and A sin(phase) of the selected scan as layers; remove them to undo."""
    from corescout.derived import derived_channels, with_derived
    from corescout.gui.canvas import layer_data as shown

    layer = viewer.layers.selection.active
    scan = getattr(layer, "metadata", {}).get(shown.SCAN)
    if scan is None or not derived_channels(scan):
        from napari.utils.notifications import show_warning

        show_warning("Select a PFM scan: A cos phase needs an amplitude and its phase.")
        return
    derived = with_derived(scan)
    for name in derived_channels(scan):
        data, options, _ = shown.channel_layer(derived, name, visible="Cos" in name)
        viewer.add_image(data, **options)


def open_explorer(viewer: napari.viewer.Viewer) -> None:
    """Open the explorer, or bring it to the front."""
    _explorer(viewer)


def acquire(viewer: napari.viewer.Viewer) -> None:
    """Open the explorer at its last step: the twin, an instrument of the profiles, a folder."""
    _explorer(viewer).instrument_step.show_step()


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
    """The dock, however it was opened: napari knows it by two names, and would open a second."""
    docked = _docked(viewer)
    if docked is not None:
        return docked
    _, explorer = viewer.window.add_plugin_dock_widget("napari-corescout", "Corescout")
    return explorer


def _docked(viewer: napari.viewer.Viewer) -> Any | None:
    from corescout.gui.explorer import Explorer

    docks = viewer.window.dock_widgets.values()
    return next((d for d in docks if isinstance(d, Explorer) and not d.closed), None)


def _open_explorer() -> Any | None:
    """The explorer of the window in front, if this is the thread of windows and it has one."""
    import threading

    import napari

    viewer = napari.current_viewer()
    if viewer is None or threading.current_thread() is not threading.main_thread():
        return None
    return _docked(viewer)

"""A viewer with a scan and the explorer, driven by a script: measurements and screenshots."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import napari
from qtpy.QtGui import QPixmap
from qtpy.QtWidgets import QApplication

from benchmarks.heartbeat import Heartbeat
from corescout.gui.canvas.opening import read
from corescout.gui.explorer import Explorer
from corescout.gui.steps.scan.samples import sample_surface


class ScriptedWindow:
    """What a script does with an open window.

    Attributes
    ----------
    viewer : napari.Viewer
    explorer : Explorer
    """

    def __init__(self, viewer: napari.Viewer, explorer: Explorer) -> None:
        self.viewer, self.explorer = viewer, explorer

    def pump(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Let the window live for a time, or until something has happened."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            QApplication.processEvents()
            time.sleep(0.001)

    def paint(self) -> None:
        """Let the window handle what waits, painting included."""
        QApplication.processEvents()

    def beat(self, seconds: float) -> float:
        """Return the longest gap of the event loop over a time, in ms."""
        with Heartbeat() as heartbeat:
            self.pump(seconds)
        return heartbeat.longest_ms

    def explore(self, limit_s: float) -> Heartbeat:
        """Explore to the end; return how the event loop fared."""
        with Heartbeat() as heartbeat:
            self.explorer.start()
            self.pump(limit_s, until=lambda: not self.explorer.running)
            self.pump(0.5)
        return heartbeat

    def grab(self) -> QPixmap:
        """Return the window as it stands on the screen: nothing is drawn for it."""
        window = self.explorer.window()
        return window.screen().grabWindow(window.winId())

    def screenshot(self, path: str | Path) -> None:
        """Save a picture of the whole window."""
        self.viewer.screenshot(str(path), canvas_only=False, flash=False)


@contextmanager
def open_session(
    scan: str | Path | None = None,
    *,
    size: tuple[int, int] = (1400, 900),
    windows_px: tuple[int, ...] | None = None,
    keep_session: bool = False,
) -> Iterator[ScriptedWindow]:
    """Open a viewer of a size (width, height) with a scan, or the sample surface."""
    viewer = napari.Viewer(show=True)
    viewer.window.resize(*size)
    explorer = Explorer(viewer, keep_session=keep_session)
    viewer.window.add_dock_widget(explorer, name="Corescout", area="right")
    if windows_px is not None:
        text = ", ".join(map(str, windows_px))
        explorer.workspace.parameters.get("explore", "windows").set(text)
    session = ScriptedWindow(viewer, explorer)
    for data, options, kind in read(str(scan)) if scan is not None else sample_surface():
        getattr(viewer, f"add_{kind}")(data, **options)
    viewer.canvas.overlays.scale_bar.visible = True
    session.pump(1.0)
    viewer.reset_view()
    session.pump(20.0, until=lambda: "key points" in viewer.layers)
    try:
        yield session
    finally:
        explorer.disconnect_viewer()
        explorer.wait_for_jobs(20)
        viewer.close()
        session.pump(0.3)

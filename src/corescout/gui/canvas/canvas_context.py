"""The OpenGL context of the canvas, while layers are taken away.

napari frees the programs of a removed layer at once, with whatever OpenGL context is current: as a
rule that of Qt's compositor. Mesa then takes the vertex shader out of the canvas's own context
without noting it; if a single layer is left to draw, the next frame draws without one and ends in
a segfault (Mesa 22.3, `draw_find_shader_output`). In the right context nothing of that happens.
"""

from __future__ import annotations

from typing import Any

from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QWidget


class CanvasContext:
    """Makes the context of the window's canvas the current one before a layer goes.

    Parameters
    ----------
    viewer : napari.Viewer
    inside : QWidget
        Any widget of that window.
    """

    def __init__(self, viewer: Any, inside: QWidget) -> None:
        self._viewer, self._inside = viewer, inside
        viewer.layers.events.removing.connect(self._make_current)

    def leave(self) -> None:
        """Let go of the viewer's events."""
        self._viewer.layers.events.removing.disconnect(self._make_current)

    def _make_current(self, event: object = None) -> None:
        window = self._inside
        while window.parentWidget() is not None:  # a dock that floats is a window of its own
            window = window.parentWidget()
        for canvas in window.findChildren(QOpenGLWidget):
            canvas.makeCurrent()

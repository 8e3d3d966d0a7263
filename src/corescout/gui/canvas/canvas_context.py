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

from corescout.gui.canvas.connections import Connections


class CanvasContext:
    """Makes the context of the window's canvas the current one before a layer goes.

    Parameters
    ----------
    viewer : napari.Viewer
    connections : Connections
    inside : QWidget
        Any widget of that window.
    """

    def __init__(self, viewer: Any, connections: Connections, inside: QWidget) -> None:
        self._inside = inside
        connections.connect(viewer.layers.events.removing, self._make_current)

    def _make_current(self, event: object = None) -> None:
        window = self._inside
        while window.parentWidget() is not None:  # a dock that floats is a window of its own
            window = window.parentWidget()
        for canvas in window.findChildren(QOpenGLWidget):
            canvas.makeCurrent()

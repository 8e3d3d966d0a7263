"""Mouse and keyboard on the canvas, at places of the scan."""

import numpy as np
from qtpy.QtCore import QPoint, Qt
from qtpy.QtOpenGLWidgets import QOpenGLWidget


class Hands:
    """What an operator does to the canvas of a viewer.

    Parameters
    ----------
    explorer : Explorer
        Docked in a shown window.
    """

    def __init__(self, explorer, qtbot):
        self.explorer, self.qtbot = explorer, qtbot
        (self.canvas,) = explorer.window().findChildren(QOpenGLWidget)

    def at(self, yx_px):
        """Where a pixel of the scan lies on the canvas."""
        camera = self.explorer.viewer.scene.camera
        world = np.asarray(self.explorer.image_layer().data_to_world(yx_px))[-2:]
        offset = (world - np.asarray(camera.center)[-2:]) * camera.zoom
        size = self.canvas.size()
        return QPoint(round(size.width() / 2 + offset[1]), round(size.height() / 2 + offset[0]))

    def click(self, yx_px, modifier=Qt.KeyboardModifier.NoModifier):
        self.qtbot.mouseMove(self.canvas, self.at(yx_px))
        self.qtbot.mouseClick(self.canvas, Qt.MouseButton.LeftButton, modifier, self.at(yx_px))

    def double_click(self, yx_px):
        """As a mouse does it: a click, then the press that Qt calls a double click."""
        self.click(yx_px)
        self.qtbot.mouseDClick(self.canvas, Qt.MouseButton.LeftButton, pos=self.at(yx_px))

    def drag(self, from_px, to_px):
        self.qtbot.mouseMove(self.canvas, self.at(from_px))
        self.qtbot.mousePress(self.canvas, Qt.MouseButton.LeftButton, pos=self.at(from_px))
        for share in (0.5, 1.0):
            between = np.asarray(from_px) + share * (np.asarray(to_px) - np.asarray(from_px))
            self.qtbot.wait(30)  # moves in quick succession are dropped by the canvas
            self.move_pressed(between)
        self.qtbot.wait(30)
        self.qtbot.mouseRelease(self.canvas, Qt.MouseButton.LeftButton, pos=self.at(to_px))

    def move_pressed(self, yx_px):
        """Move with the button down; QTest's own move says that none is."""
        from qtpy.QtCore import QEvent, QPointF
        from qtpy.QtGui import QMouseEvent
        from qtpy.QtWidgets import QApplication

        place = QPointF(self.at(yx_px))
        event = QMouseEvent(
            QEvent.Type.MouseMove,
            place,
            QPointF(self.canvas.mapToGlobal(self.at(yx_px))),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(self.canvas, event)

    def key(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        self.qtbot.keyClick(self.canvas, key, modifier)


def wait_for_preview(explorer, qtbot):
    qtbot.waitUntil(lambda: "key points" in explorer.viewer.layers, timeout=20_000)
    qtbot.waitUntil(lambda: not explorer.busy, timeout=20_000)

"""Mouse and keyboard on the canvas, at places of the scan."""

import struct
import sys

import numpy as np
from qtpy.QtCore import QPoint, Qt, QTimer
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QApplication, QComboBox, QPushButton

from corescout.instruments.twin import DigitalTwin

WAIT_S = 400  # of a busy machine; what hangs fails still


def search_quickly(explorer, **others):
    """Set a search of seconds in the form, as a person would: what runs is what the form says."""
    values = {
        "windows": "9, 13", "seeds": 2,
        "invariance rotation": False, "invariance both": True, "invariance none": True,
        "options": "training.epochs = 30; training.collapse_variance = 0.02;"
        " decision.finalists = 2; decision.null_surrogates = 3",
        **others,
    }  # fmt: skip
    for name, value in values.items():
        explorer.workspace.parameters.get("explore", name).set(value)


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
        world = np.asarray(self.explorer.canvas.image_layer().data_to_world(yx_px))[-2:]
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


def canvas_picture(explorer, qtbot):
    """Return what the canvas shows, (H, W, 3) uint8, with the mouse put aside."""
    qtbot.waitUntil(lambda: not explorer.busy)
    qtbot.wait(100)
    return np.asarray(explorer.viewer.screenshot(canvas_only=True, flash=False))[..., :3]


def close_as_window_manager(window):
    """Ask a window to close as the cross in its frame does: Qt calls such a close spontaneous."""
    import ctypes

    xcb = ctypes.CDLL("libxcb.so.1")
    for name in ("xcb_connect", "xcb_intern_atom_reply"):
        getattr(xcb, name).restype = ctypes.c_void_p

    def atom(name):
        asked = xcb.xcb_intern_atom(connection, 0, len(name), name)
        reply = xcb.xcb_intern_atom_reply(connection, asked, None)
        return int.from_bytes(ctypes.string_at(reply, 12)[8:12], sys.byteorder)

    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    number = int(window.winId())
    protocols, delete = atom(b"WM_PROTOCOLS"), atom(b"WM_DELETE_WINDOW")
    event = struct.pack("=BBHII5I", 33, 32, 0, number, protocols, delete, 0, 0, 0, 0)
    xcb.xcb_send_event(connection, 0, number, 0, event)
    xcb.xcb_flush(connection)
    atom(b"WM_PROTOCOLS")  # the server has read all before this is answered
    xcb.xcb_disconnect(connection)


def close_until(qtbot, window, done):
    """Ask a window to close, again where the server was too busy to pass it on."""
    for _ in range(5):
        close_as_window_manager(window)
        try:
            qtbot.waitUntil(done, timeout=10_000)
        except qtbot.TimeoutError:
            continue
        return
    assert done()


def when_modal(act):
    """Do something as soon as a modal dialog is open, and its loop runs."""
    timer = QTimer(QApplication.instance())

    def look():
        dialog = QApplication.activeModalWidget()
        if dialog is not None and dialog.isVisible():
            timer.stop()
            timer.deleteLater()
            act(dialog)

    timer.timeout.connect(look)
    timer.start(50)


class QuickScans(DigitalTwin):
    """A twin whose frames take no time, however slow it moves and measures."""

    def _zoom(self, message):
        speed, self.speed = self.speed, 1e5
        try:
            return super()._zoom(message)
        finally:
            self.speed = speed


def wait_for_preview(explorer, qtbot):
    qtbot.waitUntil(lambda: "key points" in explorer.viewer.layers)
    qtbot.waitUntil(lambda: not explorer.busy)


def cut_controls(explorer):
    """Return the controls of the dock that cannot be seen whole, every step open."""
    area, cut = explorer.column.viewport(), []
    controls = [w for w in explorer.column.findChildren((QPushButton, QComboBox)) if w.isVisible()]
    assert len(controls) > 15
    for control in controls:
        left = control.mapTo(area, QPoint(0, 0)).x()
        explorer.column.ensureWidgetVisible(control)
        top = control.mapTo(area, QPoint(0, 0)).y()
        if not (
            0 <= left <= area.width() - control.width()
            and control.width() >= control.minimumSizeHint().width()
            and 0 <= top <= area.height()
        ):
            cut.append(control.text() if hasattr(control, "text") else control.currentText())
    return cut + [w.text() for w in fixed_controls(explorer) if not _whole(w)]


def fixed_controls(explorer):
    """What is never scrolled away."""
    bars = (explorer.run_bar, explorer.session_bar, explorer.instrument_step.panel.stop_bar)
    return [w for bar in bars for w in bar.findChildren(QPushButton) if w.isVisible()]


def _whole(control):
    window = control.window()
    place = control.mapTo(window, QPoint(0, 0))
    inside = place.y() + control.height() <= window.height()
    return inside and place.x() + control.width() <= window.width() and control.height() > 15

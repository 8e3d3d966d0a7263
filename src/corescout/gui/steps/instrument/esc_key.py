"""Esc stops, wherever the focus is: on the canvas, in the dock, in a table."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QMainWindow, QShortcut, QWidget

ESC = "Escape"


class EscKey:
    """Bound while an instrument is connected.

    Parameters
    ----------
    viewer : napari.Viewer
    widget : QWidget
        Of the window whose keys are heard.
    stop : callable
        A method, called at once; held weakly.
    """

    def __init__(self, viewer: Any, widget: QWidget, stop: Callable[[], None]) -> None:
        self._viewer, self._widget = viewer, widget
        self._stop = weakref.WeakMethod(stop)
        self._shortcut: Any = None

    def bind(self) -> None:
        """Hear Esc."""
        if self._shortcut is not None:
            return
        me = weakref.ref(self)

        def pressed(_: object = None) -> None:
            found = me()
            if found is not None:
                found._pressed()

        self._viewer.bind_key(ESC, pressed, overwrite=True)  # on the canvas
        window = self._widget.window()
        parent = window if isinstance(window, QMainWindow) else self._widget
        self._shortcut = QShortcut(QKeySequence("Esc"), parent)
        self._shortcut.setContext(Qt.ShortcutContext.ApplicationShortcut)
        self._shortcut.activated.connect(pressed)
        self._shortcut.activatedAmbiguously.connect(pressed)

    def unbind(self) -> None:
        """Leave Esc to the others."""
        if self._shortcut is None:
            return
        self._shortcut.setEnabled(False)
        self._shortcut.deleteLater()
        self._shortcut = None
        self._viewer.bind_key(ESC, None, overwrite=True)

    def _pressed(self) -> None:
        stop = self._stop()
        if stop is not None:
            stop()

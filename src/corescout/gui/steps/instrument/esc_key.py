"""Esc stops the instrument, wherever the focus is: also in a menu, a dialog, another window.

A filter of the application hears it before any widget: shortcuts are silent while a menu is open or
a dialog is modal. It is there only while an instrument is connected, and takes the key only while
there is something to stop.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QApplication

_KEYS = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
_ONE_PRESS_S = 0.08  # within which Qt tells of one press more than once


class EscKey(QObject):
    """Hears Esc while an instrument is connected.

    Parameters
    ----------
    parent : QObject
    pressed : callable
        A method, called at once; held weakly. Returns whether it has taken the key: else it goes
        on to whoever has the focus.
    """

    def __init__(self, parent: QObject, pressed: Callable[[], bool]) -> None:
        super().__init__(parent)
        self._pressed = weakref.WeakMethod(pressed)
        self._bound = self._taken = False
        self._heard_s = 0.0  # when the last press was heard

    def bind(self) -> None:
        """Hear Esc."""
        app = QApplication.instance()
        if not self._bound and app is not None:
            app.installEventFilter(self)
            self._bound = True

    def unbind(self) -> None:
        """Leave Esc to the others."""
        app = QApplication.instance()
        if self._bound and app is not None:
            app.removeEventFilter(self)
        self._bound = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Take the press before a shortcut, a menu or a dialog does; one press stops once."""
        kind = event.type()
        if kind not in _KEYS or event.key() != Qt.Key.Key_Escape:
            return False
        if not event.isAutoRepeat() and time.monotonic() - self._heard_s > _ONE_PRESS_S:
            pressed = self._pressed()
            self._taken = pressed is not None and pressed()
        self._heard_s = time.monotonic()
        if self._taken:
            event.accept()
        return self._taken

"""A widget in a dock of napari's that leaves the viewer when its dock goes."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

_CORNERS = (
    (Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea),
    (Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea),
)


def tabify_with(dock: QDockWidget, window: QMainWindow) -> None:
    """Lay a dock over the one of the six steps, where both stand on the same side."""
    for other in window.findChildren(QDockWidget):
        beside = window.dockWidgetArea(other) == window.dockWidgetArea(dock)
        if other is not dock and beside and other.findChildren(Docked) and not other.isFloating():
            window.tabifyDockWidget(other, dock)
            dock.raise_()


def dock_of(widget: QWidget | None) -> QDockWidget | None:
    """Return the dock that a widget is in."""
    while widget is not None and not isinstance(widget, QDockWidget):
        widget = widget.parentWidget()
    return widget


class Docked(QWidget):
    """Hears how napari shows and takes away a dock: it calls no `close` of the widget.

    Attributes
    ----------
    closed : bool
        Whether it has left the viewer.
    """

    closed = False

    def disconnect_viewer(self) -> None:
        """Leave the viewer: its events no longer reach this widget, and its work is stopped."""
        raise NotImplementedError

    def docked_in(self, window: QMainWindow) -> None:
        """Shown in a window of napari's."""

    def showEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Leave the corners below to the sides: the plots can be as high as there is room for."""
        super().showEvent(event)
        window = self.window()
        if isinstance(window, QMainWindow):
            for corner, area in _CORNERS:
                window.setCorner(corner, area)
            self.docked_in(window)

    def changeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Leave the viewer when napari takes this widget out of its dock."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            QTimer.singleShot(0, self._leave_if_undocked)

    def closeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Leave the viewer when the dock is closed."""
        self.disconnect_viewer()
        super().closeEvent(event)

    def _leave_if_undocked(self) -> None:
        if self.parent() is None and not self.isVisible():
            self.disconnect_viewer()


def other_in(window: QMainWindow, own: Docked) -> Docked | None:
    """Return another widget of the same class that is docked in a window."""
    found = [w for w in window.findChildren(type(own)) if w is not own and not w.closed]
    return found[0] if found else None


def give_way(second: Docked, first: Docked, viewer: Any) -> None:
    """Leave the window to the one that is there: napari knows a dock by two names, so opens two."""
    if second.closed or first.closed:
        return
    viewer.window.remove_dock_widget(second)
    second.disconnect_viewer()
    dock = dock_of(first)
    if dock is not None:
        dock.show()
        dock.raise_()

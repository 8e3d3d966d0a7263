"""The dock's own buttons: closing it asks as closing the window does; hiding it waits for the end.

napari closes a dock without asking any widget in it. The strip with STOP is in this dock: it stays
while the instrument acts.
"""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QDockWidget, QMessageBox, QWidget

from corescout.gui.model.workspace import Workspace


class DockGuard(QObject):
    """Watches the dock that a widget is in.

    Parameters
    ----------
    workspace : Workspace
        Its questions are asked before the dock goes.
    parent : QObject
    """

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._dock: QDockWidget | None = None

    def watch(self, widget: QWidget) -> None:
        """Watch the dock around a widget, if it is in one."""
        dock = widget.parent()
        while dock is not None and not isinstance(dock, QDockWidget):
            dock = dock.parent()
        if dock is None or dock is self._dock:
            return
        self._dock = dock
        dock.installEventFilter(self)
        remove = getattr(dock, "destroyOnClose", None)  # napari's, behind the x
        if remove is not None:
            dock.destroyOnClose = lambda: remove() if self._may_go() else None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Keep a dock that is to be hidden while something is under way."""
        if event.type() != QEvent.Type.Close or watched is not self._dock:
            return False
        if not under_way(self._workspace):
            return False
        self._workspace.note("The panel stays until this has ended: STOP is on it.")
        event.ignore()
        return True

    def _may_go(self) -> bool:
        ends, dock = under_way(self._workspace), self._dock
        return not ends or dock is None or may_end(dock, ends, "Keep the panel")


def under_way(workspace: Workspace) -> list[str]:
    """Say what would end with the window; nothing if it has closed, or nothing would."""
    asked = [] if workspace.closed else workspace.closing_questions
    return [text for ask in asked if (text := ask())]


def may_end(over: QWidget, ends: list[str], stay_words: str) -> bool:
    """Ask whether what is under way may end; Esc and Enter leave everything as it is."""
    box = QMessageBox(over.window())
    box.setWindowTitle("Corescout")
    box.setIcon(QMessageBox.Icon.Warning)
    box.setText("\n\n".join(ends))
    stop = box.addButton("Stop and close", QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton(stay_words, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(stay)
    box.setEscapeButton(stay)
    box.exec()
    return bool(box.clickedButton() is stop)

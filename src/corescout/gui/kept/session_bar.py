"""Below the steps: undo, export, and what was last done there."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from corescout.gui.kept.exporting import KINDS, Exporter
from corescout.gui.model.workspace import Workspace


class SessionBar(QWidget):
    """Stands below the steps and is never scrolled away.

    Parameters
    ----------
    workspace : Workspace
    exporter : Exporter
    """

    diagnostic_wanted = Signal()

    def __init__(self, workspace: Workspace, exporter: Exporter) -> None:
        super().__init__()
        self._workspace, self._exporter = workspace, exporter
        undo_stack = workspace.undo_stack
        self.undo_button = QPushButton("Undo")
        self.redo_button = QPushButton("Redo")
        self.export_button = QPushButton("Export")
        self.export_button.setToolTip("Export the result, or copy a diagnostic for a bug report")
        self.menu = QMenu(self)
        self.exports = [
            self.menu.addAction(kind.title, lambda _=False, key=key: exporter.export(key))
            for key, kind in KINDS.items()
        ]
        self.menu.addSeparator()
        self.diagnostic = self.menu.addAction("Copy diagnostic", self.diagnostic_wanted.emit)
        self.diagnostic.setToolTip("Versions, plan and log, for a bug report")
        self.export_button.setMenu(self.menu)
        self._show_possible()
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.note.setVisible(False)
        row = QHBoxLayout()
        row.addWidget(self.undo_button)
        row.addWidget(self.redo_button)
        row.addStretch(1)
        row.addWidget(self.export_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.note)
        self.undo_button.clicked.connect(undo_stack.undo)
        self.redo_button.clicked.connect(undo_stack.redo)
        undo_stack.undoTextChanged.connect(self._show_undo)
        undo_stack.redoTextChanged.connect(self._show_redo)
        workspace.noted.connect(self.say)
        workspace.result_changed.connect(self._show_possible)
        exporter.exporting.connect(self._show_possible)
        self._show_undo("")
        self._show_redo("")

    def say(self, text: str) -> None:
        """Show what was done, or why it was not; nothing if empty."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _show_possible(self, *_: object) -> None:
        """Enable what can be done now."""
        exporting, possible = self._exporter.running, self._workspace.result is not None
        self.export_button.setText("Exporting ..." if exporting else "Export")
        for action in self.exports:
            action.setEnabled(possible and not exporting)

    def _show_undo(self, text: str) -> None:
        self.undo_button.setEnabled(bool(text))
        self.undo_button.setText(f"Undo: {_short(text)}" if text else "Undo")
        self.undo_button.setToolTip(f"Undo {text} (Ctrl+Z)" if text else "Nothing to undo (Ctrl+Z)")

    def _show_redo(self, text: str) -> None:
        self.redo_button.setEnabled(bool(text))
        self.redo_button.setToolTip(
            f"Redo {text} (Ctrl+Shift+Z)" if text else "Nothing to redo (Ctrl+Shift+Z)"
        )


def _short(text: str, limit: int = 26) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"

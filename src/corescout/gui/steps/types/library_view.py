"""The library in a window: its types, another name, deleted, and undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtGui import QUndoStack
from qtpy.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from corescout.data import InputError
from corescout.gui.look import swatch, tint
from corescout.gui.model.undo import Change
from corescout.library import Library, LibraryType

_UID = Qt.ItemDataRole.UserRole


class LibraryView(QDialog):
    """A double click or F2 renames, Delete deletes; both stand on the undo stack of the window.

    Parameters
    ----------
    stack : QUndoStack
    folder : path, optional
        Of the library; the user's own if None.
    """

    def __init__(self, parent: QWidget, stack: QUndoStack, folder: Path | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Corescout: library of types")
        self._stack, self._library = stack, Library(folder)
        self.list = QListWidget()
        self.list.setAccessibleName("Types of the library")
        self.list.setEditTriggers(
            QListWidget.EditTrigger.DoubleClicked | QListWidget.EditTrigger.EditKeyPressed
        )
        self.rename_button = QPushButton("Rename")
        self.delete_button = QPushButton("Delete")
        self.delete_button.setToolTip("Delete the type from the library; Undo brings it back")
        self.note = QLabel(f"Kept in {self._library.folder}")
        self.note.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.rename_button)
        row.addWidget(self.delete_button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addWidget(self.list, stretch=1)
        layout.addLayout(row)
        layout.addWidget(self.note)
        self.resize(360, 320)
        queued = Qt.ConnectionType.QueuedConnection
        self.list.itemChanged.connect(self._renamed, queued)
        self.list.currentRowChanged.connect(self._show_possible)
        self.rename_button.clicked.connect(self._edit)
        self.delete_button.clicked.connect(self.delete)
        self.refresh()

    def refresh(self) -> None:
        """Show the types as they are on the disk."""
        at = self.list.currentRow()
        self.list.blockSignals(True)
        self.list.clear()
        for entry in self._library.entries():
            item = QListWidgetItem(swatch(entry.color), entry.name)
            item.setData(_UID, entry.uid)
            item.setToolTip(entry.note)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            self.list.addItem(item)
        self.list.setCurrentRow(min(max(0, at), self.list.count() - 1))
        self.list.blockSignals(False)
        self._show_possible()

    def delete(self) -> None:
        """Delete the chosen type."""
        entry = self._chosen()
        if entry is None:
            return
        self._stack.push(
            Change(
                f"delete {entry.name} from the library",
                lambda: self._do(lambda: self._library.remove(entry.uid)),
                lambda: self._do(lambda: self._library.add(entry)),
            )
        )

    def _edit(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.list.editItem(item)

    def _renamed(self, item: QListWidgetItem) -> None:
        entry, name = self._entry(item), item.text().strip()
        if entry is None or name == entry.name:
            return
        taken = {e.name.casefold() for e in self._library.entries() if e.uid != entry.uid}
        if not name or name.casefold() in taken:
            self.refresh()
            self._say(f"'{name}' is in the library already." if name else "A type needs a name.")
            return
        self._stack.push(
            Change(
                f"rename {entry.name} of the library",
                lambda: self._do(lambda: self._library.rename(entry.uid, name)),
                lambda: self._do(lambda: self._library.rename(entry.uid, entry.name)),
            )
        )

    def _do(self, change: Callable[[], object]) -> None:
        try:
            change()
        except (InputError, OSError) as error:
            self._say(str(error))
        else:
            self.note.setStyleSheet("")
            self.note.setText(f"Kept in {self._library.folder}")
        self.refresh()

    def _say(self, text: str) -> None:
        self.note.setText(text)
        tint(self.note, "problem")

    def _chosen(self) -> LibraryType | None:
        item = self.list.currentItem()
        return None if item is None else self._entry(item)

    def _entry(self, item: QListWidgetItem) -> LibraryType | None:
        uid = item.data(_UID)
        return next((e for e in self._library.entries() if e.uid == uid), None)

    def _show_possible(self, *_: object) -> None:
        chosen = self.list.currentRow() >= 0
        self.rename_button.setEnabled(chosen)
        self.delete_button.setEnabled(chosen)

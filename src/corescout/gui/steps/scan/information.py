"""The dock that says what was read: frame, channels, doubts, and the vendor's metadata."""

from __future__ import annotations

from textwrap import fill
from typing import Any

import napari
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QHeaderView,
    QLineEdit,
    QMainWindow,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from corescout.data import Scan
from corescout.description import VENDOR, Rows, describe
from corescout.gui.canvas import layer_data as shown
from corescout.gui.docked import dock_of, tabify_with

_LINE = 34  # characters of a value in one line: a doubt is read, not guessed


class ScanInformation(QWidget):
    """Shows the scan of the selected layer; the filter finds a key or a value.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._joined = False  # once: where it is dragged to later, it stays
        self._shown: tuple[Scan, str] | None = None
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Find, such as ScanRate")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._apply_filter)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["What", "Value"])
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.filter)
        layout.addWidget(self.tree)
        viewer.layers.selection.events.active.connect(self._refresh)
        self._refresh()

    def showEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Lie over the dock of the steps: side by side both would be too narrow to read."""
        super().showEvent(event)
        QTimer.singleShot(0, self._join)

    def _join(self) -> None:
        dock, window = dock_of(self), self.window()
        if dock is not None and isinstance(window, QMainWindow) and not self._joined:
            self._joined = True
            tabify_with(dock, window)

    def closeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Leave the viewer."""
        self._viewer.layers.selection.events.active.disconnect(self._refresh)
        super().closeEvent(event)

    def _refresh(self, event: object = None) -> None:
        layer = self._viewer.layers.selection.active
        metadata = getattr(layer, "metadata", {})
        scan = metadata.get(shown.SCAN)
        if not isinstance(scan, Scan):
            if self._shown is None:
                self._fill({"": [("Select a scan's layer", "")]})
            return
        channel = str(metadata.get(shown.CHANNEL, scan.default_channel))
        if self._shown is not None and self._shown[0] is scan and self._shown[1] == channel:
            return
        self._shown = (scan, channel)
        self._fill(describe(scan, channel))

    def _fill(self, groups: dict[str, Rows]) -> None:
        self.tree.clear()
        for title, rows in groups.items():
            parent = QTreeWidgetItem([title])
            for key, value in rows:
                item = QTreeWidgetItem([key, fill(value, _LINE)])
                item.setToolTip(1, value)
                parent.addChild(item)
            self.tree.addTopLevelItem(parent)
            parent.setExpanded(title != VENDOR)
        self._apply_filter(self.filter.text())

    def _apply_filter(self, text: str) -> None:
        wanted = text.strip().lower()
        for i in range(self.tree.topLevelItemCount()):
            parent = self.tree.topLevelItem(i)
            found = 0
            for k in range(parent.childCount()):
                item = parent.child(k)
                hit = wanted in f"{item.text(0)} {item.text(1)}".lower()
                item.setHidden(not hit)
                found += hit
            parent.setHidden(bool(wanted) and not found)
            if wanted and found:
                parent.setExpanded(True)

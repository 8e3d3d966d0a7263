"""The types as a list: eye, mean patch, name, points and length of wall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QItemSelectionModel, QSize, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem

from corescout.colors import type_color
from corescout.data import TypedPoints
from corescout.gui.look import swatch, true_icon
from corescout.gui.plots.patch_strip import patch_pixmap

EYE, NAME, POINTS, WALL = range(4)
_ICON_PX = 28


class TypeList(QTreeWidget):
    """One row a type. A double click renames, several can be selected, the box is the eye."""

    renamed = Signal(int, str)
    hidden_changed = Signal(int, bool)

    def __init__(self) -> None:
        super().__init__()
        self.setColumnCount(4)
        self.setHeaderLabels(["", "Type", "Points", "Wall (µm)"])
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setIconSize(QSize(_ICON_PX, _ICON_PX))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAccessibleName("Types")
        self.setToolTip(
            "Double click or F2: another name. Box: show or hide. Ctrl+click: several, to merge"
        )
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column in (EYE, POINTS, WALL):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.itemChanged.connect(self._changed)
        self.itemDoubleClicked.connect(self._edit)

    def show_types(
        self, typed: TypedPoints | None, patches: Mapping[int, NDArray[np.float32]]
    ) -> None:
        """Show the types of points; the selection stays where their numbers do.

        Parameters
        ----------
        typed : TypedPoints or None
            None shows none.
        patches : mapping of int to (w, w)
            Mean patch of each type.
        """
        chosen = self.selected_numbers()
        self.blockSignals(True)
        self.clear()
        if typed is not None:
            for number in typed.types.numbers:
                self.addTopLevelItem(_item(typed, number, patches.get(number)))
        self.blockSignals(False)
        self.select_numbers(chosen)
        rows = max(2, self.topLevelItemCount())
        height = self.header().sizeHint().height() + rows * (_ICON_PX + 4) + 6
        self.setFixedHeight(min(height, 260))

    def show_walls(self, lengths_um: Mapping[int, float]) -> None:
        """Show the length of wall of each type."""
        self.blockSignals(True)
        for item in self._items():
            length = lengths_um.get(number_of(item))
            item.setText(WALL, "" if length is None else f"{length:.2f}")
        self.blockSignals(False)

    def selected_numbers(self) -> list[int]:
        """Return the types that are selected."""
        return sorted(number_of(item) for item in self.selectedItems())

    def select_numbers(self, numbers: list[int]) -> None:
        """Select types."""
        self.clearSelection()
        for item in self._items():
            if number_of(item) in numbers:
                flags = QItemSelectionModel.SelectionFlag
                index = self.indexFromItem(item)
                self.selectionModel().select(index, flags.Select | flags.Rows)

    def item_of(self, number: int) -> QTreeWidgetItem:
        """Return the row of a type."""
        return next(item for item in self._items() if number_of(item) == number)

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Rename with F2 or Enter, hide and show with the space bar."""
        if self.state() == QAbstractItemView.State.EditingState:  # Enter has ended it
            return
        item = self.currentItem()
        if item is not None and event.key() in (Qt.Key.Key_F2, Qt.Key.Key_Return):
            self._edit(item)
        elif item is not None and event.key() == Qt.Key.Key_Space:
            seen = item.checkState(EYE) == Qt.CheckState.Checked
            item.setCheckState(EYE, Qt.CheckState.Unchecked if seen else Qt.CheckState.Checked)
        else:
            super().keyPressEvent(event)

    def _edit(self, item: QTreeWidgetItem, *_: object) -> None:
        self.editItem(item, NAME)

    def _items(self) -> list[QTreeWidgetItem]:
        return [self.topLevelItem(i) for i in range(self.topLevelItemCount())]

    def _changed(self, item: QTreeWidgetItem, column: int) -> None:
        if column == NAME:
            self.renamed.emit(number_of(item), item.text(NAME))
        elif column == EYE:
            hidden = item.checkState(EYE) != Qt.CheckState.Checked
            self.hidden_changed.emit(number_of(item), hidden)


def number_of(item: QTreeWidgetItem) -> int:
    """Return the type of a row."""
    return int(item.data(NAME, Qt.ItemDataRole.UserRole))


def _item(typed: TypedPoints, number: int, patch: NDArray[np.float32] | None) -> QTreeWidgetItem:
    types = typed.types
    look = types.looks[number]
    color = type_color(number, types.colors)
    item = QTreeWidgetItem(["", look.name, f"{types.count(number):,}", ""])
    item.setData(NAME, Qt.ItemDataRole.UserRole, number)
    item.setIcon(NAME, _icon(patch, color))
    eye = Qt.CheckState.Unchecked if look.hidden else Qt.CheckState.Checked
    item.setCheckState(EYE, eye)
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsUserCheckable)
    for column in (POINTS, WALL):
        item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    item.setToolTip(EYE, "Show this type; a hidden one has no targets")
    item.setToolTip(POINTS, _points_in_words(typed, number))
    return item


def _points_in_words(typed: TypedPoints, number: int) -> str:
    """Share of all points, those between two types or named by hand, and the motifs: "10 % ..."."""
    types = typed.types
    rows = types.rows(number)
    parts = [f"{len(rows) / max(1, len(types.of_point)):.0%} of all"]
    if between := int((~typed.likely[rows]).sum()):
        parts.append(f"{between} between two types")
    if by_hand := int(types.by_hand[rows].sum()):
        parts.append(f"{by_hand} by hand")
    motifs = int((np.asarray(typed.type_of_component) == number).sum())
    if motifs > 1:
        parts.append(f"{motifs} motifs")
    return ", ".join(parts)


def _icon(patch: NDArray[np.float32] | None, color: str) -> QIcon:
    if patch is None:
        return swatch(color, _ICON_PX)
    pixmap = QPixmap(_ICON_PX, _ICON_PX)
    pixmap.fill(QColor(color))
    painter = QPainter(pixmap)
    painter.drawPixmap(4, 4, patch_pixmap(patch, _ICON_PX - 8))
    painter.end()
    return true_icon(pixmap)

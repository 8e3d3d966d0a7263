"""What every table of the dock has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget


class Table(QTableWidget):
    """Rows that are selected as a whole and not edited."""

    columns: tuple[str, ...] = ()
    tips: Mapping[str, str] = {}  # of columns whose word does not say it all

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(self.columns), parent)
        self.setHorizontalHeaderLabels(list(self.columns))
        for column, name in enumerate(self.columns):
            self.horizontalHeaderItem(column).setToolTip(self.tips.get(name, ""))
        self.verticalHeader().setVisible(False)
        self.verticalHeader().setDefaultSectionSize(21)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        first = QHeaderView.ResizeMode.ResizeToContents
        self.horizontalHeader().setSectionResizeMode(0, first)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a size that leaves the scan its place."""
        return QSize(380, 150)

    def set_row(self, row: int, texts: Sequence[str], tooltip: str = "") -> None:
        """Fill a row; all columns but the first are numbers."""
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            if column:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setToolTip(tooltip)
            self.setItem(row, column, item)

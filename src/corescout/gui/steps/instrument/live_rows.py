"""What became of the scans of a watch, the newest first: a row opens the report of its scan."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QListWidget, QListWidgetItem

from corescout.data.counted import counted
from corescout.gui.look import tint_item
from corescout.gui.steps.step import breakable
from corescout.live.states import ScanRecord

_MOST_ROWS = 100
_RECORD = Qt.ItemDataRole.UserRole


class LiveRows(QListWidget):
    """Takes the records of a watch; `wanted` is one that was clicked, or chosen with Enter."""

    wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setMaximumHeight(150)
        self.setWordWrap(True)
        self.setSpacing(2)
        self.setStyleSheet("QListWidget { background: transparent; }")  # its colours read on it
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Scans, the newest first")
        self._shown = 0
        self.itemClicked.connect(self._open)

    def begin(self) -> None:
        """Another watch begins."""
        self.clear()
        self._shown = 0

    def show_records(self, records: tuple[ScanRecord, ...]) -> None:
        """Add what is new."""
        for record in records[self._shown :]:
            self.insertItem(0, _item(record))
        self._shown = len(records)
        while self.count() > _MOST_ROWS:
            self.takeItem(self.count() - 1)

    def keyPressEvent(self, event: object) -> None:  # noqa: N802 - Qt's name
        """Enter opens the row that has the focus."""
        item = self.currentItem()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:  # type: ignore[attr-defined]
            self._open(item)
            return
        super().keyPressEvent(event)

    def _open(self, item: QListWidgetItem) -> None:
        self.wanted.emit(item.data(_RECORD))


def _item(record: ScanRecord) -> QListWidgetItem:
    item = QListWidgetItem(breakable(row_words(record)))
    item.setData(_RECORD, record)
    opens = "Click: its report. " if record.outcome == "analysed" else ""
    item.setToolTip(f"{opens}{record}")
    if record.outcome == "set aside":
        tint_item(item, "problem")
    elif record.outcome == "superseded":
        tint_item(item, "hint")
    return item


def row_words(record: ScanRecord) -> str:
    """Say a record in two lines, and one for each warning: what it is, then what it is worth."""
    at = "" if record.arrived_at is None else f"  {record.arrived_at.astimezone():%H:%M}"
    head = f"{record.number}  {record.called}{at}"
    if record.outcome != "analysed":
        return f"{head}\n{record.outcome}: {record.reason}"
    count = len(record.types)
    worth = record.worth or "types"
    worth = worth if worth.startswith("one") else f"{count} {worth}"
    parts = [worth, counted(record.targets, "target")]
    if record.explored:
        parts.append("explored again")
    if record.novel_share:
        parts.append(f"{record.novel_share:.0%} new")
    warnings = [f"\u26a0 {warning}" for warning in record.warnings]
    return "\n".join([head, ", ".join(parts), *record.evidence_lines, *warnings])

"""The table of the targets, in the order of their visits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from qtpy.QtCore import QItemSelection, QItemSelectionModel, QSize, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QWidget

from corescout.colors import type_color
from corescout.data import Target, Types
from corescout.gui.look import swatch
from corescout.gui.table import Table


class TargetTable(Table):
    """Number, type, place and state of each target; rows that are selected can be deleted."""

    picked = Signal(object)  # set of rows that the operator selected
    delete_wanted = Signal()
    columns = ("no.", "type", "X (µm)", "Y (µm)", "state")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setAccessibleName("Targets in the order of their visits")
        self._targets: tuple[Target, ...] = ()
        self.itemSelectionChanged.connect(self._pick)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a size that leaves the other steps their place."""
        return QSize(340, 130)

    @property
    def targets(self) -> tuple[Target, ...]:
        """What is shown, in the order of the rows."""
        return self._targets

    def set_targets(
        self,
        targets: Sequence[Target],
        state_of: Mapping[str, str] | None = None,
        types: Types | None = None,
    ) -> None:
        """Show targets; pixels stand in brackets where the scan has no scale.

        Parameters
        ----------
        types : Types, optional
            For their names and the colours that a person chose.
        """
        self._targets = tuple(targets)
        self.blockSignals(True)
        self.setRowCount(len(targets))
        for row, target in enumerate(targets):
            if target.xy_m is None:
                places = [f"({target.yx_px[1]:.1f} px)", f"({target.yx_px[0]:.1f} px)"]
            else:
                places = [f"{value * 1e6:+.4f}" for value in target.xy_m]
            state = (state_of or {}).get(target.uid, "planned")
            kind = _kind(target, types)
            self.set_row(row, [str(target.number), kind, *places, state], target.reason)
            color = type_color(target.type, None if types is None else types.colors)
            self.item(row, 1).setIcon(swatch(color))
        self.blockSignals(False)

    def set_states(self, state_of: Mapping[str, str]) -> None:
        """Show the state of each target."""
        for row, target in enumerate(self._targets):
            self.item(row, len(self.columns) - 1).setText(state_of.get(target.uid, "planned"))

    def rows(self) -> set[int]:
        """Return the rows that are selected."""
        return {index.row() for index in self.selectionModel().selectedRows()}

    def select(self, rows: Collection[int]) -> None:
        """Select rows without saying that the operator did."""
        if set(rows) == self.rows():
            return
        model, chosen = self.model(), QItemSelection()
        for row in rows:
            if row < self.rowCount():
                chosen.select(model.index(row, 0), model.index(row, self.columnCount() - 1))
        self.blockSignals(True)
        self.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.blockSignals(False)
        self.viewport().update()
        if rows and min(rows) < self.rowCount():
            self.scrollToItem(self.item(min(rows), 0))

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Delete deletes."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_wanted.emit()
        else:
            super().keyPressEvent(event)

    def _pick(self) -> None:
        self.picked.emit(self.rows())


def _kind(target: Target, types: Types | None) -> str:
    """Number of the type, and its name where a person gave it one."""
    if not target.type:
        return "by hand"
    name = "" if types is None else types.name(target.type)
    return f"{target.type}" if name in ("", f"type {target.type}") else f"{target.type} {name}"

"""The results of the window in one line: each can be taken up again, or removed."""

from __future__ import annotations

from qtpy.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QWidget

from corescout.gui.model.found_results import Found
from corescout.gui.model.result_edits import remove_result
from corescout.gui.model.workspace import Workspace


class ResultList(QWidget):
    """Stands below Explore as soon as there is a choice.

    Parameters
    ----------
    workspace : Workspace

    Attributes
    ----------
    choice : QComboBox
        The newest first.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.choice = QComboBox()
        self.choice.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.choice.setMinimumContentsLength(18)
        self.choice.setAccessibleName("Results")
        self.choice.setToolTip(
            "Results of this window, the newest first: choose one to show it again. Compare two"
            " under step 4, Compare with …"
        )
        self.remove_button = QPushButton("Remove")
        self.remove_button.setToolTip("Take the result that is shown out of the list; Undo works")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.choice, stretch=1)
        row.addWidget(self.remove_button)
        self.choice.activated.connect(self._take_up)
        self.remove_button.clicked.connect(self._remove)
        workspace.results.changed.connect(self._show)
        workspace.chosen_changed.connect(self._show)
        workspace.running_changed.connect(self._show)
        self._show()

    def _show(self, *_: object) -> None:
        results = self._workspace.results
        self.setVisible(len(results) > 1 or (len(results) == 1 and results.present is None))
        self.choice.blockSignals(True)
        self.choice.clear()
        if results.present is None:
            self.choice.addItem("no result is shown", None)
        for entry in reversed(list(results)):
            self.choice.addItem(self._words(entry), entry.key)
        self.choice.setCurrentIndex(max(0, self.choice.findData(results.shown)))
        self.choice.blockSignals(False)
        free = not self._workspace.running
        self.choice.setEnabled(free)
        self.remove_button.setEnabled(free and results.present is not None)

    def _words(self, entry: Found) -> str:
        chosen = self._workspace.chosen
        here = chosen is not None and chosen.scan.uid == entry.scan.uid
        return entry.words if here else f"{entry.words}, {entry.scan_name}"

    def _take_up(self, place: int) -> None:
        key = self.choice.itemData(place)
        if key is not None:
            self._workspace.take_up(key)

    def _remove(self) -> None:
        shown = self._workspace.results.shown
        if shown is not None:
            remove_result(self._workspace, shown)

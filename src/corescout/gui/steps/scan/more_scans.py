"""Further scans of the viewer that are explored with the chosen one: each by itself, or as one."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QListWidget, QListWidgetItem

from corescout.data import Scan
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.layer_data import SCAN
from corescout.gui.model.chosen_image import ChosenImage
from corescout.gui.model.workspace import Workspace
from corescout.gui.steps.step import Fold

_NAME = Qt.ItemDataRole.UserRole  # of the image of an item
_ROWS = 4  # that are seen without scrolling


class MoreScans(Fold):
    """Lists one image of every other scan; what is checked is explored too.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas

    Attributes
    ----------
    listed : QListWidget
    way : QComboBox
        Its data say whether the scans are pooled.
    """

    changed = Signal()

    def __init__(self, workspace: Workspace, canvas: Canvas) -> None:
        super().__init__("More scans")
        self._workspace, self._canvas = workspace, canvas
        self.listed = QListWidget()
        self.listed.setToolTip("Scans that are explored with the chosen one; check those you want")
        self.listed.setAccessibleName("More scans")
        self.way = QComboBox()
        self.way.addItem("each by itself", False)
        self.way.addItem("as one series, the same types on all", True)
        self.way.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.way.setMinimumContentsLength(16)
        self.way.setToolTip(
            "Each by itself: one search after the other, types numbered on each. As one series: one"
            " representation trained on the key points of all, and type 1 is the same on every scan"
        )
        self.form.addRow(self.listed)
        self.form.addRow("Explore", self.way)
        self.setVisible(False)
        self.listed.itemChanged.connect(lambda _: self.changed.emit())
        self.way.currentIndexChanged.connect(lambda _: self.changed.emit())
        workspace.chosen_changed.connect(self.refresh)
        workspace.running_changed.connect(lambda running: self.setEnabled(not running))

    @property
    def pooled(self) -> bool:
        """Whether one representation is wanted for all."""
        return bool(self.way.currentData())

    def images(self) -> tuple[ChosenImage, ...]:
        """Return the checked images, in the order of the list."""
        layers = map(self._canvas.image_named, self._checked())
        return tuple(self._canvas.chosen_image(layer) for layer in layers if layer is not None)

    def refresh(self, *_: object) -> None:
        """Offer the other scans of the viewer; what was checked stays checked."""
        checked, names = self._checked(), self._offered()
        if list(names) == [self.listed.item(i).data(_NAME) for i in range(self.listed.count())]:
            return
        self.listed.blockSignals(True)
        self.listed.clear()
        for name, scan in names.items():
            file = scan.source.replace("\\", "/").rpartition("/")[2] or scan.uid
            item = QListWidgetItem(f"{file}, {name}")
            item.setData(_NAME, name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            state = Qt.CheckState.Checked if name in checked else Qt.CheckState.Unchecked
            item.setCheckState(state)
            self.listed.addItem(item)
        self.listed.blockSignals(False)
        row_px = self.listed.fontMetrics().lineSpacing() + 6
        self.listed.setFixedHeight(min(_ROWS, max(1, len(names))) * row_px + 6)
        self.setVisible(bool(names))
        self.changed.emit()

    def _checked(self) -> list[str]:
        items = [self.listed.item(i) for i in range(self.listed.count())]
        return [i.data(_NAME) for i in items if i.checkState() == Qt.CheckState.Checked]

    def _offered(self) -> dict[str, Scan]:
        """One image of each other scan by name: that of the chosen channel where it has one."""
        chosen = self._workspace.chosen
        if chosen is None:
            return {}
        found: dict[str, tuple[str, Scan]] = {}
        for layer in reversed(self._canvas.images()):
            scan = layer.metadata.get(SCAN)
            if not isinstance(scan, Scan) or scan.uid == chosen.scan.uid:
                continue
            if scan.uid not in found or self._canvas.chosen_image(layer).channel == chosen.channel:
                found[scan.uid] = (layer.name, scan)
        return dict(found.values())

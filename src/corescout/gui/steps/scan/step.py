"""Step 1: which image is analysed, where it lies, and what speaks against a decision on it."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtWidgets import QComboBox, QLabel, QSizePolicy

from corescout.data import Finding, Scan
from corescout.gui.canvas.canvas import Canvas, is_scan_image
from corescout.gui.canvas.layer_data import SCAN
from corescout.gui.canvas.placement import readout
from corescout.gui.look import tint
from corescout.gui.model.chosen_image import ChosenImage
from corescout.gui.model.workspace import DROP_A_SCAN, Workspace
from corescout.gui.steps.scan.more_scans import MoreScans
from corescout.gui.steps.step import Step, breakable


def in_words(scan: Scan) -> str:
    """Say file, size, pixels and date of a scan."""
    height, width = scan.shape_px
    parts = [scan.source.replace("\\", "/").rpartition("/")[2] or scan.uid]
    if scan.frame is not None:
        across, down = (side * 1e6 for side in scan.frame.size_m)
        parts.append(f"{across:.3g} × {down:.3g} µm")
    parts.append(f"{width} × {height} px")
    if scan.acquired_at is not None:
        parts.append(f"{scan.acquired_at.astimezone():%d %b %Y %H:%M}")
    return ", ".join([parts[0], *(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts[1:])])


class ScanStep(Step):
    """The channel, the doubts, and the place under the mouse.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    """

    def __init__(self, workspace: Workspace, canvas: Canvas) -> None:
        super().__init__(workspace, "scan")
        self._canvas = canvas
        self.channel = QComboBox()
        self.channel.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.channel.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.channel.setMinimumContentsLength(16)
        self.channel.setToolTip("Image layer to analyse")
        self.doubts = QLabel("")
        self.doubts.setWordWrap(True)
        tint(self.doubts, "doubt")
        self.doubts.setVisible(False)
        self.file = QLabel()
        self.file.setWordWrap(True)
        self.file.setAccessibleName("File, size and date of the scan")
        self.file.setVisible(False)
        self.place = QLabel("Move the mouse over the scan for its coordinates")
        self.place.setWordWrap(True)
        self.place.setMinimumHeight(2 * self.place.fontMetrics().lineSpacing())  # no button moves
        self.place.setToolTip("Place under the mouse in the instrument's coordinates, Y up")
        self.form().addRow("Channel", self.channel)
        self.body.addWidget(self.file)
        self.body.addWidget(self.doubts)
        self.body.addWidget(self.place)
        self.more = MoreScans(workspace, canvas)
        self.body.addWidget(self.more)
        self._by_hand = False
        self.channel.activated.connect(self._choose_by_hand)
        self.channel.currentTextChanged.connect(self.publish)
        events = canvas.viewer.layers.events
        canvas.connections.connect(events.inserted, self.refresh)
        canvas.connections.connect(events.removed, self.refresh)
        canvas.mouse_moved.connect(self.show_place)
        canvas.images_changed.connect(self.refresh)
        workspace.image_wanted.connect(self._want)
        workspace.chosen_changed.connect(self._say_file)
        workspace.doubts_changed.connect(self.say_doubts)

    def refresh(self, event: Any = None) -> None:
        """Offer the images that are in the viewer."""
        came = getattr(event, "type", "") == "inserted" and is_scan_image(event.value)
        if came and not self.workspace.running:
            self._by_hand = False  # a new scan came in: it is followed
        self.more.refresh()
        images = self._canvas.images()
        visible = [layer.name for layer in images if layer.visible]
        self._set_channels([layer.name for layer in images], visible[0] if visible else None)
        if self.workspace.running and self.workspace.chosen is not None:
            if came:
                self._canvas.put_below(event.value)
            return  # the search goes on with the scan that it began with
        self.publish()

    def publish(self) -> None:
        """Choose the image selected in the list, as it is now."""
        layer = self._canvas.image_named(self.channel.currentText())
        image = None if layer is None else self._canvas.chosen_image(layer)
        if image != self.workspace.chosen:
            self.workspace.choose(image)
        if image is None and not self.workspace.running:
            self.workspace.say(self._canvas.refusal() or DROP_A_SCAN, "empty")

    def choose_image(self, name: str) -> None:
        """Choose the image of a name, as by hand; it is seen."""
        layer = self._canvas.image_named(name)
        if layer is not None:
            layer.visible = True
            self._by_hand = True
            self.channel.setCurrentText(name)

    def more_scans(self) -> tuple[tuple[ChosenImage, ...], bool]:
        """Return the further images that are to be explored, and whether all are pooled."""
        return self.more.images(), self.more.pooled

    def show_place(self, position: tuple[float, ...]) -> None:
        """Say where the mouse is, in the instrument's coordinates."""
        layer, chosen = self._canvas.image_layer(), self.workspace.chosen
        if layer is not None and chosen is not None and len(position) >= 2:
            place = np.asarray(layer.world_to_data(position[-2:]))
            self.place.setText(readout(chosen.scan, place))

    def _set_channels(self, names: list[str], preferred: str | None) -> None:
        """Offer image layers; what was chosen by hand stays, else the preferred one is chosen."""
        current = self.channel.currentText()
        if current not in names:
            self._by_hand = False
        self.channel.blockSignals(True)
        self.channel.clear()
        self.channel.addItems(names)
        wanted = current if self._by_hand or self._held(current, names) else preferred
        if wanted is not None:
            self.channel.setCurrentText(wanted)
        self.channel.blockSignals(False)

    def say_doubts(self, doubts: tuple[Finding, ...]) -> None:
        """Say what speaks against a decision on this scan; nothing where nothing does."""
        self.doubts.setText("\n".join(f"\u26a0 {doubt.message}" for doubt in doubts))
        self.doubts.setVisible(bool(doubts))

    def set_running(self, running: bool) -> None:
        """Lock the channel while a search runs on it."""
        self.channel.setEnabled(not running)

    def _say_file(self, image: ChosenImage | None) -> None:
        self.file.setVisible(image is not None)
        if image is not None:
            self.file.setText(breakable(in_words(image.scan)))

    def _held(self, name: str, names: list[str]) -> bool:
        """Whether a search runs on the image of a name."""
        return self.workspace.running and name in names

    def _want(self, scan: Scan) -> None:
        """Choose the image of a scan, whose result was taken up; open it where it is gone."""
        images = [i for i in self._canvas.images() if i.metadata.get(SCAN) is scan]
        images = images or [
            i for i in self._canvas.images() if self._canvas.chosen_image(i).scan.uid == scan.uid
        ]
        if not images:
            self._canvas.add_scan(scan)
            return
        shown = [layer for layer in images if layer.visible] or images
        shown[0].visible = True
        self._by_hand = True
        self.channel.setCurrentText(shown[0].name)

    def _choose_by_hand(self) -> None:
        self._by_hand = True

"""Step 1: which image is analysed, where it lies, and what speaks against a decision on it."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import napari
import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QLabel, QSizePolicy

from corescout.gui.canvas import layer_data as shown
from corescout.gui.canvas.placement import readout
from corescout.gui.look import DOUBT
from corescout.gui.steps.step import Step

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer


class ScanStep(Step):
    """The channel, the doubts, and the place under the mouse."""

    chosen = Signal(str)  # name of the layer
    images_changed = Signal(bool)  # whether there is an image to explore
    mouse_moved = Signal(object)  # world coordinates under the mouse

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer, "scan")
        self.channel = QComboBox()
        self.channel.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.channel.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.channel.setMinimumContentsLength(16)
        self.channel.setToolTip("The image layer that is analysed")
        self.doubts = QLabel("")
        self.doubts.setWordWrap(True)
        self.doubts.setStyleSheet(f"color: {DOUBT};")
        self.doubts.setVisible(False)
        self.place = QLabel("Move the mouse over the scan for its coordinates")
        self.place.setWordWrap(True)
        self.place.setToolTip("Place under the mouse in the instrument's coordinates, Y up")
        self.form().addRow("Channel", self.channel)
        self.body.addWidget(self.doubts)
        self.body.addWidget(self.place)
        self._by_hand = False
        self.channel.activated.connect(self._choose_by_hand)
        self.channel.currentTextChanged.connect(self.chosen)
        events = explorer.viewer.layers.events
        events.inserted.connect(self.refresh)
        events.removed.connect(self.refresh)
        self._follow_mouse()

    def refresh(self, event: Any = None) -> None:
        """Offer the images that are in the viewer."""
        if getattr(event, "type", "") == "inserted" and _is_scan_image(event.value):
            self._by_hand = False  # a new scan came in: it is followed
        images = [layer for layer in self.explorer.viewer.layers if _is_scan_image(layer)]
        names = [layer.name for layer in reversed(images)]
        visible = [layer.name for layer in reversed(images) if layer.visible]
        self.set_channels(names, visible[0] if visible else None)
        self.images_changed.emit(bool(images))

    def show_place(self, position: tuple[float, ...]) -> None:
        """Say where the mouse is, in the instrument's coordinates."""
        layer = self.explorer.image_layer()
        if layer is not None and len(position) >= 2:
            place = np.asarray(layer.world_to_data(position[-2:]))
            self.place.setText(readout(self.explorer.scan_of(layer), place))

    def leave(self) -> None:
        """Let go of the viewer's layers and mouse."""
        viewer = self.explorer.viewer
        viewer.layers.events.inserted.disconnect(self.refresh)
        viewer.layers.events.removed.disconnect(self.refresh)
        if self._mouse_callback in viewer.mouse_move_callbacks:
            viewer.mouse_move_callbacks.remove(self._mouse_callback)

    def _follow_mouse(self) -> None:
        me = weakref.ref(self)

        def follow(viewer: Any, event: Any) -> None:
            step = me()
            if step is not None:
                step.show_place(event.position)
                step.mouse_moved.emit(event.position)

        self._mouse_callback = follow
        self.explorer.viewer.mouse_move_callbacks.append(follow)

    def set_channels(self, names: list[str], preferred: str | None) -> None:
        """Offer image layers; what was chosen by hand stays, else the preferred one is chosen."""
        current = self.channel.currentText()
        if current not in names:
            self._by_hand = False
        self.channel.blockSignals(True)
        self.channel.clear()
        self.channel.addItems(names)
        wanted = current if self._by_hand else preferred
        if wanted is not None:
            self.channel.setCurrentText(wanted)
        self.channel.blockSignals(False)
        if self.channel.currentText() != current:
            self.chosen.emit(self.channel.currentText())

    def say_doubts(self, doubts: tuple[str, ...]) -> None:
        """Say what speaks against a decision on this scan; nothing where nothing does."""
        self.doubts.setText("\n".join(f"\u26a0 {doubt}" for doubt in doubts))
        self.doubts.setVisible(bool(doubts))

    def set_running(self, running: bool) -> None:
        """Lock the channel while a search runs on it."""
        self.channel.setEnabled(not running)

    def _choose_by_hand(self) -> None:
        self._by_hand = True


def _is_scan_image(layer: Any) -> bool:
    """Say whether a layer may be explored; a map of ours, or a scan under way, is none."""
    image = isinstance(layer, napari.layers.Image) and layer.ndim == 2 and not layer.rgb
    ours = layer.metadata.get(shown.OURS)
    analysed = ours == shown.LIVE and shown.RESULT in layer.metadata
    return image and (ours is None or analysed)

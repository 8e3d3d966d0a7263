"""The patch under the mouse: as measured, turned upright, and as rebuilt."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QImage, QPainter, QPen, QPixmap
from qtpy.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from corescout.gui.plots.decoder import PatchTriple

_LEAST_PX, _MOST_PX, _CAPTION_PX = 28, 64, 11  # sides of the pictures as the room allows
_CAPTIONS = {
    "measured": "Patch as measured",
    "upright": "Patch turned upright by the angle and shift that the encoder found",
    "rebuilt": "Patch as reconstructed by the decoder",
}


class PatchStrip(QWidget):
    """Three small pictures under each other, the first channel of the patch in grey."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 0, 2, 0)
        layout.setSpacing(0)
        self.pictures: dict[str, QLabel] = {}
        self._patch: PatchTriple | None = None
        self._side_px = _LEAST_PX
        for name, what in _CAPTIONS.items():
            picture = QLabel()
            picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
            picture.setToolTip(what)
            picture.setAccessibleName(f"Patch, {name}")
            caption = QLabel(name)
            caption.setStyleSheet("font-size: 9px; margin: 0px; padding: 0px;")
            caption.setFixedHeight(_CAPTION_PX)
            caption.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(picture)
            layout.addWidget(caption)
            self.pictures[name] = picture
        layout.addStretch(1)
        self.setToolTip("Move the mouse over a point, in the plot or on the scan")
        self.setMinimumHeight(len(_CAPTIONS) * (_LEAST_PX + _CAPTION_PX))
        self.setFixedWidth(_MOST_PX)
        self.show_patch(None)

    def resizeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Draw the pictures as large as the height allows."""
        super().resizeEvent(event)
        side = self.height() // len(_CAPTIONS) - _CAPTION_PX
        self._side_px = max(_LEAST_PX, min(_MOST_PX - 4, side))
        self.show_patch(self._patch)

    def show_patch(self, patch: PatchTriple | None) -> None:
        """Show a patch; empty frames if None. The grey scale is that of the measured patch."""
        self._patch = patch
        low, high = (0.0, 1.0) if patch is None else _range(patch.measured[0])
        for name, picture in self.pictures.items():
            values = None if patch is None else getattr(patch, name)
            picture.setFixedHeight(self._side_px)
            if values is None:
                picture.setPixmap(_empty(self._side_px))
            else:
                picture.setPixmap(patch_pixmap((values[0] - low) / (high - low), self._side_px))


def patch_pixmap(values: NDArray[np.float32], side_px: int, frame: str | None = None) -> QPixmap:
    """Return values (w, w) in [0, 1] as a grey picture of a size, its pixels sharp.

    Parameters
    ----------
    frame : str, optional
        Colour of a line around it.
    """
    grey = np.ascontiguousarray(np.clip(np.nan_to_num(values) * 255, 0, 255).astype(np.uint8))
    height, width = grey.shape
    image = QImage(grey.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
    pixmap = QPixmap.fromImage(image).scaled(
        side_px,
        side_px,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.FastTransformation,
    )
    if frame is not None:
        painter = QPainter(pixmap)
        pen = QPen(QColor(frame))
        pen.setWidth(4)
        painter.setPen(pen)
        painter.drawRect(pixmap.rect())
        painter.end()
    return pixmap


def _range(values: NDArray[np.float32]) -> tuple[float, float]:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return low, max(high, low + 0.05)


def _empty(side_px: int) -> QPixmap:
    pixmap = QPixmap(side_px, side_px)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setPen(QPen(QColor("#808080"), 1, Qt.PenStyle.DotLine))
    painter.drawRect(0, 0, side_px - 1, side_px - 1)
    painter.end()
    return pixmap

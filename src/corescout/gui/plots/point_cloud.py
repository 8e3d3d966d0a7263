"""Many points of a plot as one picture: 50,000 are stamped in hundredths of a second."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF
from qtpy.QtGui import QImage


class PointCloud(pg.GraphicsObject):
    """Round dots of one size in the colours of a palette, drawn in their order.

    pyqtgraph's own scatter walks through all points in Python when colours change, which takes
    half a second for 50,000 of them; here every pixel of a dot is one array assignment.

    Parameters
    ----------
    diameter_px : float
        On the screen.
    alpha : int
        Of the dots, 255 for opaque; times that of the palette.
    outlined : bool
        With a thin dark line around each.
    """

    def __init__(self, diameter_px: float, *, alpha: int = 255, outlined: bool = False) -> None:
        super().__init__()
        self._diameter, self._alpha, self._outlined = diameter_px, alpha, outlined
        self.xy = np.zeros((0, 2))
        self.index = np.zeros(0, np.int64)
        self.palette = np.zeros((1, 4))
        self._image: QImage | None = None
        self._drawn_for: tuple[Any, ...] = ()

    def set_points(
        self, xy: NDArray[np.float64], palette: NDArray[np.float64], index: NDArray[np.int64]
    ) -> None:
        """Show points (n, 2) in colours of a palette (P, 4) by their index (n,)."""
        moved = xy.shape != self.xy.shape or not np.array_equal(xy, self.xy)
        if moved:
            self.prepareGeometryChange()
        self.xy, self.palette, self.index = xy, palette, index
        self._image = None
        if moved:
            self.informViewBoundsChanged()
        self.update()

    def colors(self) -> list[str]:
        """Return the colour of each point as #rrggbb."""
        table = ["#" + "".join(f"{round(255 * c):02x}" for c in row[:3]) for row in self.palette]
        return [table[i] for i in self.index]

    # -- what pyqtgraph asks for ----------------------------------------------------------

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """Return the rectangle of the points in data units, with room for their size."""
        if len(self.xy) == 0:
            return QRectF()
        (left, bottom), (right, top) = self.xy.min(axis=0), self.xy.max(axis=0)
        across, up = self.pixelVectors()
        pad_x = 0.0 if across is None else self._diameter * abs(across.x())
        pad_y = 0.0 if up is None else self._diameter * abs(up.y())
        rect = QRectF(left, bottom, right - left, top - bottom)
        return rect.adjusted(-pad_x, -pad_y, pad_x, pad_y)

    def dataBounds(  # noqa: N802 - pyqtgraph's name
        self,
        ax: int,
        frac: float = 1.0,
        orthoRange: Any = None,
    ) -> tuple[float | None, float | None]:
        """Return the range of the points along an axis."""
        if len(self.xy) == 0:
            return None, None
        return float(self.xy[:, ax].min()), float(self.xy[:, ax].max())

    def pixelPadding(self) -> float:  # noqa: N802 - pyqtgraph's name
        """Return the room that a dot takes beyond its place."""
        return self._diameter / 2

    def viewTransformChanged(self) -> None:  # noqa: N802 - pyqtgraph's name
        """Draw anew: the axes moved."""
        self.prepareGeometryChange()
        super().viewTransformChanged()
        self._image = None

    def paint(self, painter: Any, *_: object) -> None:
        """Draw the picture of all points over the plot's area."""
        box = self.getViewBox()
        if box is None or len(self.xy) == 0:
            return
        area = box.sceneBoundingRect()
        ratio = painter.device().devicePixelRatioF()
        drawn_for = (area.x(), area.y(), area.width(), area.height(), ratio)
        if self._image is None or drawn_for != self._drawn_for:
            self._image, self._drawn_for = self._picture(area, ratio), drawn_for
        painter.save()
        painter.resetTransform()
        painter.drawImage(QPointF(area.x(), area.y()), self._image)
        painter.restore()

    # -- drawing --------------------------------------------------------------------------

    def _picture(self, area: QRectF, ratio: float) -> QImage:
        """Stamp a dot at every point."""
        width, height = max(1, round(area.width() * ratio)), max(1, round(area.height() * ratio))
        radius = self._diameter * ratio / 2
        outline = radius + (0.8 * ratio if self._outlined else 0.0)
        reach = int(np.ceil(outline)) + 1  # a dot farther outside is not seen
        pad = 2 * reach
        pixels = np.zeros((height + 2 * pad, width + 2 * pad, 4), np.uint8)
        column, row = self._places_px(area, ratio)
        near = (row > -reach) & (row < height + reach)
        near &= (column > -reach) & (column < width + reach)
        row, column, index = row[near] + pad, column[near] + pad, self.index[near]
        if self._outlined:
            dark = np.array([[0, 0, 0, 255]], np.uint8)
            _stamp(pixels, row, column, dark, np.zeros(len(row), np.int64), outline)
        # Premultiplied, in the byte order of ARGB32 on little-endian machines: B, G, R, A.
        alpha = self._alpha * self.palette[:, 3:]
        table = np.round(np.hstack([self.palette[:, [2, 1, 0]] * alpha, alpha])).astype(np.uint8)
        _stamp(pixels, row, column, table, index, radius)
        shown = np.ascontiguousarray(pixels[pad : pad + height, pad : pad + width])
        kind = QImage.Format.Format_ARGB32_Premultiplied
        image = QImage(shown.data, width, height, 4 * width, kind).copy()
        image.setDevicePixelRatio(ratio)
        return image

    def _places_px(self, area: QRectF, ratio: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Columns and rows of the points on the picture."""
        to_scene = self.sceneTransform()
        x = to_scene.m11() * self.xy[:, 0] + to_scene.m21() * self.xy[:, 1] + to_scene.dx()
        y = to_scene.m12() * self.xy[:, 0] + to_scene.m22() * self.xy[:, 1] + to_scene.dy()
        columns, rows = (x - area.x()) * ratio, (y - area.y()) * ratio
        limit = 1e6  # far outside: out of the way of an overflow
        return (
            np.rint(np.clip(columns, -limit, limit)).astype(np.int64),
            np.rint(np.clip(rows, -limit, limit)).astype(np.int64),
        )


def _stamp(
    pixels: NDArray[np.uint8],
    row: NDArray[np.int64],
    column: NDArray[np.int64],
    table: NDArray[np.uint8],
    index: NDArray[np.int64],
    radius_px: float,
) -> None:
    """Set the pixels of a disc around every place to its colour; the rim is half as strong."""
    packed = pixels.view(np.uint32)[..., 0]
    table = np.ascontiguousarray(table)
    rim = (table // 2).view(np.uint32)[:, 0][index]
    full = table.view(np.uint32)[:, 0][index]
    reach = int(np.ceil(radius_px))
    places = [(dy, dx) for dy in range(-reach, reach + 1) for dx in range(-reach, reach + 1)]
    apart = {place: float(np.hypot(*place)) for place in places}
    for (dy, dx), distance in apart.items():
        if radius_px - 0.4 < distance <= radius_px + 0.4:
            at = (row + dy, column + dx)
            empty = packed[at] == 0
            packed[at[0][empty], at[1][empty]] = rim[empty]
    for (dy, dx), distance in apart.items():
        if distance <= radius_px - 0.4:
            packed[row + dy, column + dx] = full

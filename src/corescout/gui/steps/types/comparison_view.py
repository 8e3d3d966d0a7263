"""A window of two scans side by side: their core points, and how much of each type there is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from qtpy.QtCore import Qt
from qtpy.QtGui import QPixmap
from qtpy.QtWidgets import QApplication, QDialog, QLabel, QPushButton, QVBoxLayout, QWidget

from corescout.colors import type_color
from corescout.data import Result
from corescout.data.sentences import ended
from corescout.gui.look import swatch
from corescout.gui.table import Table
from corescout.library import Comparison, TypeShare

_WIDTH_PX = 640


@dataclass(frozen=True, eq=False)
class Compared:
    """Two results and what came of their comparison.

    Attributes
    ----------
    names : pair of str
    results : pair of Result
    comparison : Comparison
    picture : bytes
        PNG of both scans, side by side; made off the GUI thread.
    """

    names: tuple[str, str]
    results: tuple[Result, Result]
    comparison: Comparison
    picture: bytes = b""

    def with_picture(self) -> Compared:
        """Draw both scans with their core points."""
        from corescout.report.drawing import draw_places, draw_scan, new_figure, png_bytes

        figure = new_figure(7.2, 3.6)
        for place, (name, result) in enumerate(zip(self.names, self.results, strict=True), 1):
            axes = figure.add_subplot(1, 2, place)
            draw_scan(axes, result, colorbar=False)
            draw_places(axes, result)
            axes.set_title(name, fontsize=9)
        return replace(self, picture=png_bytes(figure))


class ComparisonView(QDialog):
    """Stands beside the window; its table can be copied.

    Attributes
    ----------
    table : Table
    words : QLabel
        Whether types of one name are the same, and how well the scans agree where they overlap.
    """

    def __init__(self, parent: QWidget, compared: Compared) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        self.setWindowTitle(f"Corescout: {compared.names[0]} and {compared.names[1]}")
        self._compared = compared
        self.picture = QLabel()
        pixmap = QPixmap()
        pixmap.loadFromData(compared.picture)
        smooth = Qt.TransformationMode.SmoothTransformation
        self.picture.setPixmap(pixmap.scaledToWidth(_WIDTH_PX, smooth))
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words = QLabel(comparison_words(compared.comparison))
        self.words.setWordWrap(True)
        self.table = _SharesTable()
        self._fill()
        self.copy_button = QPushButton("Copy the table")
        self.copy_button.setToolTip("As text with tabs, for a spreadsheet")
        self.copy_button.clicked.connect(self._copy)
        layout = QVBoxLayout(self)
        layout.addWidget(self.picture)
        layout.addWidget(self.words)
        layout.addWidget(self.table, stretch=1)
        layout.addWidget(self.copy_button, alignment=Qt.AlignmentFlag.AlignRight)
        self.resize(_WIDTH_PX + 40, 620)

    def _fill(self) -> None:
        rows = self._compared.comparison.rows
        self.table.setRowCount(len(rows))
        for number, row in enumerate(rows):
            self.table.set_row(number, _cells(row))
            color = _color_of(row.numbers, self._compared.results)
            self.table.item(number, 0).setIcon(swatch(color))

    def _copy(self) -> None:
        lines = ["\t".join(c.replace("\n", " ") for c in _SharesTable.columns)]
        lines += ["\t".join(_cells(row)) for row in self._compared.comparison.rows]
        QApplication.clipboard().setText("\n".join(lines))


class _SharesTable(Table):
    columns = (
        "type", "points\nleft", "points\nright", "share\nleft", "share\nright",
        "wall (µm)\nleft", "wall (µm)\nright",
    )  # fmt: skip


def comparison_words(comparison: Comparison) -> str:
    """Return what the numbers below can be trusted for."""
    if comparison.same_representation:
        first = "Both scans use the same representation: each row is one type."
    else:
        first = (
            "The types of these scans were found separately: types share a row where they lie at"
            " the same places or you gave them one name. Analyse the other scan with these types to"
            " compare them."
        )
    places = comparison.places
    if places.ami is None:
        return ended(f"{first} The types cannot be checked place by place: {places.why_none}")
    chance = f", at wrong places up to {max(places.elsewhere):.2f}" if places.elsewhere else ""
    return (
        f"{first} Where the scans overlap, {places.n_pairs:,} key points agree by"
        f" {places.ami:.2f} (0 by chance, 1 the same{chance})."
    )


def _cells(row: TypeShare) -> list[str]:
    walls = ["" if wall is None else f"{wall:.2f}" for wall in row.wall_um]
    return [
        row.name,
        f"{row.count[0]:,}", f"{row.count[1]:,}",
        f"{row.share[0]:.0%}", f"{row.share[1]:.0%}",
        *walls,
    ]  # fmt: skip


def _color_of(numbers: tuple[int, int], results: tuple[Result, Result]) -> str:
    """The colour of a type, on the first scan that has it."""
    for number, result in zip(numbers, results, strict=True):
        if number:
            return type_color(number, result.types.colors)
    return "#8A8A8A"

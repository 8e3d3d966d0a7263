"""Step 4: the types that were found, and what a person makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QColorDialog, QGridLayout, QHBoxLayout, QLabel, QMenu, QPushButton

from corescout.colors import TYPE_COLORS, type_color
from corescout.data import InputError, Result
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.work import Work
from corescout.gui.look import swatch, tint
from corescout.gui.model.type_edits import TypeEdits
from corescout.gui.model.workspace import Workspace
from corescout.gui.steps.step import Step
from corescout.gui.steps.types.comparing import Comparer
from corescout.gui.steps.types.finding import Finder
from corescout.gui.steps.types.further import FurtherEvidence
from corescout.gui.steps.types.reader import Reader
from corescout.gui.steps.types.type_list import TypeList
from corescout.library import Library, library_type
from corescout.library.entry import mean_patch
from corescout.wall_lengths import WallLengths, wall_lengths

_EMPTY = "Types appear here after Explore. Rename, merge, split or correct them."


class TypesStep(Step):
    """The list of types with all that can be done to them; every edit can be undone.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    work : Work
    library : path, optional
        Folder of the library of types; the user's own if None.
    """

    def __init__(
        self, workspace: Workspace, canvas: Canvas, work: Work, library: Path | None = None
    ) -> None:
        super().__init__(workspace, "types")
        self._work = work
        self.edits = TypeEdits(workspace, self.say)
        self.finder = Finder(workspace, canvas, work, self, self.say, library)
        self.comparer = Comparer(workspace, canvas, work, self, self.say)
        self.reader = Reader(workspace, canvas, work)
        self._lengths: WallLengths | None = None
        self._walls_of: object = None  # fit of the result that they were measured for
        self._patches: dict[int, NDArray[np.float32]] = {}
        self._averaged: NDArray[np.int64] | None = None  # core points that they are the mean of
        self.hint = QLabel(_EMPTY)
        self.hint.setWordWrap(True)
        self.list = TypeList()
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.note.setVisible(False)
        self.body.addWidget(self.hint)
        self.body.addWidget(self.list)
        self._add_buttons()
        self.body.addWidget(self.note)
        self.further = FurtherEvidence(workspace, canvas, work)
        self.body.addWidget(self.further)
        # Queued: the list is filled anew by an edit, and not while one of its rows is being left.
        queued = Qt.ConnectionType.QueuedConnection
        self.list.renamed.connect(self._rename, queued)
        self.list.hidden_changed.connect(self._hide, queued)
        self.list.itemSelectionChanged.connect(self._show_possible)
        workspace.result_changed.connect(self._show)
        workspace.selection.changed.connect(self._show_possible)
        self._show(workspace.result)

    def say(self, text: str, *, problem: bool = True) -> None:
        """Say why something was not done, or what was; nothing if empty."""
        self.note.setText(text)
        tint(self.note, "problem" if problem else "")
        self.note.setVisible(bool(text))

    @property
    def rows(self) -> NDArray[np.int64]:
        """Points that are selected in the plot or on the scan."""
        return self.workspace.selection.rows

    # -- building -------------------------------------------------------------------------

    def _add_buttons(self) -> None:
        self.merge_button = _button("Merge", "Merge the selected types (select two or more)")
        self.split_button = _button(
            "Split off", "Make a new type of the points selected in the plot or on the scan"
        )
        self.correct_button = _button("These are …", "Assign the selected points to a type")
        self.color_button = _button("Colour", "Change the colour of the selected type")
        self.pick_button = _button("Select points", "Select all points of the selected types")
        self.keep_button = _button("Add to library", "Keep the selected type for other scans")
        self.find_button = _button("Find more like …", "Search the scan selected in step 1")
        self.compare_button = _button(
            "Compare with …", "Compare with another run, or with a scan analysed with these types"
        )
        grid = QGridLayout()
        grid.setSpacing(3)
        for place, button in enumerate(
            (self.merge_button, self.split_button, self.correct_button, self.color_button,
             self.pick_button, self.keep_button)
        ):  # fmt: skip
            grid.addWidget(button, place // 3, place % 3)
        self.body.addLayout(grid)
        self.point_button = _button("What is here?", "Click on the scan: which type a place is of")
        self.point_button.setCheckable(True)
        self.point_button.toggled.connect(self.reader.point)
        self.body.addWidget(self.point_button)
        across = QHBoxLayout()
        across.setSpacing(3)
        across.addWidget(self.find_button)
        across.addWidget(self.compare_button)
        self.body.addLayout(across)
        self.merge_button.clicked.connect(lambda: self.edits.merge(self.list.selected_numbers()))
        self.split_button.clicked.connect(self._split)
        self.pick_button.clicked.connect(self._pick)
        self.keep_button.clicked.connect(self._keep)
        for button, fill in (
            (self.correct_button, self._fill_correct),
            (self.color_button, self._fill_colors),
            (self.find_button, self._fill_find),
            (self.compare_button, self.comparer.fill),
        ):
            menu = QMenu(button)
            menu.aboutToShow.connect(lambda menu=menu, fill=fill: _refill(menu, fill))
            button.setMenu(menu)

    # -- what is shown --------------------------------------------------------------------

    def _show(self, result: Result | None) -> None:
        self.hint.setVisible(result is None)
        self.list.setVisible(result is not None)
        self.say("")
        if result is None:
            self._lengths = self._averaged = None
            self.list.show_types(None, {})
        else:
            self._average(result)
            self.list.show_types(result.typed, self._patches)
            self._measure_walls(result)
        self._show_possible()

    def _average(self, result: Result) -> None:
        """Average the core patches of each type, where they are others than before."""
        if self._averaged is not result.core_points.index:
            self._averaged = result.core_points.index
            here = [n for n in result.types.numbers if result.types.count(n)]
            patches = {n: mean_patch(result, n)[0] for n in here}
            self._patches = _icons(patches)

    def _measure_walls(self, result: Result) -> None:
        """Measure the walls once for each exploration, off the GUI thread."""
        if self._lengths is not None and self._walls_of is result.fit:
            self._show_walls()
            return

        def measure(on_progress: object, stop: object) -> WallLengths | None:
            return wall_lengths(result)

        def take(job: Job[WallLengths | None]) -> None:
            present = self.workspace.result
            if present is not None and present.fit is result.fit:
                self._lengths, self._walls_of = job.answer, result.fit
                self._show_walls()

        work = self._work
        work.later("walls", lambda: work.start("walls", Job(measure), take))

    def _show_walls(self) -> None:
        result, lengths = self.workspace.result, self._lengths
        if result is None or lengths is None:
            return
        metres = {n: lengths.of_type_m(result.types, n) for n in result.types.numbers}
        self.list.show_walls({n: m * 1e6 for n, m in metres.items() if m is not None})

    def _show_possible(self, *_: object) -> None:
        """Enable what can be done with what is selected, and say with how much."""
        present = self.workspace.result is not None
        kinds, count = len(self.list.selectedItems()), len(self.rows)
        self.merge_button.setEnabled(kinds > 1)
        self.merge_button.setText(f"Merge {kinds}" if kinds > 1 else "Merge")
        self.split_button.setEnabled(present and count > 0)
        self.split_button.setText(f"Split off {count:,}" if count else "Split off")
        self.correct_button.setEnabled(present and count > 0)
        self.correct_button.setText("This is …" if count == 1 else f"These {count:,} are …")
        if not count:
            self.correct_button.setText("These are …")
        self.color_button.setEnabled(kinds == 1)
        self.keep_button.setEnabled(kinds == 1)
        self.pick_button.setEnabled(kinds > 0)
        self.compare_button.setEnabled(present)
        self.point_button.setEnabled(present)

    # -- what the operator does -----------------------------------------------------------

    def _rename(self, number: int, name: str) -> None:
        if not self.edits.rename(number, name) and self.workspace.result is not None:
            self.list.show_types(self.workspace.result.typed, self._patches)
            self._show_walls()

    def _hide(self, number: int, hidden: bool) -> None:
        self.edits.set_hidden(number, hidden)

    def _split(self) -> None:
        if self.edits.split(self.rows) and self.workspace.result is not None:
            number = max(self.workspace.result.types.numbers)
            self.list.select_numbers([number])
            self.workspace.selection.clear()
            self.list.setCurrentItem(self.list.item_of(number))
            self.list.editItem(self.list.item_of(number), 1)

    def _pick(self) -> None:
        result = self.workspace.result
        if result is not None:
            chosen = np.isin(result.types.of_point, self.list.selected_numbers())
            self.workspace.selection.set(np.flatnonzero(chosen))

    def _keep(self) -> None:
        result, numbers = self.workspace.result, self.list.selected_numbers()
        if result is None or len(numbers) != 1:
            return
        name, library = result.types.name(numbers[0]), Library(self.finder.folder)
        if any(kept.name.casefold() == name.casefold() for kept in library.entries()):
            self.say(
                f"'{name}' is in the library already. Give this type another name, or rename the"
                " kept one under Find more like … > Rename or delete …"
            )
            return
        try:
            entry = library_type(result, numbers[0], lengths=self._lengths)
            library.add(entry)
        except InputError as error:
            self.say(str(error))
            return
        self.say(f"'{entry.name}' is in the library.", problem=False)

    def _fill_correct(self, menu: QMenu) -> None:
        result = self.workspace.result
        if result is None:
            return
        for number in result.types.numbers:
            icon = swatch(type_color(number, result.types.colors))
            action = menu.addAction(icon, result.types.name(number))
            action.triggered.connect(lambda _=False, n=number: self.edits.correct(self.rows, n))

    def _fill_colors(self, menu: QMenu) -> None:
        numbers = self.list.selected_numbers()
        if len(numbers) != 1:
            return
        for color in TYPE_COLORS:
            action = menu.addAction(swatch(color), color)
            action.triggered.connect(lambda _=False, c=color: self.edits.recolor(numbers[0], c))
        menu.addSeparator()
        menu.addAction("Default colour of its number").triggered.connect(
            lambda: self.edits.recolor(numbers[0], None)
        )
        menu.addAction("Another …").triggered.connect(lambda: self._ask_color(numbers[0]))

    def _ask_color(self, number: int) -> None:
        dialog = QColorDialog(self)
        dialog.colorSelected.connect(lambda color: self.edits.recolor(number, color.name()))
        dialog.open()

    def _fill_find(self, menu: QMenu) -> None:
        self.finder.fill(menu, self.list.selected_numbers(), self.rows)


def _icons(patches: dict[int, NDArray[np.float32]]) -> dict[int, NDArray[np.float32]]:
    """Stretch mean patches over the grey scale, all alike, so that they can be compared."""
    low = min(float(patch.min()) for patch in patches.values())
    high = max(float(patch.max()) for patch in patches.values())
    return {n: (patch - low) / max(high - low, 0.05) for n, patch in patches.items()}


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setStyleSheet("padding: 3px 4px;")
    return button


def _refill(menu: QMenu, fill: Any) -> None:
    menu.clear()
    fill(menu)

"""Find more like this on the scan that is chosen, off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtWidgets import QMenu, QWidget

from corescout.colors import type_color
from corescout.data import InputError, Result, Scan
from corescout.data.counted import counted
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.layer_data import OURS, size_on
from corescout.gui.canvas.placement import geometry
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.work import Work
from corescout.gui.look import rgba, swatch
from corescout.gui.model.workspace import Workspace
from corescout.gui.steps.types.library_view import LibraryView
from corescout.library import (
    Library,
    LibraryType,
    Ranking,
    find_like_point,
    find_like_type,
    library_type,
)

_MOST = 200
_LEAST = 0.05  # likeness


@dataclass(frozen=True)
class _Wanted:
    name: str
    color: str
    find: Callable[[Scan], Ranking]


class Finder:
    """Looks for points like a type, or like one point, and shows them as a layer.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    work : Work
    parent : QWidget
        The library opens over it.
    say : callable
        Says what was found.
    folder : path, optional
        Of the library; the user's own if None.
    """

    def __init__(
        self,
        workspace: Workspace,
        canvas: Canvas,
        work: Work,
        parent: QWidget,
        say: Callable[..., None],
        folder: Path | None = None,
    ) -> None:
        self._workspace, self._canvas, self._work = workspace, canvas, work
        self._parent, self._say, self.folder = parent, say, folder

    def fill(self, menu: QMenu, numbers: list[int], rows: NDArray[np.int64]) -> None:
        """Offer the selected types, the selected point, and the library."""
        result = self._workspace.result
        if result is not None:
            for number in numbers:
                self._offer(menu, _like_type_of(result, number), " (of this result)")
            if len(rows) == 1:
                self._offer(menu, _like_point_of(result, int(rows[0])))
        title = menu.addAction("From the library:")  # no style draws the words of a section
        title.setEnabled(False)
        entries = Library(self.folder).entries()
        for entry in entries:
            self._offer(menu, _like_kept(entry))
        if not entries:
            menu.addAction("the library is empty").setEnabled(False)
        else:
            menu.addSeparator()
            menu.addAction("Rename or delete …", self.show_library)

    def show_library(self) -> None:
        """Open the library beside the window: types are renamed and deleted there."""
        self.library = LibraryView(self._parent, self._workspace.undo_stack, self.folder)
        self.library.show()

    def find(self, wanted: _Wanted) -> None:
        """Look for it on the scan that is chosen."""
        chosen = self._workspace.chosen
        if chosen is None or self._work.running("find"):
            return
        scan = chosen.scan
        self._say(f"Looking for more like {wanted.name} …", problem=False)

        def look(on_progress: object, stop: object) -> Ranking:
            return wanted.find(scan)

        self._work.start("find", Job(look), lambda job: self._finish(wanted, job))

    def _offer(self, menu: QMenu, wanted: _Wanted, of: str = "") -> None:
        action = menu.addAction(swatch(wanted.color), wanted.name + of)
        action.triggered.connect(lambda: self.find(wanted))

    def _finish(self, wanted: _Wanted, job: Job[Ranking]) -> None:
        if job.answer is None:
            bug = "" if isinstance(job.error, InputError) else f"{type(job.error).__name__}: "
            self._say(f"{bug}{job.error}")
            return
        finding = job.answer
        best = finding.best(_MOST, least=_LEAST)
        count = int((np.asarray(finding.likeness) >= _LEAST).sum())
        shown = f" The {len(best)} most alike are shown." if count > len(best) else ""
        self._say(
            f"{count:,} of {counted(len(finding.likeness), 'key point')} are like {wanted.name}"
            f" (likeness ≥ {_LEAST:g}).{shown}{_doubt(finding)}",
            problem=False,
        )
        self._canvas.show_layers([like_layer(wanted.name, wanted.color, finding, best)])


def _like_type_of(result: Result, number: int) -> _Wanted:
    def find(scan: Scan) -> Ranking:
        return find_like_type(library_type(result, number), scan)

    return _Wanted(result.types.name(number), type_color(number, result.types.colors), find)


def _like_point_of(result: Result, row: int) -> _Wanted:
    def find(scan: Scan) -> Ranking:
        return find_like_point(result, row, scan)

    return _Wanted(f"point {row}", "#FFFFFF", find)


def _like_kept(entry: LibraryType) -> _Wanted:
    def find(scan: Scan) -> Ranking:
        return find_like_type(entry, scan)

    return _Wanted(entry.name, entry.color, find)


def like_layer(name: str, color: str, finding: Ranking, best: NDArray[np.int64]) -> Any:
    """Return points of a colour, the fainter the less alike, with their likeness as a feature."""
    likeness = finding.likeness[best]
    colors = np.array([rgba(color, 0.35 + 0.65 * float(value)) for value in likeness])
    title = f"like {name}"
    return (
        finding.yx_px[best],
        {
            "name": title,
            "metadata": {OURS: title},
            "size": size_on(finding.transferred.scan, 5.0),
            "symbol": "diamond",
            "face_color": colors if len(best) else color,
            "border_color": "black",
            "border_width": 0.1,
            "features": {"rank": np.arange(1, len(best) + 1), "likeness": likeness},
            **geometry(finding.transferred.scan),
        },
        "points",
    )


def _doubt(finding: Ranking) -> str:
    strange = 1 - float(finding.familiar.mean())
    if strange <= 0.05:
        return ""
    return f" {strange:.0%} of the patches are unlike any in the training data."

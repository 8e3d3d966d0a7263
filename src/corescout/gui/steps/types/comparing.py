"""Two scans compared by their types: who is compared, and the window that shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QFileDialog, QMenu, QWidget

from corescout.data import InputError, Result, Scan
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.layer_data import RESULT, SCAN
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.work import Work
from corescout.gui.model.workspace import Workspace
from corescout.gui.steps.types.comparison_view import Compared, ComparisonView


@dataclass(frozen=True)
class _Other:
    """What the present result is compared with: its name, and how to get its result."""

    name: str
    result: Callable[[Result], Result]


class Comparer:
    """Compares the present result with another run, or with a scan that it is read on.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    work : Work
    parent : QWidget
        The comparison opens over it.
    say : callable
        Says how far it is.

    Attributes
    ----------
    view : ComparisonView or None
        The last comparison, beside the window.
    """

    def __init__(
        self,
        workspace: Workspace,
        canvas: Canvas,
        work: Work,
        parent: QWidget,
        say: Callable[..., None],
    ) -> None:
        self._workspace, self._canvas, self._work = workspace, canvas, work
        self._parent, self._say = parent, say
        self.view: ComparisonView | None = None

    def fill(self, menu: QMenu) -> None:
        """Offer the other scans of the viewer, and a run folder."""
        present = self._workspace.result
        others = _others(self._canvas.viewer, present) if present is not None else []
        others += _earlier(self._workspace)
        for other in others:
            menu.addAction(other.name, lambda other=other: self.compare(other))
        if others:
            menu.addSeparator()
        menu.addAction("A run folder …", self.ask).setEnabled(present is not None)

    def ask(self) -> None:
        """Ask for a run folder and compare with it."""
        chosen = QFileDialog.getExistingDirectory(self._parent, "Compare with the run of")
        if chosen:
            self.compare_with_run(Path(chosen))

    def compare_with_run(self, folder: Path) -> None:
        """Compare with a finished run."""

        def read(present: Result) -> Result:
            from corescout.runs import read_run

            return read_run(folder)

        self.compare(_Other(folder.name.removesuffix(".corescout"), read))

    def compare(self, other: _Other) -> None:
        """Compare off the GUI thread, then show it."""
        present = self._workspace.result
        if present is None or self._work.running("compare"):
            return
        self._say(f"Comparing with {other.name} …", problem=False)

        def work(on_progress: object, stop: object) -> Compared:
            from corescout.library import compare

            second = other.result(present)
            return Compared(
                names=(_name(present.scan), other.name),
                results=(present, second),
                comparison=compare(present, second),
            ).with_picture()

        self._work.start("compare", Job(work), self._finish)

    def _finish(self, job: Job[Compared]) -> None:
        if job.answer is None:
            bug = "" if isinstance(job.error, InputError) else f"{type(job.error).__name__}: "
            self._say(f"{bug}{job.error}")
            return
        self._say("")
        if self.view is not None:
            self.view.close()
        self.view = ComparisonView(self._parent, job.answer)
        self.view.show()


def _others(viewer: Any, present: Result) -> list[_Other]:
    """Other scans of the viewer: those with a result as it is, others analysed with this one."""
    found: dict[str, _Other] = {}
    for layer in viewer.layers:
        scan, result = layer.metadata.get(SCAN), layer.metadata.get(RESULT)
        if not isinstance(scan, Scan) or scan.uid == present.scan.uid or scan.uid in found:
            continue
        if isinstance(result, Result):
            found[scan.uid] = _Other(_name(scan), lambda _, result=result: result)  # type: ignore[misc]
        else:
            found[scan.uid] = _Other(f"{_name(scan)} (analysed with these types)", _read_with(scan))
    return list(found.values())


def _earlier(workspace: Workspace) -> list[_Other]:
    """The other results of this window."""
    return [
        _Other(f"{e.scan_name}: {e.words}", lambda _, found=e: found.result)  # type: ignore[misc]
        for e in workspace.results
        if e.key != workspace.results.shown
    ]


def _read_with(scan: Scan) -> Callable[[Result], Result]:
    def read(present: Result) -> Result:
        from corescout.pipeline import apply

        return apply(present, scan)

    return read


def _name(scan: Scan) -> str:
    return scan.source.replace("\\", "/").rpartition("/")[2] or scan.uid

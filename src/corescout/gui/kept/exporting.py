"""Results written to files, off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from psygnal import Signal
from qtpy.QtWidgets import QFileDialog, QWidget

from corescout.data import Result
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.work import Work
from corescout.gui.model.workspace import Workspace
from corescout.runs import default_folder


def _run_folder(result: Result, target: Path) -> Path:
    from corescout.pipeline import save

    return save(result, target)


def _report(result: Result, target: Path) -> Path:
    from corescout.report.html import report_html

    target.write_text(report_html(result), "utf-8")
    return target


def _figures(result: Result, target: Path) -> Path:
    from corescout.report.figures import FIGURES

    target.mkdir(parents=True, exist_ok=True)
    for name, (_, draw) in FIGURES.items():
        figure = draw(result)
        if figure is not None:
            for suffix in ("png", "pdf"):
                figure.savefig(target / f"{name}.{suffix}", dpi=200)
    return target


def _tables(result: Result, target: Path) -> Path:
    from corescout.runs.tables import (
        core_points_csv,
        finest_pitch_m,
        key_points_csv,
        targets_csv,
    )

    target.mkdir(parents=True, exist_ok=True)
    (target / "key_points.csv").write_bytes(key_points_csv(result))
    (target / "core_points.csv").write_bytes(core_points_csv(result))
    (target / "targets.csv").write_bytes(
        targets_csv(result.targets, result.types, finest_pitch_m(result.scan))
    )
    return target


def _script(result: Result, target: Path) -> Path:
    from corescout.exports.script import write_script

    return write_script(result, target)


@dataclass(frozen=True)
class ExportKind:
    """One way to export: what the menu says, what the file is called, and who writes it."""

    title: str
    suffix: str  # of the suggested name; a folder if it has no dot
    write: Callable[[Result, Path], Path]


KINDS: dict[str, ExportKind] = {
    "run": ExportKind("Run folder ...", ".corescout", _run_folder),
    "report": ExportKind("Report (HTML) ...", "_report.html", _report),
    "figures": ExportKind("Figures (PNG and PDF) ...", "_figures", _figures),
    "tables": ExportKind("Tables (CSV) ...", "_tables", _tables),
    "script": ExportKind("Python script that repeats this run ...", "_repeat.py", _script),
}


class Exporter:
    """Asks where, writes there, says what was written.

    Parameters
    ----------
    workspace : Workspace
    work : Work
    parent : QWidget
        The question is shown over it.
    """

    exporting = Signal(bool)  # it has begun, or ended

    def __init__(self, workspace: Workspace, work: Work, parent: QWidget) -> None:
        self._workspace, self._work, self._parent = workspace, work, parent

    @property
    def running(self) -> bool:
        """Whether something is being written."""
        return self._work.running("export")

    def export(self, kind: str = "run", target: str | Path | None = None) -> None:
        """Write what `KINDS` names; asks where if it is not said."""
        result = self._workspace.result
        if result is None or self.running:
            return
        place = Path(target) if target is not None else self._ask(result, KINDS[kind])
        if place is None:
            return
        write, index = KINDS[kind].write, self._workspace.undo_stack.index()

        def work(on_progress: object, stop: object) -> Path:
            return write(result, place)

        self._workspace.note("")  # what came of the last one
        self._work.start("export", Job(work), partial(self._finish, kind, index))
        self.exporting.emit(True)

    def _finish(self, kind: str, index: int, job: Job[Path]) -> None:
        self.exporting.emit(False)
        if job.answer is None:
            self._workspace.note(f"Not exported: {job.error}")
            return
        self._workspace.note(f"Exported to {job.answer}")
        if kind == "run":
            self._workspace.mark_exported(index)

    def _ask(self, result: Result, kind: ExportKind) -> Path | None:
        source = Path(result.scan.source or result.scan.uid)
        base = default_folder(source if source.exists() else Path.home() / source.name)
        suggested = base.with_name(base.name.removesuffix(".corescout") + kind.suffix)
        title = kind.title.removesuffix(" ...")
        chosen, _ = QFileDialog.getSaveFileName(self._parent, f"Export: {title}", str(suggested))
        return Path(chosen) if chosen else None

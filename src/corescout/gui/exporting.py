"""Results written to files, off the GUI thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject
from qtpy.QtWidgets import QFileDialog

from corescout.data import Result
from corescout.gui.background import Job
from corescout.gui.jobs import start_export
from corescout.runs import default_folder

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer


class Exporter(QObject):  # type: ignore[misc]
    """Asks where, writes there, says what was written."""

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer)
        self._explorer = explorer

    def run_folder(self, folder: str | Path | None = None) -> None:
        """Write the run folder; asks where if it is not said."""
        explorer, result = self._explorer, self._explorer.result
        if result is None or explorer.work.running("export"):
            return
        target = Path(folder) if folder is not None else self._ask_folder(result)
        if target is None:
            return
        explorer.session_bar.show_exporting(True, possible=True)
        explorer.work.start("export", start_export(result, target), self._finish)

    def _finish(self, job: Job[Path]) -> None:
        bar = self._explorer.session_bar
        bar.show_exporting(False, possible=self._explorer.result is not None)
        done = job.answer is not None
        bar.say(f"Exported to {job.answer}" if done else f"Not exported: {job.error}")

    def _ask_folder(self, result: Result) -> Path | None:
        source = Path(result.scan.source or result.scan.uid)
        suggested = default_folder(source if source.exists() else Path.home() / source.name)
        chosen, _ = QFileDialog.getSaveFileName(
            self._explorer, "Export the run as a folder", str(suggested)
        )
        return Path(chosen) if chosen else None

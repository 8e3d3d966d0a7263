"""The report of a scan of the day: written when somebody first asks for it."""

from __future__ import annotations

from pathlib import Path

from corescout.live.day.day import SCANS
from corescout.live.states import ScanRecord


def run_of(day: Path, record: ScanRecord) -> Path | None:
    """Return the run folder of a scan in the folder of its day; None where it has none."""
    if record.outcome != "analysed" or not record.folder:
        return None
    folder = day / SCANS / f"{record.folder}.corescout"
    return folder if folder.is_dir() else None


def report_of(run: Path) -> Path:
    """Return the page of a run, written now if it has none yet.

    Raises
    ------
    InputError
        If the folder is no run.
    OSError
        If the page cannot be written.
    """
    from corescout.report import write_report
    from corescout.report.html import REPORT
    from corescout.runs import read_run

    page = run / REPORT
    return page if page.exists() else write_report(read_run(run), run)

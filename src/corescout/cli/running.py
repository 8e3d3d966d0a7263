"""What a long command has: a progress bar with the time left, a log, and Ctrl-C that keeps work."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from corescout.cli.output import print_json, result_table
from corescout.cli.terminal import LineFormatter
from corescout.data import StoppedError
from corescout.interactive.progress import stop_on_interrupt, terminal_bar

if TYPE_CHECKING:
    from corescout.data import Result, Scan
    from corescout.plan import Plan

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def explore_and_save(
    scan: Scan,
    plan: Plan,
    folder: Path,
    *,
    workers: int | None,
    overwrite: bool,
    verbose: bool,
    repeats: Sequence[Scan] = (),
) -> Result:
    """Explore with a progress bar and write the run folder; keep the trials when stopped.

    Parameters
    ----------
    repeats : sequence of Scan
        Of the same place: how far the types are found again there is among the notes.
    """
    from corescout.pipeline import explore, save
    from corescout.runs import write_stopped

    with _logging(verbose) as log, stop_on_interrupt() as stop:
        try:
            with terminal_bar() as show:
                result = explore(scan, plan, workers=workers, on_progress=show, stop=stop)
        except StoppedError as stopped:
            write_stopped(
                stopped.trials,
                plan.model_dump(mode="json"),
                folder,
                overwrite=overwrite,
                log=log.getvalue(),
            )
            count = len(stopped.trials)
            said = f"{count} finished candidate{'' if count == 1 else 's'}"
            raise StoppedError(f"stopped; {said} kept in {folder}") from stopped
        if repeats:
            result = _with_repeats(result, repeats)
        logging.getLogger("corescout").info("%s", result.verdict)
        for note in result.notes:
            logging.getLogger("corescout").info("note: %s", note)
        save(result, folder, overwrite=overwrite, log=log.getvalue())
    return result


def _with_repeats(result: Result, repeats: Sequence[Scan]) -> Result:
    """Find the types again on repeats of the place, and say how far they agree."""
    from corescout.library import repeat_in_words
    from corescout.pipeline import apply

    said = [repeat_in_words(result, apply(result, scan)) for scan in repeats]
    return replace(result, notes=(*result.notes, *said))


def print_result(result: Result, folder: Path, as_json: bool = False) -> None:
    """Say what was found, what to know about it, and where it is."""
    from corescout.interactive.views import summary

    if as_json:
        print_json(result_table(result, folder))
        return
    lines = [summary(result), f"run: {folder}", f"report: {folder / 'report.html'}"]
    sys.stdout.write("\n".join(lines) + "\n")


@contextmanager
def _logging(verbose: bool) -> Iterator[io.StringIO]:
    """Collect the log for the run folder, and show it on stderr when asked to."""
    text = io.StringIO()
    handlers: list[logging.Handler] = [logging.StreamHandler(text)]
    if verbose:
        handlers.append(logging.StreamHandler(sys.stderr))
    root = logging.getLogger("corescout")
    root.setLevel(logging.INFO)
    for handler in handlers:
        handler.setFormatter(LineFormatter(_FORMAT))
        root.addHandler(handler)
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").addHandler(handlers[0])
    try:
        yield text
    finally:
        logging.captureWarnings(False)
        logging.getLogger("py.warnings").removeHandler(handlers[0])
        for handler in handlers:
            root.removeHandler(handler)

"""What a long command has: a progress bar with the time left, a log, and Ctrl-C that keeps work."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from corescout.cli.output import print_json, result_table
from corescout.cli.terminal import LineFormatter
from corescout.cli.where import Where
from corescout.data import StoppedError
from corescout.data.counted import counted
from corescout.interactive.progress import stop_on_interrupt, terminal_bar

if TYPE_CHECKING:
    from corescout.data import Result, Scan
    from corescout.plan import Plan
    from corescout.runs import Record

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def explore_and_save(
    scan: Scan,
    plan: Plan,
    folder: Path,
    *,
    where: Where,
    overwrite: bool,
    verbose: bool,
    reuse: Path | None = None,
    repeats: Sequence[Scan] = (),
) -> Result:
    """Explore with a progress bar into a run folder, which keeps every trial from the start on.

    Parameters
    ----------
    reuse : Path, optional
        A run whose trials are taken where they are the same.
    repeats : sequence of Scan
        Of the same place: how far the types are found again there is among the notes.
    """
    from corescout.runs import Record, check_writable

    check_writable(folder, overwrite=overwrite)
    record = Record.begin(folder, scan, plan)
    try:
        if reuse is not None:
            record.reuse(reuse)
    except BaseException:
        record.discard_if_empty()
        raise
    return go_on(record, scan, where=where, verbose=verbose, repeats=repeats)


def go_on(
    record: Record, scan: Scan, *, where: Where, verbose: bool, repeats: Sequence[Scan] = ()
) -> Result:
    """Explore what a record lacks, and write its run folder."""
    from corescout.pipeline import explore, save
    from corescout.runs.listing import hashes

    folder, log_of = record.folder, logging.getLogger("corescout")
    with _logging(verbose) as log, stop_on_interrupt() as stop:
        with record:
            try:
                with where.executor() as executor, terminal_bar() as show:
                    result = explore(
                        scan,
                        record.plan,
                        keypoints=record.keypoints,
                        workers=where.workers,
                        executor=executor,
                        on_progress=where.followed(show, executor),
                        stop=stop,
                        store=record,
                    )
            except StoppedError as stopped:
                record.note("stopped")
                _keep_stopped(record, stopped, log.getvalue())
            except BaseException:
                record.discard_if_empty()
                raise
        if repeats:
            result = _with_repeats(result, repeats)
        log_of.info("%s", result.verdict)
        for note in result.notes:
            log_of.info("note: %s", note)
        save(result, folder, overwrite=True, log=log.getvalue())
        with type(record)(folder) as again:
            again.note("decided", files=hashes(folder))
    return result


def _with_repeats(result: Result, repeats: Sequence[Scan]) -> Result:
    """Find the types again on repeats of the place, and say how far they agree."""
    from corescout.library import repeat_in_words
    from corescout.pipeline import apply

    said = [repeat_in_words(result, apply(result, scan)) for scan in repeats]
    return replace(result, notes=(*result.notes, *said))


def _keep_stopped(record: Record, stopped: StoppedError, log: str) -> NoReturn:
    """Write what a person may want to read of a stopped exploration; a finished run stays."""
    from corescout.runs import is_run, write_stopped

    folder, count = record.folder, len(stopped.trials)
    said = f"{counted(count, 'finished candidate')} kept in {folder}"
    if not is_run(folder):
        plan = record.plan.model_dump(mode="json")
        record.close()
        write_stopped(stopped.trials, plan, folder, overwrite=True, log=log)
    raise StoppedError(
        f"stopped; {said}; go on with corescout explore --resume {folder}"
    ) from stopped


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

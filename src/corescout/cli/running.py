"""What a long command has: a progress bar with the time left, a log, and Ctrl-C that keeps work."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
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
    from corescout.further_scans import FurtherScan
    from corescout.plan import Plan
    from corescout.runs import Record

Tell = Callable[["Result"], None]

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
    further: Sequence[FurtherScan] = (),
    tell: Tell | None = None,
) -> Result:
    """Explore with a progress bar into a run folder, which keeps every trial from the start on.

    Parameters
    ----------
    reuse : Path, optional
        A run whose trials are taken where they are the same.
    further : sequence of FurtherScan
        Repeats, wider scans and areas beside it, in which the types are looked for.
    tell : callable, optional
        Told the result as soon as it is decided, before its report is drawn.
    """
    from corescout.runs import Record, check_writable
    from corescout.runs.further_kept import KeptFurther

    check_writable(folder, overwrite=overwrite)
    named = [KeptFurther.of(each.scan, each.way) for each in further]
    record = Record.begin(folder, scan, plan, further=named)
    try:
        if reuse is not None:
            record.reuse(reuse)
    except BaseException:
        record.discard_if_empty()
        raise
    return go_on(record, scan, where=where, verbose=verbose, further=further, tell=tell)


def go_on(
    record: Record,
    scan: Scan,
    *,
    where: Where,
    verbose: bool,
    further: Sequence[FurtherScan] = (),
    tell: Tell | None = None,
) -> Result:
    """Explore what a record lacks, tell the result, and write its run folder."""
    log_of = logging.getLogger("corescout")
    with _logging(verbose) as log, stop_on_interrupt() as stop:
        with record:
            try:
                with where.executor() as executor, terminal_bar() as show:
                    from corescout.pipeline import explore  # the bar is seen before torch is there

                    result = explore(
                        scan,
                        record.plan,
                        keypoints=record.keypoints,
                        workers=where.workers,
                        executor=executor,
                        on_progress=where.followed(show, executor),
                        stop=stop,
                        store=record,
                        further=further,
                    )
            except StoppedError as stopped:
                record.note("stopped")
                _keep_stopped(record, stopped, log.getvalue())
            except BaseException:
                record.discard_if_empty()
                raise
        log_of.info("%s", result.verdict)
        for note in result.notes:
            log_of.info("note: %s", note)
        try:
            if tell is not None:
                tell(result)
        finally:  # what is found is kept, also where nobody reads on
            _keep(result, record, log.getvalue())
    return result


def _keep(result: Result, record: Record, log: str) -> None:
    """Write the run folder and note its files in the record."""
    from corescout.pipeline import save
    from corescout.runs.listing import hashes

    save(result, record.folder, overwrite=True, log=log)
    with type(record)(record.folder) as again:
        again.note("decided", files=hashes(record.folder))


def further_scans(
    plan: Plan, repeats: Sequence[Path], reversed_repeats: Sequence[Path]
) -> list[FurtherScan]:
    """Read the further scans of an operator, with the channel and pixel size of the plan."""
    if not repeats and not reversed_repeats:
        return []  # torch is loaded once the bar is there
    from corescout.further_scans import FurtherScan
    from corescout.readers import read_scan

    channel = plan.channels[0] if plan.channels else None
    return [
        FurtherScan(
            read_scan(path, pixel_size_m=plan.pixel_size_m, channel=channel),
            "reversed" if path in reversed_repeats else None,
        )
        for path in (*repeats, *reversed_repeats)
    ]


def kept_further_scans(record: Record, given: Sequence[FurtherScan]) -> list[FurtherScan]:
    """Read the further scans that an exploration was begun with; those given stand for moved ones.

    Raises
    ------
    InputError
        If one is not there any more, or is another scan.
    """
    here = {each.scan.content_sha256 for each in given}
    found = list(given)
    for kept in record.further:
        if kept.content_sha256 in here:
            continue
        (again,) = further_scans(record.plan, [kept.file()], [])
        kept.check(again.scan)
        found.append(replace(again, way=kept.way))
    return found


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
    if not as_json:
        print_answer(result)
    print_place(result, folder, as_json)


def print_answer(result: Result) -> None:
    """Say what was found and what to know about it, while its report is still to be drawn."""
    from corescout.interactive.views import summary

    sys.stdout.write(f"{summary(result)}\n")
    sys.stdout.flush()


def print_place(result: Result, folder: Path, as_json: bool = False) -> None:
    """Say where a result that was printed has been written; as JSON all of it."""
    if as_json:
        print_json(result_table(result, folder))
        return
    sys.stdout.write(f"run: {folder}\nreport: {folder / 'report.html'}\n")


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

"""What a long command has: a progress bar with the time left, a log, and Ctrl-C that keeps work."""

from __future__ import annotations

import io
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from corescout.cli.terminal import LineFormatter
from corescout.data import Progress, StoppedError

if TYPE_CHECKING:
    from corescout.data import Result, Scan
    from corescout.plan import Plan

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def explore_and_save(
    scan: Scan, plan: Plan, folder: Path, *, workers: int | None, overwrite: bool, verbose: bool
) -> Result:
    """Explore with a progress bar and write the run folder; keep the trials when stopped."""
    from corescout.pipeline import explore, save
    from corescout.runs import write_stopped

    with _logging(verbose) as log, stop_on_interrupt() as stop:
        _header(scan, plan)
        try:
            with _bar() as show:
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
        logging.getLogger("corescout").info("%s", result.why)
        for note in result.notes:
            logging.getLogger("corescout").info("note: %s", note)
        save(result, folder, overwrite=overwrite, log=log.getvalue())
    return result


def print_result(result: Result, folder: Path) -> None:
    """Say what was found, what to know about it, and where it is."""
    lines = [result.why, ""]
    lines += [f"note: {note}" for note in result.notes]
    lines += [
        f"{len(result.core_points)} core points of {result.types_in_words}"
        f" and {len(result.targets)} targets"
        f" from {len(result.keypoints)} key points in {result.seconds:.0f} s",
        f"run: {folder}",
        f"report: {folder / 'report.html'}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    """A bar on stderr; without a terminal one line for each stage."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines()
        return
    columns = (
        TextColumn("{task.description:>10}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("key points", total=1.0, left="")

        def show(progress: Progress) -> None:
            bar.update(
                task,
                completed=progress.fraction,
                description=progress.stage,
                left=_left(progress.seconds_left),
            )

        yield show


def _lines() -> Callable[[Progress], None]:
    seen: set[str] = set()

    def show(progress: Progress) -> None:
        if progress.stage not in seen:
            seen.add(progress.stage)
            sys.stderr.write(f"{progress.stage} ... {_left(progress.seconds_left)}\n")

    return show


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} left"


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


@contextmanager
def stop_on_interrupt() -> Iterator[threading.Event]:
    """Ctrl-C sets the event, as do a shutdown and a closed terminal; a second one ends at once."""
    stop = threading.Event()

    def interrupt(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        sys.stderr.write("stopping; press Ctrl-C again to leave at once\n")

    numbers = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
    previous = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _header(scan: Scan, plan: Plan) -> None:
    log = logging.getLogger("corescout")
    height, width = scan.shape_px
    log.info(
        "scan %s: %d x %d px, channels %s",
        scan.source or scan.uid,
        width,
        height,
        ", ".join(scan.channels),
    )
    log.info("plan %s", plan.model_dump_json())

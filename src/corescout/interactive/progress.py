"""How far an exploration is, where somebody looks: tqdm in a notebook, rich in a terminal."""

from __future__ import annotations

import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from corescout.data import Progress

Show = Callable[[Progress], None]


def in_notebook() -> bool:
    """Say whether this runs in the kernel of a notebook."""
    shell = sys.modules.get("IPython")
    running = None if shell is None else shell.get_ipython()
    return running is not None and hasattr(running, "kernel")


@contextmanager
def shown(wanted: bool | None) -> Iterator[Show | None]:
    """Give what shows progress; None: in a notebook, and where a person types at a terminal."""
    notebook = in_notebook()
    typed = hasattr(sys, "ps1") and sys.stderr.isatty()
    if wanted is False or (wanted is None and not (notebook or typed)):
        yield None
    elif notebook:
        with notebook_bar() as show:
            yield show
    else:
        with terminal_bar() as show:
            yield show


class DisplayedText:
    """A file that shows the last line written to it, in one place of a notebook.

    Without ipywidgets tqdm writes a line for every step, and a saved notebook keeps all of them.

    Parameters
    ----------
    show : callable
        Told the line that is to be seen now.
    """

    def __init__(self, show: Callable[[str], object]) -> None:
        self._show = show

    def write(self, text: str) -> int:
        """Show a text in the place of the one before."""
        self._show(text.strip("\r\n ").rstrip(", "))
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""


@contextmanager
def notebook_bar() -> Iterator[Show]:
    """Show a tqdm bar that goes when the work is done: a widget, or a line of text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of ipywidgets that are not installed
        from tqdm import notebook
        from tqdm.auto import tqdm

    file = _displayed() if notebook.IProgress is None else None
    form = "{desc} {percentage:3.0f}%|{bar}| {postfix}"
    with tqdm(total=1.0, leave=False, bar_format=form, file=file) as bar:

        def show(progress: Progress) -> None:
            bar.n = progress.fraction
            bar.set_description_str(progress.stage, refresh=False)
            bar.set_postfix_str(left_in_words(progress.seconds_left))

        yield show


@contextmanager
def terminal_bar() -> Iterator[Show]:
    """Show a bar on stderr; without a terminal one line for each stage."""
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
        say_provisional = _provisional(lambda text: console.print(text, end="", highlight=False))

        def show(progress: Progress) -> None:
            say_provisional(progress)
            bar.update(
                task,
                completed=progress.fraction,
                description=progress.stage,
                left=left_in_words(progress.seconds_left),
            )

        yield show


def _provisional(write: Callable[[str], object]) -> Show:
    """Give what writes the types that need no training, once, as soon as they are there."""
    said: list[Progress] = []

    def say(progress: Progress) -> None:
        if progress.provisional is not None and not said:
            said.append(progress)
            write(f"{progress.provisional.in_words}\n")

    return say


def left_in_words(seconds: float | None) -> str:
    """Return the time left as "1:05 left"; "" where it is not known."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} left"


@contextmanager
def stop_on_interrupt(stop: threading.Event | None = None) -> Iterator[threading.Event]:
    """Ctrl-C sets the event, as do a shutdown and a closed terminal; a second one ends at once.

    Off the main thread nothing is caught: Python gives signals to that thread alone.
    """
    stop = threading.Event() if stop is None else stop
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

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


def _displayed() -> DisplayedText:
    from IPython.display import display

    handle = display({"text/plain": ""}, raw=True, display_id=True)
    return DisplayedText(lambda text: handle.update({"text/plain": text}, raw=True))


def _lines() -> Show:
    seen: set[str] = set()
    say_provisional = _provisional(sys.stderr.write)

    def show(progress: Progress) -> None:
        say_provisional(progress)
        if progress.stage not in seen:
            seen.add(progress.stage)
            left = left_in_words(progress.seconds_left)
            sys.stderr.write(f"{progress.stage} ... {left}".rstrip() + "\n")

    return show

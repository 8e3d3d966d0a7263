"""Scans as their files are completed in a folder."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver

from corescout.data import InputError, Measurement, Scan
from corescout.instruments.folder.arrivals import (
    Arrivals,
    SetAside,
    files_in,
    signature_of,
    size_and_time_of,
)

__all__ = ["FolderScans", "SetAside"]

POLL_S, SHARE_POLL_S = 0.1, 1.0  # of a file that may not be complete; on a network share
LIST_S = 5.0  # of the whole folder: events get lost when many come at once
TIMEOUT_S = 120.0
_IDLE_S = 1.0


class FolderScans:
    """Yields scans as their files are completed, and those that were set aside with the reason.

    Iterate in one thread, `stop` from any; the iteration ends within a second and leaves no thread.
    A file is looked at when the system tells of it, and the folder is listed every few seconds.
    Iterating once more, after the folder was lost, goes on with what is known.

    Parameters
    ----------
    folder : str or Path
    existing : bool
        Whether files that are there already count as new; else only what comes from now on.
    polling : bool
        Compare listings instead of asking the system: needed on network shares, which tell nothing.
    recursive : bool
        Folders in the folder too; run folders are never entered.
    poll_s : float, optional
        Between two looks at a file; size and time must not change over two of them. 0.1 s if not
        said, 1 s with `polling`.
    timeout_s : float
        Without a change, after which a file that cannot be read is set aside.
    known : iterable of str
        ``metadata["file_sha256"]`` of scans that were taken in an earlier watch: passed over.
    before : mapping of str to (int, int), optional
        Files, by their place in the folder, that an earlier watch found there or set aside, with
        size and time: what else is there by now counts as new, whatever its time says. None: all
        that is there was there before.
    on_spectrum : callable, optional
        Told of spectra; without it they are set aside.

    Raises
    ------
    InputError
        If there is no such folder.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        existing: bool = False,
        polling: bool = False,
        recursive: bool = False,
        poll_s: float | None = None,
        timeout_s: float = TIMEOUT_S,
        known: Iterable[str] = (),
        before: Mapping[str, Sequence[int]] | None = None,
        on_spectrum: Callable[[Path, Measurement], None] | None = None,
    ) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise InputError("a folder to watch", f"none at {folder}", "create it, or give another")
        self._recursive, self._on_spectrum = recursive, on_spectrum
        self._poll_s = poll_s or (SHARE_POLL_S if polling else POLL_S)
        self._arrivals = Arrivals(timeout_s, known)
        self._heard: queue.SimpleQueue[Path | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._polling = polling
        if not existing:
            for path in files_in(self.folder, recursive=recursive):
                if self._was_there(path, before):
                    self._arrivals.skip(path)

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    @property
    def waiting(self) -> dict[Path, str]:
        """Files that are looked at, and what they are waited for. From any thread."""
        return self._arrivals.waiting

    def there_before(self) -> dict[str, tuple[int, int]]:
        """Files that are passed over, by their place in the folder: size and time of writing."""
        return {self._place(p): s for p, s in self._arrivals.passed_over.items()}

    def stop(self) -> None:
        """End the iteration; from any thread, any number of times."""
        self._stopped.set()
        self._heard.put(None)

    def __iter__(self) -> Iterator[Scan | SetAside]:
        """Watch until `stop`.

        Raises
        ------
        InputError
            If the folder is gone.
        """
        observer = self._observer()
        try:
            yield from self._watch()
        finally:
            observer.stop()
            observer.join()

    # -- inner ----------------------------------------------------------------------------

    def _place(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix() if path.is_relative_to(self.folder) else ""

    def _was_there(self, path: Path, before: Mapping[str, Sequence[int]] | None) -> bool:
        if before is None:
            return True
        return size_and_time_of(path) == tuple(before.get(self._place(path), ()))

    def _observer(self) -> BaseObserver:
        """Begin to listen."""
        made = PollingObserver(timeout=max(self._poll_s, 0.1)) if self._polling else Observer()
        try:
            made.schedule(_Ear(self._heard), str(self.folder), recursive=self._recursive)
            made.start()
        except OSError as error:
            raise InputError(
                "a folder to watch", str(error), "mount it, or watch it by polling"
            ) from (error)
        return made

    def _watch(self) -> Iterator[Scan | SetAside]:
        listed_s = float("-inf")
        while not self._stopped.is_set():
            if time.monotonic() - listed_s > LIST_S:
                self._list()
                listed_s = time.monotonic()
            for found in self._arrivals.poll(time.monotonic()):
                yield from self._told(found)
                if self._stopped.is_set():
                    return
            self._listen(self._poll_s if self._arrivals.waiting else _IDLE_S)

    def _told(self, found: Scan | Measurement | SetAside) -> Iterator[Scan | SetAside]:
        if isinstance(found, SetAside):
            yield replace(found, place=self._place(found.path))
        elif isinstance(found, Scan):
            yield found
        elif self._on_spectrum is not None:
            self._on_spectrum(Path(found.source), found)
        else:
            path = Path(found.source)
            why = "it holds a spectrum, not a scan"
            yield SetAside(path, why, signature_of(path), self._place(path))

    def _list(self) -> None:
        if not self.folder.is_dir():
            raise InputError(
                f"the folder {self.folder}", "none any more", "mount or create it, and watch again"
            )
        now_s = time.monotonic()
        for path in files_in(self.folder, recursive=self._recursive):
            self._arrivals.saw(path, now_s)

    def _listen(self, seconds: float) -> None:
        """Take up what the system tells of, until a poll is due."""
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0 and not self._stopped.is_set():
            try:
                path = self._heard.get(timeout=left_s)
            except queue.Empty:
                return
            if path is None:
                return
            self._arrivals.saw(path, time.monotonic())
            end_s = min(end_s, time.monotonic() + self._poll_s)


class _Ear(FileSystemEventHandler):
    """Passes on the names of files that were created, written or renamed."""

    def __init__(self, heard: queue.SimpleQueue[Path | None]) -> None:
        self._heard = heard

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Watchdog calls this from its own thread."""
        if event.is_directory or event.event_type in ("deleted", "opened", "closed_no_write"):
            return
        self._heard.put(Path(str(event.dest_path or event.src_path)))

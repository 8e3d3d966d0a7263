"""Where scans come from: a folder, an instrument, or a list. Opened again after a loss."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from corescout.data import InputError, Scan
from corescout.instruments.folder import SetAside
from corescout.instruments.protocol import Instrument, InstrumentError

if TYPE_CHECKING:
    from corescout.instruments.folder import FolderScans

Arrival = Scan | SetAside

TIMEOUT_S = 120.0  # of a file that does not complete
_PAUSE_S = 0.2  # between two scans of an instrument that ends its iteration after each


class Source(Protocol):
    """Scans as they come."""

    @property
    def name(self) -> str:
        """What is watched, for people."""

    def arrivals(self) -> Iterator[Arrival]:
        """Connect and yield what comes, partial scans too, in a thread that may wait.

        Ends when there will be nothing more, or after `stop`. Raises InstrumentError, InputError or
        OSError when the connection is lost; it is then called again.
        """

    def stop(self) -> None:
        """End the iteration within a second; from any thread, any number of times."""


@runtime_checkable
class Listing(Protocol):
    """A source of files: what is there can be told apart from what came, without their times."""

    def there_before(self) -> Mapping[str, Sequence[int]]:
        """Files that are passed over, by their place; may raise InputError where there is none."""

    def undecided(self) -> Mapping[Path, str]:
        """Files that are looked at and have no outcome yet, and why."""


class FolderSource:
    """Files that are completed in a folder.

    Parameters
    ----------
    folder : Path
    existing : bool
        Whether files that are there already count.
    known : iterable of str
        SHA-256 of files that an earlier watch has journalled: they are passed over.
    before : mapping, optional
        Of a watch that was broken off: the files that it found there or set aside, as
        `FolderScans` takes them; what else is there counts as new.
    polling : bool
        For network shares.
    timeout_s : float
        Without a change, after which a file that cannot be read is set aside.
    """

    def __init__(
        self,
        folder: Path,
        *,
        existing: bool = False,
        known: Iterable[str] = (),
        before: Mapping[str, Sequence[int]] | None = None,
        polling: bool = False,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._folder, self._existing, self._polling = folder.absolute(), existing, polling
        self._known, self._before, self._timeout_s = tuple(known), before, timeout_s
        self._watched: FolderScans | None = None
        self._stopped = threading.Event()

    @property
    def name(self) -> str:
        """The folder."""
        return str(self._folder)

    def there_before(self) -> dict[str, tuple[int, int]]:
        """Files that are passed over: with it in the journal, no time is needed after a kill."""
        return self._scans().there_before()

    def undecided(self) -> dict[Path, str]:
        """Files that are looked at, and what they are waited for."""
        return {} if self._watched is None else self._watched.waiting

    def arrivals(self) -> Iterator[Arrival]:
        """Yield scans as files are completed; after a loss those that came meanwhile as well."""
        scans = self._scans()
        if self._stopped.is_set():
            return
        yield from scans  # once more after a loss: it goes on with what it knows

    def _scans(self) -> FolderScans:
        from corescout.instruments.folder import FolderScans

        if self._watched is None:
            self._watched = FolderScans(
                self._folder, existing=self._existing, polling=self._polling, known=self._known,
                before=self._before, timeout_s=self._timeout_s,
            )  # fmt: skip
        return self._watched

    def stop(self) -> None:
        """End the watch."""
        self._stopped.set()
        if self._watched is not None:
            self._watched.stop()


class InstrumentSource:
    """Scans of an instrument, one after another.

    Parameters
    ----------
    instrument : Instrument

    Attributes
    ----------
    paused : callable
        Whether no further scan is to be asked for now: a plan is about to run.
    """

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.paused: Callable[[], bool] = lambda: False
        self._told = 0
        self._stopped = threading.Event()

    @property
    def name(self) -> str:
        """Name and address of the instrument."""
        known = self.instrument.capabilities
        return f"{known.name} ({known.address})"

    def arrivals(self) -> Iterator[Arrival]:
        """Connect and yield scans until `stop`."""
        self.instrument.connect()
        while not self._stopped.is_set():
            if self.paused():
                self._stopped.wait(_PAUSE_S / 4)
                continue
            for scan in self.instrument.scans():
                yield from self._set_aside()
                yield scan
            yield from self._set_aside()
            self._stopped.wait(_PAUSE_S)

    def _set_aside(self) -> Iterator[SetAside]:
        """Files that a bridge did not take, once each."""
        found = getattr(self.instrument, "set_aside", ())
        while self._told < len(found):
            self._told += 1
            yield found[self._told - 1]

    def stop(self) -> None:
        """Disconnect: what waits for a scan ends."""
        self._stopped.set()
        with suppress(InstrumentError, InputError, OSError):
            self.instrument.close()


class ListSource:
    """Scans that are there already, in their order; for scripts and tests."""

    def __init__(self, arrivals: Iterable[Arrival], name: str = "scans") -> None:
        self._arrivals, self._name = arrivals, name
        self._stopped = threading.Event()

    @property
    def name(self) -> str:
        """As it was called."""
        return self._name

    def arrivals(self) -> Iterator[Arrival]:
        """Yield them."""
        for arrival in self._arrivals:
            if self._stopped.is_set():
                return
            yield arrival

    def stop(self) -> None:
        """End before the next one."""
        self._stopped.set()

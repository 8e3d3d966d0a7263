"""A folder behind the instrument protocol: scans come as files, a plan goes out as one."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from corescout.data import InputError, Measurement, Scan, StoppedError
from corescout.instruments.folder.arrivals import files_in, is_wanted, read_content, signature_of
from corescout.instruments.folder.outbox import Outbox, PlanFile, Receipt
from corescout.instruments.folder.tying import ArrivedFile, Expected, Tied, tie_spectra
from corescout.instruments.folder.watching import FolderScans, SetAside
from corescout.instruments.messages import Message, MessageKind, in_words
from corescout.instruments.protocol import (
    Capabilities,
    Description,
    InstrumentError,
    Status,
    StopReport,
    Told,
)

TOLERANCE_M = 50e-9
_ACTIONS: frozenset[MessageKind] = frozenset({"bias", "speed", "move", "mark", "spectrum", "zoom"})


class FolderInstrument:
    """An instrument that reads plans and writes scans; it cannot be stopped or asked.

    Parameters
    ----------
    scans : str or Path
        Where its scans and spectra appear.
    outbox : str or Path
        Where plans are put; receipts are read from there.
    tolerance_m : float
        Between a target and the place that a spectrum names.
    **watching
        Of `FolderScans`.

    Attributes
    ----------
    set_aside : list of SetAside
        Files that were not taken, in order.
    handed_over : PlanFile or None
        The last plan.
    log : list of Message
        All that was handed over.
    """

    def __init__(
        self,
        scans: str | Path,
        outbox: str | Path,
        tolerance_m: float = TOLERANCE_M,
        **watching: Any,
    ) -> None:
        self._folder, self._outbox_folder = Path(scans), Path(outbox)
        self._tolerance_m, self._watching = tolerance_m, watching
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._connected = False
        self._watch: FolderScans | None = None
        self._held_back: list[Message] = []
        self._arrived: list[ArrivedFile] = []
        self._expected: tuple[Expected, ...] = ()
        self._since: datetime | None = None
        self.set_aside: list[SetAside] = []
        self.handed_over: PlanFile | None = None
        self.log: list[Message] = []

    @property
    def capabilities(self) -> Capabilities:
        """Whole plans with every action; no stop, no position."""
        return Capabilities(
            "folder", f"folder {self._outbox_folder.absolute()}", _ACTIONS,
            can_stop=False, can_read_back=False, whole_plans=True,
        )  # fmt: skip

    def connect(self) -> None:
        """Look whether the folders are there."""
        try:
            Outbox(self._outbox_folder)
            if not self._folder.is_dir():
                raise InputError("a folder of scans", f"none at {self._folder}", "create it")
        except InputError as error:
            raise InstrumentError(str(error)) from error
        self._connected = True

    def release(self) -> None:
        """End a stop; the plan that was handed over before is not asked about any more."""
        self._check()
        with self._lock:
            self._held_back, self.handed_over = [], None
        self._stopped.clear()

    def close(self) -> None:
        """End the watches."""
        self._connected = False
        if self._watch is not None:
            self._watch.stop()

    def status(self) -> Status:
        """Busy until a receipt says that the plan is done; a refused plan is a problem."""
        self._check()
        receipt = self.receipt()
        if self.handed_over is None:
            return Status(None, 0.0, busy=False)
        problem = None
        if receipt is not None and receipt.state == "refused":
            problem = f"that the plan was refused: {receipt.reason or 'no reason given'}"
        busy = receipt is None or receipt.state == "taken"
        return Status(None, 0.0, busy=busy, problem=problem)

    def scans(self) -> Iterator[Scan]:
        """Yield scans as their files are completed; spectra are kept for `spectra`."""
        self._check()
        try:
            if self._watch is None or self._watch.stopped:
                self._watch = FolderScans(self._folder, on_spectrum=self._came, **self._watching)
            for found in self._watch:
                if isinstance(found, SetAside):
                    self.set_aside.append(found)
                else:
                    yield found
        except InputError as error:
            raise InstrumentError(str(error)) from error

    def describe(self) -> Description:
        """Frame and channels of the newest scan of the folder."""
        self._check()
        newest = self._newest_scan()
        if newest is None:
            return Description(None, {}, ("no scan in the folder yet",))
        said = (f"newest scan {Path(newest.source).name}", *newest.warnings)
        return Description(newest.frame, dict(newest.units), said)

    def preview(self, messages: Sequence[Message]) -> tuple[str, ...]:
        """Say them in words: the file holds the same as numbers."""
        return tuple(map(in_words, messages))

    def send(self, message: Message) -> Measurement | Scan | None:
        """Keep a message for the file."""
        self._check()
        if self._stopped.is_set():
            raise StoppedError("stopped before the plan was handed over")
        with self._lock:
            self._held_back.append(message)
        return None

    def finish(self) -> None:
        """Write the plan for the other side."""
        with self._lock:
            if self._stopped.is_set():
                raise StoppedError("stopped before the plan was handed over")
            messages, self._held_back = self._held_back, []
            if not messages:
                return
            self._since, self._arrived = datetime.now(), []
            self._expected = tuple(expected(messages))
            try:
                self.handed_over = self._hand_over(messages)
            except OSError as error:
                raise InstrumentError(f"the plan could not be written: {error}") from error
            self.log += messages

    def stop(self, reason: str, emergency: str, told: Told | None = None) -> StopReport:
        """Keep what is not handed over yet; what is must be stopped at the instrument."""
        self._stopped.set()
        with self._lock:
            self._held_back.clear()
        return StopReport("not confirmed", detail="it cannot be stopped from here")

    def receipt(self) -> Receipt | None:
        """Return what the other side says of the last plan."""
        plan = self.handed_over
        return None if plan is None else Outbox(self._outbox_folder).receipt(plan)

    def spectra(self, by_hand: Mapping[Path, str] | None = None) -> Tied:
        """Return the spectra of the last plan by target, and the doubts; while `scans` is read."""
        with self._lock:
            return tie_spectra(
                self._expected, self._arrived, self._tolerance_m,
                since=self._since, by_hand=by_hand,
            )  # fmt: skip

    # -- inner ----------------------------------------------------------------------------

    def _hand_over(self, messages: Sequence[Message]) -> PlanFile:
        return Outbox(self._outbox_folder).put(messages)

    def _newest_scan(self) -> Scan | None:
        """The newest scan that is complete; None where there is none."""
        recursive = bool(self._watching.get("recursive"))
        names = [p for p in files_in(self._folder, recursive=recursive) if is_wanted(p)]
        dated = [(s[1], p) for p in names if (s := signature_of(p)) is not None]
        for _, path in sorted(dated, reverse=True):
            try:
                content = read_content(path)
            except (InputError, OSError):
                continue
            if isinstance(content, Scan):
                return content
        return None

    def _came(self, path: Path, measurement: Measurement) -> None:
        signature = signature_of(path)
        written_ns = signature[1] if signature is not None else 0
        with self._lock:  # a file that is written again takes the place of what it held
            others = [a for a in self._arrived if a.path != path]
            self._arrived = [*others, ArrivedFile(path, measurement, written_ns)]

    def _check(self) -> None:
        if not self._connected:
            raise InstrumentError(f"{self.capabilities.name} is not connected: connect first")


def expected(messages: Sequence[Message]) -> Iterator[Expected]:
    """Yield the targets that spectra are awaited from, in order."""
    place = (0.0, 0.0)
    for message in messages:
        if message.kind == "move":
            place = (message.values["x_m"], message.values["y_m"])
        if message.kind == "spectrum" and message.target_uid:
            yield Expected(message.target_uid, place)

"""`bench soak`: scans through a folder and over TCP, with everything that goes wrong.

The real runner with its journal watches; only the analysis is a light one. 500 files are
half-written, renamed, rewritten, copied, have old times, come 50 at once, and one never completes;
500 more come while the watch is killed 50 times, with pipes, devices and names that are no text
among them. Of 200 scans over TCP 60 see their connections cut, and three an answer that takes a
minute. Every scan must stand in the journal once, as analysed, superseded or set aside with a
reason, what is analysed is one whole scan, and the watch is alive at the end.
"""

from __future__ import annotations

import gc
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.outcome import Bar, BenchReport
from benchmarks.reliability.soak_files import BURST, QUICK_BURST, Ledger, Writer
from benchmarks.reliability.soak_kills import killed
from corescout.data import Scan
from corescout.instruments import InstrumentError
from corescout.instruments.nanonis import NanonisInstrument, NanonisServer
from corescout.instruments.twin import DigitalTwin
from corescout.live.day.day import JOURNAL, Day
from corescout.live.loop.runner import Runner
from corescout.live.loop.sources import FolderSource, InstrumentSource, Source
from corescout.live.reading.advice import advise
from corescout.live.reading.analyst import Analyst
from corescout.live.reading.kinds import kind_of
from corescout.live.reading.next_scan import Understood
from corescout.live.states import ScanRecord
from corescout.plan import Plan
from corescout.quality import assess
from corescout.surfaces import generate_surface
from corescout.whole import read_journal

FILES, QUICK_FILES = 500, 15
SCANS, QUICK_SCANS = 200, 4
SETTLED = 50  # scans before memory is looked at
LONGEST_GROWTH = 0.05
_INCOMPLETE_S, _QUICK_INCOMPLETE_S = 10.0, 3.0
KILLS, QUICK_KILLS = 50, 3
QUICK_KILLED_FILES = 15
_CUT = (1, 4, 7)  # of ten TCP scans: those with a cut connection
DELAYS, QUICK_DELAYS = 3, 1
DELAY_S, QUICK_DELAY_S = 60.0, 11.0  # longer than other answers are waited for
_PATIENT = 0.6  # share of files whose outcome is awaited before the next comes
_LONGEST_WAIT_S = 120.0
_FIRST_LOOK_S = 1.0  # until the bridge has read what was there before
_SIDE = 96


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Write and scan, look at the journal; the faults are random, from a fixed seed."""
    surface = generate_surface((_SIDE, _SIDE), seed=0)
    with tempfile.TemporaryDirectory() as parent:
        files = _folder(Path(parent), surface.scan, quick=quick)
        kills = killed(
            Path(parent), surface.scan, QUICK_KILLED_FILES if quick else FILES,
            QUICK_KILLS if quick else KILLS,
        )  # fmt: skip
        tcp = _tcp(Path(parent), DigitalTwin(surface, speed=60.0), quick=quick)
    values = {f"folder_{k}": v for k, v in files.items()}
    values |= {f"kills_{k}": v for k, v in kills.items()}
    values |= {f"tcp_{k}": v for k, v in tcp.items()}
    none = ("lost", "in_journal_twice", "analysed_twice", "without_reason", "unexpected")
    bars = [Bar(f"{part}_{key}", "<=", 0) for part in ("folder", "tcp") for key in none]
    none = ("lost", "in_journal_twice", "unexpected", "numbers_twice", "without_reason")
    bars += [Bar(f"kills_{key}", "<=", 0) for key in (*none, "exit_code")]
    bars += [Bar(f"{part}_alive", ">=", 1) for part in ("folder", "kills", "tcp")]
    bars += [
        Bar("folder_scans", ">=", QUICK_FILES if quick else FILES),
        Bar("tcp_scans", ">=", QUICK_SCANS if quick else SCANS),
        Bar("tcp_cuts", ">=", 1 if quick else 60),
        Bar("tcp_delays", ">=", QUICK_DELAYS if quick else DELAYS),
    ]
    if not quick:
        bars += [Bar(f"{p}_memory_growth", "<=", LONGEST_GROWTH) for p in ("folder", "tcp")]
    return BenchReport("soak", values, tuple(bars))


class LightAnalyst(Analyst):
    """Looks at quality, kind and pattern of a scan, and trains nothing.

    Attributes
    ----------
    contents : list of str
        SHA-256 of what it was given, in order.
    """

    def __init__(self) -> None:
        super().__init__(Plan.preset("live"))
        self.contents: list[str] = []

    def understand(self, scan: Scan, earlier: Sequence[Scan]) -> Understood:
        """Read a scan without a representation."""
        began = time.monotonic()
        self.contents.append(scan.content_sha256)
        channel = scan.default_channel
        return Understood(
            scan=scan, kind=kind_of(scan, earlier), findings=assess(scan, channel), result=None,
            novelty=None, does_not_fit=None, advice=advise(scan, channel),
            seconds=time.monotonic() - began,
        )  # fmt: skip


class Watched:
    """A runner on a source, its outcomes and its memory."""

    def __init__(self, source: Source, folder: Path) -> None:
        self._day = Day(folder, runs=False, synced=False)
        self.records: list[ScanRecord] = []
        self.memory_mib: list[float] = []
        self._names: set[str] = set()
        self.analyst = LightAnalyst()
        self.runner = Runner(source, self._day, self.analyst)
        self.runner.signals.scan_done.connect(self._done)
        self.runner.start()

    def seen(self, name: str) -> bool:
        """Whether a scan of this name has an outcome."""
        return name in self._names

    def close(self) -> list[dict[str, Any]]:
        """End the watch; returns the outcomes in the journal."""
        self.runner.stop()
        self.runner.wait(_LONGEST_WAIT_S)
        self._day.close()
        entries = read_journal(self._day.folder / JOURNAL)
        return [e for e in entries if e["what"] == "scan outcome"]

    def _done(self, record: ScanRecord) -> None:
        self._names.add(record.uid)
        self.records.append(record)
        gc.collect()
        self.memory_mib.append(_resident_mib())


def _folder(parent: Path, scan: Scan, *, quick: bool) -> dict[str, Any]:
    folder = parent / "scans"
    folder.mkdir()
    source = FolderSource(
        folder, existing=True, timeout_s=_QUICK_INCOMPLETE_S if quick else _INCOMPLETE_S
    )
    watched = Watched(source, parent / "day-of-files")
    writer = Writer(folder, scan, watched.seen)
    count, burst = (QUICK_FILES, QUICK_BURST) if quick else (FILES, BURST)
    rng = random.Random(1)
    burst_at, incomplete_at = {count // 3, 2 * count // 3}, count // 2
    while len(writer.ledger.contents) < count:
        number = len(writer.ledger.contents)
        if any(number >= at for at in burst_at):
            burst_at -= {at for at in burst_at if number >= at}
            writer.write_burst(burst)
        if number >= incomplete_at:
            incomplete_at = sys.maxsize
            writer.write_incomplete()
        name = writer.write_next()
        if rng.random() < _PATIENT:
            _until(lambda n=name: watched.seen(n), watched)  # type: ignore[misc]
    _until(writer.nothing_later, watched)
    expected = len(writer.ledger.contents) + len(writer.ledger.names)
    _until(lambda: len(watched.records) >= expected, watched)
    alive = watched.runner.running and not watched.runner.gave_up
    return {**_verdict(watched.close(), writer.ledger, watched), "alive": alive}


def _verdict(
    outcomes: Sequence[Mapping[str, Any]], ledger: Ledger, watched: Watched
) -> dict[str, Any]:
    by_content = Counter(e["file_sha256"] for e in outcomes if e["file_sha256"])
    by_name = Counter(e["uid"] for e in outcomes if not e["file_sha256"])
    analysed = Counter(e["file_sha256"] for e in outcomes if e["outcome"] == "analysed")
    return {
        "scans": len(ledger.contents),
        "files_to_set_aside": len(ledger.names),
        "lost": len(ledger.contents - set(by_content)) + len(ledger.names - set(by_name)),
        "in_journal_twice": _more_than_one(by_content) + _more_than_one(by_name),
        "analysed_twice": _more_than_one(analysed),
        "unexpected": len(set(by_content) - ledger.contents) + len(set(by_name) - ledger.names),
        **_counts(outcomes, watched),
    }


def _tcp(parent: Path, twin: DigitalTwin, *, quick: bool) -> dict[str, Any]:
    rng = random.Random(0)
    scanned: list[str] = []
    cuts = 0
    count = QUICK_SCANS if quick else SCANS
    delays = QUICK_DELAYS if quick else DELAYS
    late = {count * (i + 1) // (delays + 1) for i in range(delays)}
    with NanonisServer(twin) as server:
        slow = _Slow(server)
        instrument = NanonisInstrument(ports=server.ports)
        watched = Watched(InstrumentSource(instrument), parent / "day-of-tcp")
        _until(lambda: _answers(instrument), watched)
        time.sleep(_FIRST_LOOK_S)
        for number in range(count):
            told = len(watched.records)
            if number in late:
                slow.delay(QUICK_DELAY_S if quick else DELAY_S)
            server.start_scan()
            if number % 10 in _CUT:
                time.sleep(rng.uniform(0, _SIDE * 0.5 / twin.speed))
                server.drop_connections()
                cuts += 1
            _until(lambda: not server.scanning, watched)
            if server.commands.last_scan is not None:
                scanned.append(server.commands.last_scan.content_sha256)
            _until(lambda n=told: len(watched.records) > n, watched)  # type: ignore[misc]
        alive = watched.runner.running and not watched.runner.gave_up
        outcomes = watched.close()
    uids = Counter(e["uid"] for e in outcomes)
    analysed = Counter(watched.analyst.contents)
    return {
        "scans": len(set(scanned)),
        "cuts": cuts,
        "delays": slow.done,
        "alive": alive,
        "lost": max(0, len(set(scanned)) - len(uids)),
        "in_journal_twice": _more_than_one(uids),
        "analysed_twice": _more_than_one(analysed),
        "unexpected": len(set(analysed) - set(scanned)),
        **_counts(outcomes, watched),
    }


class _Slow:
    """Lets one answer of a server to who waits for lines or images be late, when told to."""

    def __init__(self, server: NanonisServer) -> None:
        self.done = 0
        self._seconds = 0.0
        self._answer = server.commands.answer
        server.commands.answer = self._late  # type: ignore[method-assign]

    def delay(self, seconds: float) -> None:
        """Be late once."""
        self._seconds = seconds

    def _late(self, name: str, body: bytes) -> bytes:
        if self._seconds and name in ("Scan.WaitEndOfLine", "Scan.FrameDataGrab"):
            seconds, self._seconds = self._seconds, 0.0
            time.sleep(seconds)
            self.done += 1
        return self._answer(name, body)


def _answers(instrument: NanonisInstrument) -> bool:
    try:
        return instrument.status().at_m is not None
    except InstrumentError:
        return False


def _counts(outcomes: Sequence[Mapping[str, Any]], watched: Watched) -> dict[str, Any]:
    kinds = Counter(e["outcome"] for e in outcomes)
    return {
        "analysed": kinds["analysed"],
        "superseded": kinds["superseded"],
        "set_aside": kinds["set aside"],
        "without_reason": sum(e["outcome"] != "analysed" and not e["reason"] for e in outcomes),
        **_memory(watched.memory_mib),
    }


def _memory(mib: Sequence[float]) -> dict[str, float]:
    """Growth from after the first scans to the end, as medians of ten."""
    if len(mib) < SETTLED + 20:
        return {"memory_mib": round(mib[-1], 1)}
    first, last = sorted(mib[SETTLED : SETTLED + 10])[5], sorted(mib[-10:])[5]
    return {"memory_mib": round(last, 1), "memory_growth": round(last / first - 1, 4)}


def _more_than_one(counts: Counter[str]) -> int:
    return sum(n > 1 for n in counts.values())


def _until(ready: Callable[[], bool], watched: Watched) -> None:
    """Wait for something; what does not come in time is missing in the figures."""
    end_s = time.monotonic() + _LONGEST_WAIT_S
    while time.monotonic() < end_s and watched.runner.running:
        if ready():
            return
        time.sleep(0.02)


def _resident_mib() -> float:
    """Memory of this process now; its largest so far where the system does not say."""
    import resource

    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        factor = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * factor / 2**20
    return pages * resource.getpagesize() / 2**20

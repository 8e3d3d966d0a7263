"""`bench day`: a whole day in ten minutes, without a window.

The story of `benchmarks.reliability.scenario` at the twin, 60 times as fast as a real instrument:
100 scans with drift, a moved frame, a zoom, a bad scan, a lost connection, scans in a rush, a tip
that wears. Counted: outcomes of every scan in the journal, messages outside the limits, types that
got another number, name or colour, drift against the twin's own, memory, and when the tip was
warned of.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.outcome import Bar, BenchReport, Value
from corescout.instruments.messages import Message
from corescout.whole import read_journal

if TYPE_CHECKING:
    from benchmarks.reliability.scenario import Scenario
    from corescout.instruments import Limits
    from corescout.live.states import ScanRecord

SCANS, QUICK_SCANS = 100, 10
MOST_S = 900.0
MOST_GROWTH_MIB = 150.0  # from the first quarter of the day to its end
BARS = (
    Bar("ended", ">=", 1),
    Bar("lost", "<=", 0),
    Bar("twice", "<=", 0),
    Bar("outside_limits", "<=", 0),
    Bar("measured", ">=", 1),
    Bar("types_renumbered", "<=", 0),
    Bar("types_renamed", "<=", 0),
    Bar("page_s", "<=", 1.0),
    Bar("memory_growth_mib", "<=", MOST_GROWTH_MIB),
)


@dataclass
class DayMemory:
    """Resident memory at the end of each scan."""

    mib: list[float]

    def note(self, record: object) -> None:
        """Take a reading; a listener of `Signals.scan_done`."""
        import psutil

        self.mib.append(psutil.Process().memory_info().rss / 2**20)

    @property
    def growth_mib(self) -> float:
        """Median of the last quarter less that of the second."""
        quarter = max(1, len(self.mib) // 4)
        early, late = self.mib[quarter : 2 * quarter], self.mib[-quarter:]
        return float(np.median(late) - np.median(early)) if early else 0.0


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Run a day of 100 scans; of 10 with `quick`. A folder given as `scan` keeps the day."""
    from benchmarks.reliability.scenario import scenario

    with tempfile.TemporaryDirectory() as folder:
        made = scenario(Path(folder) / "day" if scan is None else scan, _count(quick))
        memory = DayMemory([])
        made.runner.signals.scan_done.connect(memory.note)
        began = time.monotonic()
        made.start()
        ended = made.runner.wait(MOST_S)
        seconds = time.monotonic() - began
        made.runner.stop()
        made.day.close()
        values: dict[str, Value] = {"seconds": round(seconds, 1), "ended": ended}
        values |= figures(made)
        values["memory_growth_mib"] = round(memory.growth_mib, 1)
        values["memory_mib"] = round(max(memory.mib, default=0.0), 1)
    bars = (*BARS, Bar("tip_warned", ">=", 1))
    return BenchReport("day", values, bars, _notes(made.runner.snapshot.records))


def _count(quick: bool) -> int:
    return QUICK_SCANS if quick else SCANS


def figures(made: Scenario) -> dict[str, Value]:
    """What a day came to, also one that was run in a window."""
    from corescout.instruments.twin_demo import limits_of

    entries = read_journal(made.day.folder / "journal.jsonl")
    counted = Counter(e["uid"] for e in entries if e["what"] == "scan outcome")
    taken = [scan.uid for scan in made.source.whole]
    records = made.runner.snapshot.records
    kinds = Counter(r.outcome for r in records)
    timed = [r.seconds for r in records if r.outcome == "analysed" and not r.explored]
    warned = [t.uid for t in made.runner.snapshot.tip if t.warning]
    return {
        "scans": len(taken),
        "lost": sum(counted[uid] == 0 for uid in taken),
        "twice": sum(count > 1 for count in counted.values()),
        "analysed": kinds["analysed"],
        "superseded": kinds["superseded"],
        "set_aside": kinds["set aside"],
        "explored": sum(r.explored for r in records),
        "connections_lost": sum(e["what"] == "connection lost" for e in entries),
        "measured": len(made.runner.snapshot.measurements),
        "outside_limits": outside(made.twin.log, limits_of(made.twin)),
        "held": sum(e["what"] == "run held" for e in entries),
        "p50_s": round(float(np.median(timed)), 2) if timed else math.nan,
        "p95_s": round(float(np.percentile(timed, 95)), 2) if timed else math.nan,
        "drift_off_nm": round(_drift_off_nm(made, records), 2),
        "tip_warned": len(warned),
        **_tip(made, records, warned),
        **_types(made, records),
        "page_s": round(_page_s(made), 2),
    }


def outside(log: Sequence[Message], limits: Limits) -> int:
    """Messages that reached the instrument and should not have, with its position unknown aside."""
    at_m: tuple[float, float] | None = None
    bias_v, count = 0.0, 0
    for message in log:
        values = message.values
        if message.kind in ("move", "zoom") and at_m is None:
            at_m = (values["x_m"], values["y_m"])
        count += bool(limits.violations(message, at_m, bias_v))
        if message.kind == "bias":
            bias_v = values["bias_v"]
        if message.kind in ("move", "zoom"):
            at_m = (values["x_m"], values["y_m"])
    return count


def _drift_off_nm(made: Scenario, records: Sequence[ScanRecord]) -> float:
    """Median error of the drift between scans, against the twin's own."""
    seconds, drift = made.source.at_s, np.asarray(made.twin.drift_m_per_s)
    found = {r.uid: r for r in records if r.drift_m is not None}
    off = [
        float(np.linalg.norm(np.subtract(r.drift_m or (0, 0), drift * passed)))
        for r in found.values()
        if (passed := _passed(r, seconds)) is not None
    ]
    return 1e9 * float(np.median(off)) if off else math.nan


def _passed(record: ScanRecord, seconds: Mapping[str, float]) -> float | None:
    """Time of the instrument since the scan that a record was registered with."""
    if record.drift_since not in seconds or record.uid not in seconds:
        return None
    return seconds[record.uid] - seconds[record.drift_since]


def _tip(made: Scenario, records: Sequence[ScanRecord], warned: Sequence[str]) -> dict[str, Value]:
    """Blur of the tip when it was warned of first, and when the types were given up first."""
    told = made.source.told
    blur = [told[uid].tip_px for uid in warned if uid in told]
    given_up = [
        told[r.uid].tip_px
        for r in records
        if r.uid in told and told[r.uid].what == "worn" and any("types:" in w for w in r.warnings)
    ]
    return {
        "warned_at_blur_px": round(min(blur), 2) if blur else math.nan,
        "types_given_up_at_blur_px": round(min(given_up), 2) if given_up else math.nan,
        "warned_sharp": sum(b == 0 for b in blur),
    }


def _page_s(made: Scenario) -> float:
    """What a stop waits for: the page of the whole day."""
    began = time.monotonic()
    made.day.write_page(made.source.name)
    return time.monotonic() - began


def _types(made: Scenario, records: Sequence[ScanRecord]) -> dict[str, Value]:
    """Whether types kept number, name and colour, on scans whose types were not given up."""
    from benchmarks.reliability.day_types import kept_types
    from corescout.live.day.day import SCANS as FOLDER

    doubted = {r.uid for r in records if any(w.startswith("types:") for w in r.warnings)}
    at_s = {uid: at for uid, at in made.source.at_s.items() if uid not in doubted}
    return kept_types(made.day.folder / FOLDER, at_s, made.twin.drift_m_per_s)


def _notes(records: Sequence[ScanRecord]) -> tuple[str, ...]:
    return tuple(str(r)[:200] for r in records if r.outcome != "superseded")[:12]

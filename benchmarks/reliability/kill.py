"""`bench kill`: kill -9 at 50 random moments of a run on the twin, and go on after each.

The twin keeps its own record of every spectrum. After each kill the journal must be readable, know
the last state and everything that the twin has measured; a later life must not measure it again.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.outcome import CHECKOUT, Bar, BenchReport
from corescout.data import Target
from corescout.instruments import Journal, Session, last_state, plan_visits
from corescout.instruments.twin import DigitalTwin
from corescout.instruments.twin_demo import limits_of
from corescout.surfaces import generate_surface
from corescout.whole import read_journal

KILLS, QUICK_KILLS = 50, 4
N_TARGETS = 300
LONGEST_LIFE_S = 1.0
SPEED = 20.0  # a spectrum takes 10 ms
_LIVE = "import sys; from benchmarks.reliability.kill import live; live(sys.argv[1])"


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Kill and go on; the moments are random, from a fixed seed."""
    rng = random.Random(0)
    kills = QUICK_KILLS if quick else KILLS
    unreadable = unknown = measured = again = lost = lives = 0
    with tempfile.TemporaryDirectory() as parent:
        folder = _fresh(parent, 0)
        for number in range(kills):
            lives += 1
            finished = _one_life(folder, rng.uniform(0, LONGEST_LIFE_S))
            entries = read_journal(folder / "journal.jsonl")
            lines = (folder / "journal.jsonl").read_bytes().splitlines()
            state = last_state(entries)
            record = (folder / "instrument.log").read_text().split()
            unreadable += len(lines) - len(entries) > lives  # a kill cuts at most the last line
            unknown += state.state not in ("RUNNING", "OBSERVE", "ARMED", "PREVIEW")
            lost += len(set(record) - set(state.begun))
            if finished or number == kills - 1:
                measured += len(record)
                again += len(record) - len(set(record))
                folder, lives = _fresh(parent, number + 1), 0
    values = {
        "kills": kills, "spectra": measured, "unreadable_journals": unreadable,
        "unknown_states": unknown, "spectra_not_in_journal": lost, "measured_twice": again,
    }  # fmt: skip
    none = ("unreadable_journals", "unknown_states", "spectra_not_in_journal", "measured_twice")
    bars = (*(Bar(key, "<=", 0) for key in none), Bar("spectra", ">=", kills))
    return BenchReport("kill", values, bars)


def live(folder: str) -> None:
    """One life: take up the journal, leave out what was begun, run the rest; says "running"."""
    path = Path(folder)
    twin = _Recording(DigitalTwin(generate_surface((64, 64), seed=0), SPEED), path)
    journal = Journal(path / "journal.jsonl")
    limits = limits_of(twin.twin)
    session = Session(twin, limits, journal)
    twin.connect()
    if session.state == "HOLD":
        session.release(by="bench: looked")
    begun = last_state(read_journal(journal.path)).begun
    left = [t for t in _targets(twin.twin) if t.uid not in begun]
    if not left:
        return
    plan = plan_visits(twin.twin.surface.scan, left[: limits.most_targets])
    session.preview(plan)
    session.approve(plan.digest, by="bench")
    sys.stdout.write("running\n")
    sys.stdout.flush()
    for _ in session.run(plan):
        pass


class _Recording:
    """The twin, with a record of its own of every spectrum, written before it is taken."""

    def __init__(self, twin, folder: Path) -> None:  # type: ignore[no-untyped-def]
        self.twin = twin
        self._file = (folder / "instrument.log").open("a", buffering=1)

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        return getattr(self.twin, name)

    def send(self, message):  # type: ignore[no-untyped-def]
        """Note a spectrum, then take it."""
        if message.kind == "spectrum":
            self._file.write(f"{message.target_uid}\n")
        return self.twin.send(message)


def _targets(twin: DigitalTwin) -> list[Target]:

    scan = twin.surface.scan
    side = scan.shape_px[1]
    places = [(3.0 * (i // 20) + 2, 3.0 * (i % 20) + 2) for i in range(N_TARGETS)]
    targets = []
    for i, (y, x) in enumerate(places):
        x_m, y_m = twin.sample.frame.to_m((y % side, x))
        targets.append(
            Target(f"t{i}", scan.uid, (y % side, x), (float(x_m), float(y_m)), 1, i, "spectrum",
                   {"seconds": 0.2})
        )  # fmt: skip
    return targets


def _fresh(parent: str, number: int) -> Path:
    folder = Path(parent) / str(number)
    folder.mkdir()
    (folder / "instrument.log").touch()
    return folder


def _one_life(folder: Path, seconds: float) -> bool:
    """Start a process, kill it so long after it began to run; True if it had nothing left to do."""
    process = subprocess.Popen(
        [sys.executable, "-c", _LIVE, str(folder)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    if process.stdout is None:
        raise RuntimeError("no pipe")
    said = process.stdout.readline()
    time.sleep(seconds if said else 0)
    process.kill()
    process.wait()
    process.stdout.close()
    return not said

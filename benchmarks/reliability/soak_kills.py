"""The watch of a folder under kill -9: files go on coming, with every fault, and none is lost.

A process of its own watches and is killed at random moments; files come while it lives and while it
does not. The last life goes on until all is decided, and is then asked to end. On a machine that
starves it, it first finishes loading what its page is drawn with: 29 and 33 s at nice 10 beside a
load of 8. So that is waited for with patience, and where its threads stand is kept if in vain.
"""

from __future__ import annotations

import faulthandler
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.outcome import CHECKOUT
from benchmarks.reliability.soak_files import CALM, Ledger, Writer
from corescout.data import Scan
from corescout.live.day.day import JOURNAL
from corescout.whole import read_journal

LONGEST_LIFE_S = 1.5
_LONGEST_END_S = _LONGEST_EXIT_S = 240.0
_NEVER_ENDED = 255
_WHILE_DEAD = 0.3  # share of the files that come while nobody watches
_STRANGE = 12  # files of the odd kinds, in all
_LIVE = "import sys; from benchmarks.reliability.soak_kills import live; live(*sys.argv[1:])"


def killed(parent: Path, scan: Scan, files: int, kills: int) -> dict[str, Any]:
    """Write, kill and go on; returns the figures."""
    folder, day = parent / "scans-and-kills", parent / "day-of-kills"
    folder.mkdir()
    rng = random.Random(2)
    writer = Writer(folder, scan, lambda name: False, seed=1)
    stacks = parent / "stacks-of-kills.txt"
    process = _watch(folder, day, stacks)
    for number in range(kills):
        share = files * (number + 1) // kills - files * number // kills
        dead = sum(rng.random() < _WHILE_DEAD for _ in range(share))
        end_s = time.monotonic() + rng.uniform(0.0, LONGEST_LIFE_S)
        for _ in range(share - dead):
            writer.write_next(CALM)
        if number * _STRANGE // kills != (number + 1) * _STRANGE // kills:
            writer.write_strange()
        time.sleep(max(0.0, end_s - time.monotonic()))
        process.kill()
        process.wait()
        for _ in range(dead):
            writer.write_next(CALM)
        if number == kills // 2:
            _spoil(day)
        process = _watch(folder, day, stacks)
    alive = _until_decided(process, day, writer.ledger)
    began_s = time.monotonic()
    code, where = _end(process, stacks)
    return {
        **_verdict(day, writer.ledger), "kills": kills, "alive": alive, "exit_code": code,
        "exit_s": time.monotonic() - began_s, "stuck_in": where,
    }  # fmt: skip


def live(folder: str, day_folder: str, stacks: str) -> None:
    """One life; says "ready", and ends at a signal."""
    faulthandler.register(signal.SIGUSR1, Path(stacks).open("w"), all_threads=True)  # noqa: SIM115
    from benchmarks.reliability.soak import LightAnalyst
    from corescout.interactive.progress import stop_on_interrupt
    from corescout.live.day.day import Day
    from corescout.live.loop.runner import Runner
    from corescout.live.loop.sources import FolderSource

    day = Day(day_folder, runs=False, synced=False)
    before = day.left_undecided(folder)
    source = FolderSource(Path(folder), known=day.known_files(), before=before, timeout_s=5.0)
    runner = Runner(source, day, LightAnalyst())
    with stop_on_interrupt() as stop:
        runner.start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while not runner.wait(0.2):
            if stop.is_set():
                runner.stop()
    day.close()
    raise SystemExit(int(bool(runner.gave_up or runner.undecided)))


def _watch(folder: Path, day: Path, stacks: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _LIVE, str(folder), str(day), str(stacks)],
        cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    if process.stdout is None or process.stdout.readline() != "ready\n":
        raise RuntimeError("the watch did not begin")
    process.stdout.close()
    return process


def _end(process: subprocess.Popen[str], stacks: Path) -> tuple[int, str]:
    """Ask it to end; its exit code, and where its threads stand if it never did."""
    process.terminate()
    try:
        return process.wait(_LONGEST_EXIT_S), ""
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGUSR1)
        time.sleep(1.0)
        process.kill()
        process.wait()
        return _NEVER_ENDED, stacks.read_text()


def _spoil(day: Path) -> None:
    """A line that is not complete, as an older program or a hand leaves it."""
    with (day / JOURNAL).open("a") as file:
        file.write(json.dumps({"what": "measured"}) + "\n")


def _until_decided(process: subprocess.Popen[str], day: Path, ledger: Ledger) -> bool:
    """Wait until everything has an outcome; whether the watch is alive then."""
    end_s = time.monotonic() + _LONGEST_END_S
    while time.monotonic() < end_s and process.poll() is None:
        time.sleep(1.0)
        if _verdict(day, ledger)["lost"] == 0:
            break
    return process.poll() is None


def _verdict(day: Path, ledger: Ledger) -> dict[str, Any]:
    outcomes = [e for e in read_journal(day / JOURNAL) if e["what"] == "scan outcome"]
    by_content = Counter(e["file_sha256"] for e in outcomes if e["file_sha256"])
    by_name = Counter(e["uid"] for e in outcomes if not e["file_sha256"])
    numbers = Counter(e["number"] for e in outcomes)
    kinds = Counter(e["outcome"] for e in outcomes)
    return {
        "scans": len(ledger.contents),
        "strange_files": len(ledger.names),
        "lost": len(ledger.contents - set(by_content)) + len(ledger.names - set(by_name)),
        "in_journal_twice": sum(n > 1 for n in (*by_content.values(), *by_name.values())),
        "unexpected": len(set(by_content) - ledger.contents) + len(set(by_name) - ledger.names),
        "numbers_twice": sum(n > 1 for n in numbers.values()),
        "without_reason": sum(e["outcome"] != "analysed" and not e["reason"] for e in outcomes),
        "analysed": kinds["analysed"],
        "superseded": kinds["superseded"],
    }

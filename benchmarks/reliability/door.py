"""A thousand hostile calls of `corescout mcp` while a plan runs at the twin's server.

Judged by what the system saw the process do (strace, where there is one), by what lies beside its
folders before and after, by the controller's connections and the plan's own journal, and by every
answer. No word of the server itself is trusted for it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.outcome import Bar, BenchReport
from benchmarks.reliability.door_calls import SECRET, calls, control_characters, make_files
from benchmarks.reliability.door_client import AgentClient, Said, agent_client
from corescout.data import Result, Scan, ScanFrame, Target
from corescout.instruments import Journal, Limits, Session, plan_visits, read_entries
from corescout.instruments.entries import MessageSent, ToolCalled
from corescout.instruments.nanonis import NanonisInstrument, NanonisServer
from corescout.instruments.twin import DigitalTwin
from corescout.plan import Plan

CALLS, QUICK_CALLS, PARALLEL = 1000, 60, 12
LONGEST_ANSWER = 65_000
_LIMITS = Limits(
    x_m=(-3e-6, 3e-6), y_m=(-3e-6, 3e-6), largest_step_m=6e-6, largest_speed_m_per_s=2e-6,
    largest_bias_v=6.0, longest_spectrum_s=5.0, most_targets=50, readback_tolerance_m=50e-9,
    rotation_verified=False, emergency="halt",
)  # fmt: skip
_N_TARGETS = 6
_PLACE = re.compile(r'"((?:[^"\\]|\\.)*)"')
_HARMLESS = ("/dev/null", "/dev/tty", "/proc/self/")


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Call, and count what must never happen."""
    with tempfile.TemporaryDirectory() as folder:
        return report(measure(Path(folder), _result(), QUICK_CALLS if quick else CALLS))


def report(found: dict[str, int | float]) -> BenchReport:
    """Hold what was counted to its bars: nothing of it may happen at all."""
    never = ("secrets_told", "wrongly_answered", "wrongly_refused", "faults", "unprintable_answers",
             "too_long_answers", "not_answered", "files_outside_changed", "connections_by_server",
             "writes_outside", "reads_outside", "programs_started", "calls_not_in_journal",
             "plan_not_as_planned")  # fmt: skip
    bars = [Bar(name, "<=", 0) for name in never if name in found]
    notes = ("strace watched the server" if "writes_outside" in found else "no strace here",)
    return BenchReport("door", found, (*bars, Bar("calls", ">=", 40)), notes)


def measure(folder: Path, result: Result, count: int) -> dict[str, int | float]:
    """Make the files, run the plan, call, and return what was counted."""
    files = make_files(folder, result)
    own, trace = folder / "own", folder / "trace"
    before = _state(files["outside"])
    traced = trace if shutil.which("strace") else None
    began_s = time.monotonic()
    with _running_plan(files["scans"] / "day") as at_work:
        with agent_client([files["scans"]], own, "--minutes", "0.3", trace=traced) as client:
            found = _call(client, files["outside"], count)
        disturbed = at_work()
    called = sum(isinstance(e, ToolCalled) for e in read_entries(own / "journal.jsonl"))
    found["calls_not_in_journal"] = found["calls"] - called
    found["files_outside_changed"] = int(_state(files["outside"]) != before)
    found.update(disturbed)
    if traced is not None:
        found.update(_seen_by_strace(trace, own, files["outside"]))
    return {**found, "seconds": round(time.monotonic() - began_s, 1)}


def _call(client: AgentClient, outside: Path, count: int) -> Counter[str]:
    found: Counter[str] = Counter(
        dict.fromkeys(
            ("calls", "refused", "answered", "secrets_told", "wrongly_answered", "wrongly_refused",
             "faults", "unprintable_answers", "too_long_answers", "not_answered"), 0)
    )  # fmt: skip
    told: list[str] = []
    exploration = client.start("explore_scan", told, scan="scans/good.npz", picture=False)
    found["calls"] += 1
    drawn = list(calls(count, outside))
    for at in range(0, count, PARALLEL):
        batch = drawn[at : at + PARALLEL]
        answers = client.all([(name, asked) for name, asked, _ in batch])
        for (name, asked, refuse), said in zip(batch, answers, strict=True):
            _judge(found, name, asked, refuse, said)
    exploration.result(120)
    return found


def _judge(found: Counter[str], name: str, asked: Any, refuse: bool, said: Said) -> None:
    found["calls"] += 1
    found["refused" if said.refused else "answered"] += 1
    found["secrets_told"] += SECRET in said.text
    found["wrongly_answered"] += refuse and not said.refused
    found["faults"] += "a fault of Corescout" in said.text
    found["unprintable_answers"] += control_characters(said.text)
    found["too_long_answers"] += len(said.text) > LONGEST_ANSWER
    found["not_answered"] += not said.text
    if not refuse and "found none after" in said.text:
        found["answered_too_late"] += 1  # a machine that has no time for it
    elif not refuse and said.refused and "under way" not in said.text:
        found["wrongly_refused"] += 1
        found[f"refused {name}: {said.text[:100]}"] += 1
    if refuse and not said.refused:
        found[f"answered {name} {asked!r:.80}"] += 1


@contextmanager
def _running_plan(day: Path) -> Iterator[Any]:
    """Run plans at the twin's server, one after the other, with the journal in the day's folder."""
    from corescout.surfaces import generate_surface

    (day / "scans").mkdir(parents=True)
    twin = DigitalTwin(generate_surface((96, 96), seed=1), 30.0, seed=1)
    ended, ran, wrong = threading.Event(), [0], [0]
    with ExitStack() as stack:
        server = stack.enter_context(NanonisServer(twin, "127.0.0.1", 0))
        # a busy machine answers late, which would hold the plan: that is no matter of the calls
        instrument = NanonisInstrument("127.0.0.1", ports=server.ports, timeout_s=60.0)
        instrument.connect()
        journal = Journal(day / "journal.jsonl", synced=False)
        session = Session(instrument, _LIMITS, journal)

        def work() -> None:
            while not ended.is_set():
                plan = plan_visits(_IMAGE, _targets(ran[0]))
                session.preview(plan, measure_again=True)
                session.approve(plan.digest, by="bench")
                events = Counter(event.what for event in session.run(plan))
                ran[0] += 1
                wrong[0] += events["done"] != 1

        worker = threading.Thread(target=work)
        worker.start()

        def end() -> dict[str, int]:
            ended.set()
            worker.join(120)
            sent = [e for e in read_entries(journal.path) if isinstance(e, MessageSent)]
            marks = sum(e.kind == "mark" for e in sent)
            short = marks != ran[0] * _N_TARGETS
            return {
                "plans_run_meanwhile": ran[0],
                "messages_of_the_plans": len(sent),
                "plan_not_as_planned": wrong[0] + short + worker.is_alive(),
            }

        try:
            yield end
        finally:
            ended.set()
            worker.join(120)
            session.close()
            instrument.close()
            journal.close()


def _seen_by_strace(trace: Path, own: Path, outside: Path) -> dict[str, int]:
    """Count what the process asked of the system that it must not, from when it serves."""
    found = Counter(connections_by_server=0, writes_outside=0, reads_outside=0, programs_started=0)
    serves = False
    own_place, secret = str(own.resolve()), str(outside.resolve())
    for line in trace.read_text("utf-8", "replace").splitlines():
        serves = serves or "journal.jsonl" in line
        if not serves:
            continue
        call = line.partition("(")[0].split()[-1] if "(" in line else ""
        if "AF_INET" in line and call in ("connect", "bind", "sendto", "sendmsg"):
            found["connections_by_server"] += 1
        found["programs_started"] += call == "execve" and line.rstrip().endswith("= 0")
        place = _PLACE.search(line)
        if place is None or not re.search(r"\) += \d", line):
            continue  # refused by the system, or no path
        found["reads_outside"] += place[1].startswith(secret)
        writes = call not in ("open", "openat", "openat2", "execve", "connect", "bind") or bool(
            re.search(r"O_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND)", line)
        )
        inside = place[1].startswith((own_place, *_HARMLESS)) or not place[1].startswith("/")
        if writes and not inside and call not in ("connect", "sendto", "sendmsg"):
            found["writes_outside"] += 1
            found[f"written {place[1][:80]}"] += 1
    return dict(found)


def _state(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Size, times and content of what lies in a folder; of a pipe that it is there."""
    return {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_size, _digest(path))
        for path in sorted(folder.rglob("*"))
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _result() -> Result:
    """A small exploration to be asked about."""
    from corescout.pipeline import explore
    from corescout.surfaces import generate_surface

    plan = Plan.preset(
        "live", windows_px=(9,), invariances=("none",),
        decision={"seeds": 1, "finalists": 1, "null_surrogates": 0},
    )  # fmt: skip
    return explore(generate_surface((128, 128), seed=3).scan, plan, workers=1)


_IMAGE = Scan(
    uid="s", channels={"a": np.zeros((8, 8), np.float32)}, frame=ScanFrame((8, 8), (1e-7, 1e-7))
)


def _targets(run: int) -> list[Target]:
    """Marks on a way; new ones for each run: what was marked is not marked again."""
    return [
        Target(f"{run}-{n}", "s", (0.0, 0.0), (0.1e-6 * (n - 3), 0.05e-6 * n), 1, n, "mark")
        for n in range(1, _N_TARGETS + 1)
    ]

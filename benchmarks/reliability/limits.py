"""`corescout bench limits`: random plans, and nothing outside the limits is ever said or done.

In memory every plan, and over TCP some of them, on a controller that shares no code with the
product. What was sent, and where that controller's tip was, is held against the bounds themselves,
not against the code that checks them. Then stops from another thread, on a twin in real time.
``python -m benchmarks.reliability.limits 2000 200`` tries so many in memory and over TCP.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.outcome import Bar, BenchReport
from benchmarks.reliability.limits_plans import (
    IMAGE,
    LIMITS,
    Recorder,
    expected,
    is_inside,
    outside,
    random_targets,
)  # fmt: skip
from benchmarks.reliability.limits_stop import stops
from benchmarks.reliability.limits_wire import wire_plans
from corescout.data import InputError, StoppedError, Target
from corescout.data.errors import CorescoutError
from corescout.instruments import Journal, Session, SessionError, plan_visits

PLANS, QUICK_PLANS = 100_000, 300
WIRE_PLANS, QUICK_WIRE_PLANS = 2_000, 12


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Preview, approve and run random plans; then stop runs at any moment."""
    if quick:
        return measure(QUICK_PLANS, QUICK_WIRE_PLANS, 2)
    return measure(PLANS, WIRE_PLANS, 40)


def measure(plans: int, over_tcp: int, n_stops: int) -> BenchReport:
    """Try so many plans in memory and over TCP, and so many stops."""
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(plans):
            _one(random_targets(random.Random(number)), Path(folder) / "plan.jsonl", found)
        wire = wire_plans(over_tcp, Path(folder))
    values: dict[str, Any] = {
        **{name: found[name] for name in ("plans", "armed", "refused", "messages", "outside")},
        "changed_approvals_taken": found["taken"],
        "not_an_error_in_words": found["raised"] + wire["raised"],
        "inside_completed_share": _share(found),
        **{f"tcp_{name}": wire[name] for name in ("plans", "armed", "messages", "outside")},
        "tcp_inside_completed_share": _share(wire),
        **stops(n_stops),
    }
    bars = (
        Bar("plans", ">=", plans),
        Bar("tcp_plans", ">=", over_tcp),
        Bar("outside", "<=", 0),
        Bar("tcp_outside", "<=", 0),
        Bar("changed_approvals_taken", "<=", 0),
        Bar("not_an_error_in_words", "<=", 0),
        Bar("inside_completed_share", ">=", 0.999),
        Bar("tcp_inside_completed_share", ">=", 0.999),
        Bar("armed", ">=", plans / 20),
        Bar("refused", ">=", plans / 20),
        Bar("longest_stop_s", "<=", 0.5),
        Bar("sent_after_stop", "<=", 0),
    )
    both = found + wire
    notes = [f"{n} x {what}" for what, n in both.items() if what.startswith(("outside ", "not c"))]
    return BenchReport("limits", values, bars, tuple(sorted(notes)[:100]))


def _share(found: Counter[str]) -> float:
    return found["completed"] / found["inside"] if found["inside"] else 0.0


def _one(targets: list[Target], path: Path, found: Counter[str]) -> None:
    """One plan from preview to its end in memory."""
    path.unlink(missing_ok=True)
    recorder, journal = Recorder(), Journal(path, synced=False)
    session = Session(recorder, LIMITS, journal)
    found["plans"] += 1
    done = False
    try:
        plan = plan_visits(IMAGE, targets)
        session.preview(plan)
        with suppress(SessionError):
            session.approve(plan.digest[:-1] + ("0" if plan.digest[-1] != "0" else "1"), "x")
            found["taken"] += 1
        session.approve(plan.digest, "bench")
        found["armed"] += 1
        with suppress(StoppedError):
            done = any(event.what == "done" for event in session.run(plan))
    except (SessionError, InputError):
        found["refused"] += 1
    except CorescoutError:
        found["held"] += 1
    except Exception as error:  # noqa: BLE001 - what is no error in words is what is looked for
        found["raised"] += 1
        found[f"not caught: {type(error).__name__}: {error}"[:120]] += 1
    finally:
        session.close()
        journal.close()
    found["messages"] += len(recorder.log)
    found["outside"] += outside(recorder.log, (0.0, 0.0))
    if is_inside(targets, (0.0, 0.0)):
        found["inside"] += 1
        found["completed"] += done and recorder.heard == expected(targets)


if __name__ == "__main__":
    counts = [int(argument) for argument in sys.argv[1:3]] or [QUICK_PLANS, QUICK_WIRE_PLANS]
    report = measure(counts[0], counts[1], 2)
    sys.stdout.write(json.dumps(dict(report.values), indent=1) + "\n")
    sys.stdout.write("\n".join(report.notes) + f"\npassed: {report.passed}\n")

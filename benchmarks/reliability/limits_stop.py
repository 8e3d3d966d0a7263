"""Stops of `bench limits`: from another thread, in every state, on a twin in real time."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from corescout.data import StoppedError, Target
from corescout.data.errors import CorescoutError
from corescout.instruments import Journal, Session, VisitPlan, plan_visits
from corescout.instruments.twin import DigitalTwin
from corescout.instruments.twin_demo import limits_of
from corescout.surfaces import generate_surface

STATES = ("OBSERVE", "PREVIEW", "ARMED", "RUNNING", "HOLD")
LONGEST_RUN_S = 1.5  # before the stop
WATCHED_S = 0.3  # after it


def stops(count: int) -> dict[str, float | int]:
    """Stop so many runs, and once in five each other state.

    Returns
    -------
    dict
        Number of stops, the longest time until motion ended, and what was sent afterwards.
    """
    surface, rng = generate_surface((64, 64), seed=0), random.Random(0)
    longest_s, sent, done = 0.0, 0, 0
    for number in range(count):
        states = ("RUNNING",) if number % 5 else STATES
        for state in states:
            took_s, after = _stop_in(state, DigitalTwin(surface, speed=1.0), rng)
            longest_s, sent, done = max(longest_s, took_s), sent + after, done + 1
    return {"stops": done, "longest_stop_s": round(longest_s, 3), "sent_after_stop": sent}


def _stop_in(state: str, twin: DigitalTwin, rng: random.Random) -> tuple[float, int]:
    """Bring a session into a state, stop it; seconds until motion ended, messages afterwards."""
    twin.connect()
    plan = _plan(twin)
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.jsonl", synced=False)
        session = Session(twin, limits_of(twin), journal)
        worker = threading.Thread(target=_until_stopped, args=(_work(state, session, plan),))
        worker.start()
        time.sleep(rng.uniform(0.05, LONGEST_RUN_S) if state in ("RUNNING", "OBSERVE") else 0.05)
        began = time.monotonic()
        session.stop("bench")
        sent = len(twin.log)
        worker.join(10)
        took_s, place = time.monotonic() - began, twin.status().at_m
        time.sleep(WATCHED_S)
        moved = twin.status().at_m != place
        after = len(twin.log) - sent
        after += session.state != "HOLD" or twin.status().bias_v != 0 or worker.is_alive()
        session.close()
        journal.close()
        twin.close()
    return (float("inf") if moved else took_s), after


def _work(state: str, session: Session, plan: VisitPlan) -> Callable[[], object]:
    def work() -> object:
        if state == "OBSERVE":
            return list(session.scans())
        session.preview(plan)
        if state == "PREVIEW":
            return None
        session.approve(plan.digest, by="bench")
        if state == "RUNNING":
            return list(session.run(plan))
        if state == "HOLD":
            session.stop("bench: before")
        return None

    return work


def _until_stopped(work: Callable[[], object]) -> None:
    with suppress(StoppedError, CorescoutError):
        work()


def _plan(twin: DigitalTwin) -> VisitPlan:
    scan, frame = twin.surface.scan, twin.sample.frame
    rng = np.random.default_rng(len(twin.log))
    targets = []
    for i, place in enumerate(rng.uniform(5, 58, (8, 2))):
        x, y = frame.to_m(place)
        where = (float(place[0]), float(place[1]))
        targets.append(Target(f"s{i}", scan.uid, where, (float(x), float(y)), 1, i, "spectrum"))
    return plan_visits(scan, targets)

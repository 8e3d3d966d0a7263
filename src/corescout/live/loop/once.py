"""A watch that ends after one plan: scan, explore, look at the drift, measure, stop."""

from __future__ import annotations

import time
from collections.abc import Callable

from corescout.data import InputError
from corescout.instruments import Instrument, Limits, Session
from corescout.instruments.entries import NotPreviewed, PolicyRefused, RunHeld, ScanOutcome, said
from corescout.instruments.journal import read_entries
from corescout.live.day.day import Day
from corescout.live.loop.runner import Runner
from corescout.live.loop.sources import InstrumentSource
from corescout.live.policy import Policy
from corescout.live.reading.analyst import Analyst
from corescout.live.settings import LiveSettings
from corescout.live.states import Snapshot
from corescout.plan import Plan

_TURN_S = 0.1
_PATIENCE_S = 5.0  # for a plan, after the scans were analysed
_MOST_SCANS = 5  # none of which could be analysed
_SCANS = 2  # one to explore, and one after that for the drift
LONGEST_S = 1800.0


def watch_once(
    instrument: Instrument,
    limits: Limits,
    day: Day,
    plan: Plan,
    policy: Policy,
    *,
    settings: LiveSettings | None = None,
    say: Callable[[str], None] | None = None,
    longest_s: float = LONGEST_S,
) -> Snapshot:
    """Watch an instrument until one plan was carried out; return what there is to show then.

    The first scan is explored; a second one tells how far the sample has drifted meanwhile, and the
    targets follow.

    Parameters
    ----------
    day : Day
        Where it is written; closed by whoever made it.
    policy : Policy
        Approves the plan; a plan that it refuses ends the watch.
    say : callable, optional
        Told a line for each scan, and what happens.

    Raises
    ------
    InputError
        If nothing was measured: the reason is that of the session, or of the policy.
    """
    session = Session(instrument, limits, day.journal)
    if session.hold_reason:  # said before minutes of work, not after them
        raise InputError(
            "a journal that does not end in a run", session.hold_reason,
            "look at the instrument and release it there, or give another folder",
        )  # fmt: skip
    source = InstrumentSource(instrument)
    runner = Runner(source, day, Analyst(plan), session, instrument, None, settings)
    source.paused = lambda: not _wants_scan(runner)
    if say is not None:
        runner.signals.said.connect(say)
    runner.start()
    try:
        _until_measured(runner, policy, time.monotonic() + longest_s)
        shown = runner.snapshot
    finally:
        runner.stop()
        runner.wait()  # what is under way is written to its end
        session.close()
    if session.state == "HOLD" or not shown.measurements:
        raise InputError("a plan that is carried out", _why_not(day), "see day.html in its folder")
    return shown


def _until_measured(runner: Runner, policy: Policy, end: float) -> None:
    signed, idle_since = False, time.monotonic()
    while not runner.wait(_TURN_S) and time.monotonic() < end:
        shown = runner.snapshot
        if len(shown.records) >= _MOST_SCANS and not _n_analysed(shown):
            return
        if runner.measuring_or_due or _n_analysed(shown) < _SCANS or not runner.idle:
            idle_since = time.monotonic()
        elif not signed:
            runner.sign(policy)
            signed = True
        elif (
            shown.measurements
            or shown.session == "HOLD"
            or time.monotonic() - idle_since > _PATIENCE_S
        ):
            return


def _wants_scan(runner: Runner) -> bool:
    """A scan at a time, and no more than it takes: the second tells how far the sample drifted."""
    return runner.idle and _n_analysed(runner.snapshot) < _SCANS


def _n_analysed(shown: Snapshot) -> int:
    return sum(record.outcome == "analysed" for record in shown.records)


def _why_not(day: Day) -> str:
    """The last word of the journal on why nothing was measured."""
    for entry in reversed(read_entries(day.journal.path)):
        if isinstance(entry, PolicyRefused | RunHeld | NotPreviewed):
            return said(entry)
        if isinstance(entry, ScanOutcome) and entry.record.get("outcome") != "analysed":
            return said(entry)
    return "no targets on the scans that came"

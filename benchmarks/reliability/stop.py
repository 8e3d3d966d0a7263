"""`corescout bench stop`: stops at random moments, and whether the tip rested as it was told.

Against a controller that shares no code with the product, in real time: answers after 1 to 100 ms,
and some of the stops with connections that are deaf, late by 10 s, lost or closed from that moment
on. ``python -m benchmarks.reliability.stop 120`` tries so many.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.outcome import Bar, BenchReport
from benchmarks.reliability.stop_trials import REST_S, StopOutcome, StopTrial, stop_once

STOPS, QUICK_STOPS = 600, 24
FAULTY_SHARE = 15  # one of so many stops: 40 of 600
KINDS = ("deaf", "late", "lost", "closed")
WAYS = tuple((kind, (port,)) for kind in KINDS for port in range(4)) + tuple(
    (kind, (0, 1, 2, 3)) for kind in KINDS
)


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Stop 600 runs (24 with `quick`) on the foreign controller."""
    return report(measure(QUICK_STOPS if quick else STOPS))


def measure(count: int) -> list[StopOutcome]:
    """Try so many stops, the same ones each time."""
    return [stop_once(trial) for trial in trials(count)]


def trials(count: int) -> Iterator[StopTrial]:
    """One in 15 with dead connections, each kind at each port and at all of them in turn."""
    faulty = 0
    for seed in range(count):
        restores = seed % 4 == 1
        if seed % FAULTY_SHARE != FAULTY_SHARE // 2:
            yield StopTrial(seed, restores_start_bias=restores)
            continue
        kind, ports = WAYS[faulty * 7 % len(WAYS)]  # 7 and 20: all of them before one comes again
        faulty += 1
        yield StopTrial(seed, dead_ports=ports, kind=kind, restores_start_bias=restores)


def report(outcomes: Sequence[StopOutcome]) -> BenchReport:
    """Figures of these stops."""
    healthy = [o for o in outcomes if o.trial.healthy]
    reached = [o for o in outcomes if not o.trial.cut_off]
    cut_off = [o for o in outcomes if o.trial.cut_off]
    values: dict[str, Any] = {
        "stops": len(outcomes),
        "faulty": len(outcomes) - len(healthy),
        "cut_off": len(cut_off),
        "while_moving": sum(o.under_way != "nothing" for o in outcomes),
        "longest_rest_s": max((o.rest_s for o in reached), default=0.0),
        "not_at_rest_in_time": sum(o.rest_s > REST_S for o in reached),
        "biased_after": sum(o.biased_after for o in reached),
        "wrongly_confirmed": sum(o.wrongly_confirmed for o in outcomes),
        "confirmed_after_s": _median([o.confirmed_s for o in healthy]),
        "confirmed_share": _share([o.confirmed for o in healthy]),
        "confirmed_share_faulty": _share([o.confirmed for o in reached if not o.trial.healthy]),
        "longest_return_s": max(o.returned_s for o in outcomes),
        "longest_until_told_s": max((o.first_said_s for o in cut_off), default=0.0),
        "not_told": sum(o.first_said_s > 1.0 for o in cut_off),
    }
    bars = (
        Bar("longest_rest_s", "<=", REST_S),
        Bar("not_at_rest_in_time", "<=", 0),
        Bar("biased_after", "<=", 0),
        Bar("wrongly_confirmed", "<=", 0),
        Bar("confirmed_share", ">=", 0.99),
        Bar("longest_return_s", "<=", REST_S),
        Bar("longest_until_told_s", "<=", 1.0),
    )
    return BenchReport("stop", values, bars, notes=_notes(outcomes))


def _share(told: Sequence[bool]) -> float:
    return sum(told) / len(told) if told else 1.0


def _median(seconds: Sequence[float]) -> float:
    return statistics.median(seconds) if seconds else 0.0


def _notes(outcomes: Sequence[StopOutcome]) -> tuple[str, ...]:
    """The stops that broke a bound, to be tried again by their numbers."""
    broken = [
        f"{o.trial} {o.under_way}: rest after {o.rest_s:.3f}, returned after {o.returned_s:.3f} s,"
        f" {'biased, ' if o.biased_after else ''}told {o.told}"
        for o in outcomes
        if o.wrongly_confirmed
        or o.returned_s > REST_S
        or (not o.trial.cut_off and (o.rest_s > REST_S or o.biased_after))
        or (o.trial.healthy and not o.confirmed)
    ]
    return ("the foreign controller, in real time; `kill_port` at the moment of the stop", *broken)


if __name__ == "__main__":
    begun: list[StopOutcome] = []
    for trial in trials(int(sys.argv[1]) if len(sys.argv) > 1 else QUICK_STOPS):
        begun.append(stop_once(trial))
        sys.stderr.write(f"{trial.seed} {begun[-1].under_way} {begun[-1].rest_s:.3f} s\n")
    found = report(begun)
    sys.stdout.write(json.dumps(dict(found.values), indent=1) + "\n")
    sys.stdout.write("\n".join(found.notes) + f"\npassed: {found.passed}\n")

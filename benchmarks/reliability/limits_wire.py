"""Random plans over TCP to the foreign controller, judged by where its tip was and what it sent.

A quarter of the plans meets a controller that does not do what it was told: it ignores a bias or a
speed, coerces a frame, loses the position. The clock runs fast; nothing else is scaled.
"""

from __future__ import annotations

import itertools
import math
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.foreign import controller
from benchmarks.reliability.limits_plans import (
    BIAS_V,
    BOX_M,
    IMAGE,
    LIMITS,
    SECONDS,
    SPEED_M_PER_S,
    STEP_M,
    expected,
    is_inside,
    random_targets,
)  # fmt: skip
from corescout.data import InputError, Target
from corescout.data.errors import CorescoutError
from corescout.instruments import Journal, Session, SessionError, plan_visits
from corescout.instruments.events import Held
from corescout.instruments.nanonis import NanonisInstrument

SCALE = 300.0  # seconds of the controller in one of the wall
AC_V = 0.5
FAULTY_SHARE = 0.25
TINY_M = 2e-9  # float32 on the wire, and noise


def wire_plans(count: int, folder: Path) -> Counter[str]:
    """Run so many plans on one controller; what was found, summed."""
    found: Counter[str] = Counter()
    settings = {"noise_m": 0.0, "lines": 8, "pixels": 16, "speed_m_s": 1e-7, "seed": 1}
    with controller(scale=SCALE, ac_v=AC_V, scan_speed_m_s=0.5e-6, **settings) as foreign:
        for number in range(count):
            rng = random.Random(f"wire {number}")
            _reset(foreign)
            fault = _FAULTS[rng.choice(list(_FAULTS))] if rng.random() < FAULTY_SHARE else None
            if fault is not None:
                fault(foreign, rng)
            _one(foreign, random_targets(rng), folder / f"{number}.jsonl", found, fault is None)
    return found


def _one(
    foreign: Any, targets: list[Target], path: Path, found: Counter[str], healthy: bool
) -> None:
    """Preview, approve and run one plan with a fresh bridge; then judge."""
    _wait_until_ports_are_free(foreign)
    begun, start_m = foreign.microscope.settle(), foreign.microscope.xy.at(foreign.clock.now())
    must_run = healthy and is_inside(targets, start_m, AC_V)
    instrument = NanonisInstrument("127.0.0.1", ports=foreign.ports)
    journal, events = Journal(path, synced=False), Counter[str]()
    why, session = "", None
    try:
        instrument.connect()
        session = Session(instrument, LIMITS, journal)
        plan = plan_visits(IMAGE, targets)
        why = "; ".join(session.preview(plan).errors)
        session.approve(plan.digest, by="bench")
        found["armed"] += 1
        for event in session.run(plan):
            events[event.what] += 1
            why = event.reason if isinstance(event, Held) else why
    except (SessionError, InputError) as error:
        why = why or str(error)
    except CorescoutError as error:
        why = str(error)
    except Exception as error:  # noqa: BLE001 - what is no error in words is what is looked for
        why = f"{type(error).__name__}: {error}"[:120]
        found["raised"] += 1
    finally:
        with suppress(CorescoutError, OSError):
            if session is not None:
                session.close()
            instrument.close()
        journal.close()
    _judge(foreign, targets, begun, found, events, must_run, f"{path.stem}: {why}")


def _judge(
    foreign: Any, targets: Sequence[Target], begun: float, found: Counter[str],
    events: Counter[str], must_run: bool, why: str,
) -> None:  # fmt: skip
    found["plans"] += 1
    entries = foreign.log.acted(since_t=begun)
    found["messages"] += len(entries)
    for breach in breaches(foreign, begun):
        found["outside"] += 1
        found[f"outside {breach} in {why}"] += 1
    if not must_run:
        return
    found["inside"] += 1
    done = events["done"] == 1 and heard(entries) == expected(targets)
    found["completed"] += done
    if not done:
        found[f"not completed {why}"] += 1


def heard(entries: Sequence[Any]) -> list[tuple[Any, ...]]:
    """What took effect at the controller, as `expected` says it."""
    said: list[tuple[Any, ...]] = []
    limits: tuple[Any, ...] = (math.nan, math.nan)
    frame: tuple[Any, ...] = (math.nan,) * 5
    for entry in entries:
        arguments = entry.acted_on
        if entry.command == "BiasSpectr.LimitsSet":
            limits = tuple(np.float32(a) for a in arguments)
        elif entry.command == "Scan.FrameSet":
            frame = tuple(np.float32(a) for a in arguments)
        elif entry.command == "FolMe.XYPosSet":
            said.append(("move", *arguments[:2]))
        elif entry.command == "Marks.PointsDraw":
            said.append(("mark", np.float32(arguments[1][0]), np.float32(arguments[2][0])))
        elif entry.command == "BiasSpectr.Start":
            said.append(("spectrum", *limits))
        elif entry.command == "Scan.Action" and arguments[0] == 0:
            said.append(("zoom", *frame[:3]))
    return said


def breaches(foreign: Any, begun: float) -> list[str]:
    """What happened outside the limits since a time, by the controller's own record."""
    microscope = foreign.microscope
    now = microscope.settle()
    found = [] if now >= microscope.xy.ends_at else ["motion that goes on"]
    at = (begun, microscope.xy.at(begun))
    for (t0, before), (t1, after) in itertools.pairwise([at, *microscope.xy.corners(begun, now)]):
        found += _segment(microscope, t0, before, t1, after)
    for spectrum in microscope.spectroscopy.spectra:
        if spectrum.began > begun:
            found += _spectrum(microscope, spectrum)
            moves = foreign.log.acted("FolMe.XYPosSet", since_t=begun)
            found += _elsewhere(spectrum, [m for m in moves if m.acted_t < spectrum.began])
    for entry in foreign.log.acted("FolMe.XYPosSet", "Scan.Action", since_t=begun):
        found += _command(microscope, entry)
    return found


def _segment(microscope: Any, t0: float, before: Any, t1: float, after: Any) -> list[str]:
    way_m = math.dist(before, after)
    if way_m <= TINY_M or t1 == t0:  # at once: a hand at the controller, no motion of ours
        return []
    found = []
    if max(map(abs, after)) > BOX_M + TINY_M:
        found.append("the tip out of the box")
    if way_m / (t1 - t0) > SPEED_M_PER_S * (1 + 1e-5):
        found.append("a speed")
    biases = [abs(microscope.bias.at(t)[0]) for t in (t0 + 1e-9, (t0 + t1) / 2)]
    return found + (["a bias on the way"] if max(biases) > 0.01 else [])


def _spectrum(microscope: Any, spectrum: Any) -> list[str]:
    volts = [spectrum.start_bias_v, *spectrum.limits_v]
    found = ["a spectrum's bias"] if max(map(abs, volts)) + microscope.ac_v > BIAS_V + 1e-6 else []
    if spectrum.ends - spectrum.began > SECONDS:
        found.append("a spectrum's time")
    return found + ([] if microscope.feedback else ["a spectrum without feedback"])


def _elsewhere(spectrum: Any, moves: Sequence[Any]) -> list[str]:
    """Measured where the tip was not sent."""
    if not moves:
        return ["a spectrum before any move"]
    off_m = math.dist(spectrum.at_m, moves[-1].acted_on[:2])
    return ["a spectrum elsewhere"] if off_m > LIMITS.readback_tolerance_m + TINY_M else []


def _command(microscope: Any, entry: Any) -> list[str]:
    at = microscope.xy.at(entry.acted_t)
    if entry.command == "FolMe.XYPosSet":
        return ["a step"] if math.dist(at, entry.acted_on[:2]) > STEP_M + TINY_M else []
    if entry.acted_on[0] != 0:
        return []
    frame = microscope.scanner.frame  # restored later: the raster itself is looked at as motion
    too_far = math.dist(at, (frame.x_m, frame.y_m)) > 2 * BOX_M * math.sqrt(2)
    return ["a frame"] if too_far else []


def _wait_until_ports_are_free(foreign: Any) -> None:
    """It serves one client a port, and closes a new one until it has seen the last one go."""
    end_s = time.monotonic() + 10.0
    while foreign.connections and time.monotonic() < end_s:
        time.sleep(0.01)


def _reset(foreign: Any) -> None:
    """As it was at the start, the tip at rest where it is, or in the middle if it is outside."""
    microscope, scale = foreign.microscope, foreign.clock.scale
    foreign.faults.clear()
    end_s = time.monotonic() + 30.0
    with microscope.lock:
        microscope.scanner.stop()
        microscope.spectroscopy.stop_pattern()
        microscope.spectroscopy.stop()
        microscope.stop_move()
    while microscope.spectroscopy.running(microscope.settle()) and time.monotonic() < end_s:
        time.sleep(0.05 / scale)
    with microscope.lock:
        t = microscope.settle()
        if max(map(abs, microscope.xy.at(t))) > BOX_M / 2:
            microscope.xy.jump(t, (0.0, 0.0))
        microscope.set_bias(0.0)
        microscope.ac_v, microscope.feedback, microscope.withdrawn = AC_V, True, False
        microscope.speed_m_s, microscope.scanner.forward_m_s = 1e-7, 0.5e-6
        microscope.spectroscopy.limits_v = (-1.0, 1.0)
        microscope.spectroscopy.integration_s = 0.005
        microscope.scanner.frame = type(microscope.scanner.frame)(0.0, 0.0, 1e-6, 1e-6, 0.0)


# Ways in which a controller does not do what it was told ---------------------------------------
def _bias_stays(foreign: Any, rng: random.Random) -> None:
    foreign.microscope.set_bias(rng.uniform(1, 5))
    foreign.faults.add(command="Bias.Set", ignore=True)


def _speed_stays(foreign: Any, rng: random.Random) -> None:
    foreign.microscope.speed_m_s = 100e-6
    foreign.faults.add(command="FolMe.SpeedSet", ignore=True)


def _limits_stay(foreign: Any, rng: random.Random) -> None:
    foreign.microscope.spectroscopy.limits_v = (-10.0, 10.0)
    foreign.faults.add(command="BiasSpectr.LimitsSet", ignore=True)


def _frame_coerced(foreign: Any, rng: random.Random) -> None:
    factor = rng.uniform(1.3, 4.0)
    foreign.faults.add(
        command="Scan.FrameSet", arguments=lambda a: [*a[:2], a[2] * factor, a[3] * factor, a[4]]
    )


def _scan_speed_stays(foreign: Any, rng: random.Random) -> None:
    foreign.microscope.scanner.forward_m_s = 50e-6
    foreign.faults.add(command="Scan.SpeedSet", ignore=True)


def _position_lost(foreign: Any, rng: random.Random) -> None:
    foreign.faults.add(
        command="FolMe.XYPosGet", skip=rng.randint(0, 8), result=lambda _: [math.nan, math.nan]
    )


def _feedback_off(foreign: Any, rng: random.Random) -> None:
    foreign.microscope.feedback = False


def _drive_too_large(foreign: Any, rng: random.Random) -> None:
    foreign.microscope.ac_v = 5.9


def _spectrum_too_long(foreign: Any, rng: random.Random) -> None:
    foreign.microscope.spectroscopy.integration_s = 0.2
    foreign.faults.add(command="BiasSpectr.TimingSet", ignore=True)


def _tip_moved_by_hand(foreign: Any, rng: random.Random) -> None:
    def to_the_middle(microscope: Any) -> None:
        microscope.xy.jump(microscope.settle(), (0.3e-6, 0.2e-6))

    foreign.faults.add(command="BiasSpectr.LimitsSet", before=to_the_middle)


_FAULTS: dict[str, Callable[[Any, random.Random], None]] = {
    "bias stays": _bias_stays,
    "speed stays": _speed_stays,
    "limits stay": _limits_stay,
    "frame coerced": _frame_coerced,
    "scan speed stays": _scan_speed_stays,
    "position lost": _position_lost,
    "feedback off": _feedback_off,
    "drive too large": _drive_too_large,
    "spectrum too long": _spectrum_too_long,
    "tip moved by hand": _tip_moved_by_hand,
}

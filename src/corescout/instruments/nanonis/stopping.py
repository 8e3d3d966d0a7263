"""A stop of a Nanonis controller: sent over every way that there is, and confirmed by reading.

All commands go to the stop's own connection before any answer is read; what has no answer after
0.15 s goes to all other connections, and to new ones, in parallel. A controller may serve one
client per port and drop a request that comes while it has another one unread: so what has no answer
is sent again, alone, where something was answered. All commands are idempotent. Over its own
connection they go in their order; over the others, where perhaps one alone is taken, the command
that ends the motion begun last goes first.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from corescout.instruments.nanonis.client import Answer, Connection
from corescout.instruments.nanonis.stop_lanes import BIAS, POSITION, Look, StopLane
from corescout.instruments.protocol import InstrumentError, StopReport, Told

PATTERN, MOVE, SCAN, SPECTRUM, ZERO = (
    "Pattern.ExpStop", "FolMe.Stop", "Scan.Action", "BiasSpectr.Stop", "Bias.Set"
)  # fmt: skip
_ARGUMENTS: dict[str, tuple[Any, ...]] = {SCAN: (1, 0), ZERO: (0.0,), "FolMe.XYPosGet": (1,)}
# what says that something runs -> what ends it
_RUNNING = {
    "Pattern.ExpStatusGet": PATTERN, "BiasSpectr.StatusGet": SPECTRUM, "Scan.StatusGet": SCAN
}  # fmt: skip
# what begins a motion -> what ends it
_ENDS = {
    "Pattern.ExpStart": PATTERN, "FolMe.XYPosSet": MOVE, "Scan.Action": SCAN,
    "BiasSpectr.Start": SPECTRUM,
}  # fmt: skip
SILENT_S = 0.15  # without an answer for so long, a command goes over the other connections too
_AGAIN_S = 0.04  # after an answer, before what is still without one is sent again
_LOST_S = 0.3  # a question without an answer for so long is asked again
_READ_FROM_S = 0.2  # the tip is looked at from here on, whatever was answered
NOBODY_S, UNCONFIRMED_S = 0.38, 2.0  # then it is said that it is not confirmed
_LONGEST_S = 120.0  # for which it is tried to confirm and a command on its way is watched for
GUARD_S = 1.0  # a tip that rests is watched for so long
REST_S, REST_M, ZERO_V = 0.15, 2e-9, 10e-3  # what counts as rest and as zero
_TURN_S = 0.02
_OPEN_AGAIN_S = 1.0  # after which new connections are tried again, where all are lost
_LOOKS = 8  # that are compared with each other


class Stopping:
    """One stop, from its first byte until the tip is known to rest.

    Parameters
    ----------
    own : Connection or None
        That nothing else uses.
    others : sequence of Connection
        Used when the own one is silent, in this order.
    openers : sequence of callable
        Each opens one more connection, or raises InstrumentError.
    on_their_way : sequence of Answer
        Motions that were sent before and not answered: they may still begin.
    began_last : str or None
        The command by which the last motion was begun.
    zero_bias : bool
    rest_m : float
        Two positions within it are the same place: 3 x the noise of the read-back, at least 2 nm.
    rest_s : float
        For so long it must stay there.
    told : callable or None
        Takes each new report.
    """

    def __init__(
        self,
        own: Connection | None,
        others: Sequence[Connection],
        openers: Sequence[Callable[[], Connection]],
        *,
        on_their_way: Sequence[Answer] = (),
        began_last: str | None = None,
        zero_bias: bool,
        rest_m: float = REST_M,
        rest_s: float = REST_S,
        told: Told | None = None,
    ) -> None:
        self._others, self._openers, self._told = tuple(others), tuple(openers), told
        self._on_their_way, self._zero_bias = list(on_their_way), zero_bias
        self._rest_m, self._rest_s = max(rest_m, REST_M), max(rest_s, REST_S)
        self._order = [PATTERN, MOVE, SCAN, SPECTRUM, *([ZERO] if zero_bias else [])]
        self._urgent = _ENDS.get(began_last or "", PATTERN)
        self._changed = threading.Condition()
        self._lanes: list[StopLane] = []
        self._opened: list[Connection] = []
        self._any_answer = self._given_up = False
        self._began_s = time.monotonic()
        self._missing = dict.fromkeys(self._order, self._began_s)  # command -> missing since
        self._opened_s = self._began_s  # when new connections were tried last
        self._refused = set[str]()
        self._rest: list[Look] = []  # looks in a row at which all was well
        self._look = Look()
        self._look_from_s = self._began_s
        self._why = "nothing is known yet"
        self.report = StopReport("sent", reached=False)
        self._known = threading.Event()  # confirmed, or it was said that it is not
        if own is not None and own.alive:
            self._lanes.append(StopLane(own))
            self._send(self._lanes[0], self._order)
        self._thread = threading.Thread(target=self._run, name="nanonis-stop", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> StopReport:
        """Wait until it is confirmed or known not to be; return what is known."""
        self._known.wait(seconds)
        return self.report

    def give_way(self) -> None:
        """Another stop takes over; nothing more is told of this one."""
        with self._changed:
            self._given_up, self._told = True, None
            self._changed.notify_all()

    def end(self, seconds: float = 0.0) -> None:
        """End it; it gets so long to be confirmed."""
        self._known.wait(seconds)
        with self._changed:
            self._given_up = True
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join(5.0)

    # -- sending --------------------------------------------------------------------------

    def _send(self, lane: StopLane, names: Sequence[str]) -> None:
        """Send commands in one piece; a lane that is lost is met by the others."""
        commands = [(name, _ARGUMENTS.get(name, ())) for name in names]
        with contextlib.suppress(InstrumentError):
            lane.connection.send_all(commands, told=partial(self._answered, lane))
            lane.sent_s = time.monotonic()

    def _answered(self, lane: StopLane, answer: Answer) -> None:
        with self._changed:
            if answer.arrived:
                self._any_answer = True
                lane.came_s = answer.came_s
                self._missing.pop(answer.name, None)
                try:
                    answer.results()
                except InstrumentError:
                    self._refused.add(answer.name)
                if answer.name == PATTERN and len(self._lanes) > 1:
                    self._miss(MOVE)  # over several ways the pattern may have ended later
            self._changed.notify_all()

    def _miss(self, command: str) -> None:
        self._missing.setdefault(command, time.monotonic())

    def _use_all(self) -> None:
        """Send what has no answer over the other connections, and over new ones."""
        for number, connection in enumerate(self._others, start=1):
            if connection.alive:
                self._use(connection, number)
        self._open_new()

    def _open_new(self) -> None:
        """Try to open new connections; what has no answer goes over those that open."""
        self._opened_s = time.monotonic()
        for number, opener in enumerate(self._openers, start=len(self._others) + 1):
            threading.Thread(
                target=self._open, args=(opener, number), name="nanonis-stop-open", daemon=True
            ).start()

    def _open(self, opener: Callable[[], Connection], number: int) -> None:
        try:
            connection = opener()
        except InstrumentError:
            return
        with self._changed:
            late = self._given_up
            if not late:
                self._opened.append(connection)
        if late:
            connection.close()
        else:
            self._use(connection, number)

    def _use(self, connection: Connection, number: int) -> None:
        lane = StopLane(connection)
        with self._changed:
            self._lanes.append(lane)
            missing = self._by_urgency()
        if missing:  # two begin with the urgent one: one of them may be busy; each other differs
            at = max(0, number - 2) % len(missing)
            self._send(lane, [missing[at], *missing[:at], *missing[at + 1 :]])

    def _by_urgency(self) -> list[str]:
        """What has no answer, the command that ends the last motion first."""
        missing = [name for name in self._order if name in self._missing]
        return sorted(missing, key=lambda name: name != self._urgent)

    def _send_again(self) -> None:
        """Send what has no answer, one at a time, where something was answered."""
        now = time.monotonic()
        with self._changed:
            missing = self._by_urgency()
            answering = [
                lane for lane in self._lanes
                if lane.answered_s > -math.inf
                and now - max(lane.sent_s, lane.answered_s) > _AGAIN_S
            ]  # fmt: skip
        for lane, name in zip(answering, itertools.cycle(missing), strict=False):
            self._send(lane, [name])

    # -- reading --------------------------------------------------------------------------

    def _run(self) -> None:
        escalated = False
        try:
            while not self._over():
                with self._changed:
                    self._changed.wait(_TURN_S)
                    since = min(self._missing.values(), default=math.inf)
                    silent = time.monotonic() - since > SILENT_S
                    lost = not any(lane.connection.alive for lane in self._lanes)
                    settled = not self._missing or self._seconds() > _READ_FROM_S
                if not escalated and (silent or lost or (settled and self._any_lost())):
                    escalated = True
                    self._use_all()
                elif lost and time.monotonic() - self._opened_s > _OPEN_AGAIN_S:
                    self._open_new()  # the network may have come back
                if escalated or self._rest or settled:
                    self._send_again()
                if settled:
                    self._read()
                self._judge()
        finally:
            with self._changed:
                self._given_up = True
                opened = list(self._opened)
                self._changed.notify_all()
            for connection in opened:
                connection.close()
            if self.report.state == "sent":
                self._tell("not confirmed", f"it was ended early: {self._why}")
            self._known.set()

    def _any_lost(self) -> bool:
        """Whether a question over the own connection has no answer."""
        return any(
            lane.asked is not None and not lane.asked.over
            and time.monotonic() - lane.asked.sent_s > SILENT_S
            for lane in self._lanes
        )  # fmt: skip

    def _seconds(self) -> float:
        return time.monotonic() - self._began_s

    def _over(self) -> bool:
        with self._changed:
            if self._given_up or self._seconds() > _LONGEST_S:
                return True
        guarded = self.report.confirmed and self._seconds() - self.report.seconds > GUARD_S
        return guarded and all(answer.over for answer in self._on_their_way)

    def _read(self) -> None:
        """Ask what is not known yet in this look, over every lane that is free."""
        if time.monotonic() < self._look_from_s:
            return
        look = self._look
        for answer in look.asked:
            name = answer.name
            if answer.arrived and name not in look.values:
                self._any_answer = True
                look.answers[name] = answer
                try:
                    look.values[name] = answer.results()
                except InstrumentError:
                    look.values[name] = None
        wanted = [n for n in (*_RUNNING, BIAS, POSITION) if n not in look.values]
        if not wanted:
            self._seen(look)
            self._look = Look()
            self._look_from_s = time.monotonic() + self._rest_s / 2 + 0.005
            return
        now = time.monotonic()
        open_now = {a.name for a in look.asked if not a.over and now - a.sent_s < SILENT_S}
        ask = [n for n in wanted if n not in open_now]
        for lane, name in zip(self._free_lanes(), ask, strict=False):
            try:
                lane.asked = lane.connection.send(
                    name, *_ARGUMENTS.get(name, ()), told=partial(self._heard, lane)
                )
            except InstrumentError:
                continue
            look.asked.append(lane.asked)

    def _free_lanes(self) -> list[StopLane]:
        """Lanes that can be asked, the one that answered last first; silent ones where all are."""
        now = time.monotonic()
        with self._changed:
            lanes = [lane for lane in self._lanes if lane.connection.alive]
        lanes.sort(key=lambda lane: -lane.came_s)
        hopeful = [lane for lane in lanes if lane.over or now - lane.asked_s < _LOST_S]
        if not hopeful:
            return lanes
        return [lane for lane in hopeful if lane.over]

    def _heard(self, lane: StopLane, answer: Answer) -> None:
        with self._changed:
            if answer.arrived:
                lane.came_s = answer.came_s
            self._changed.notify_all()

    def _seen(self, look: Look) -> None:
        """Judge one look: what still runs is stopped again."""
        wrong = []
        for name, command in _RUNNING.items():
            said = look.values[name]
            absent = said is None and command in self._refused  # no such module: nothing runs
            if not absent and said != [0]:
                wrong.append((command, f"{name} says {'nothing' if said is None else said[0]}"))
        if self._zero_bias and not abs(look.bias_v) <= ZERO_V:
            wrong.append((ZERO, f"the bias reads {look.bias_v:g} V"))
        if not all(map(math.isfinite, look.xy_m)):
            wrong.append((MOVE, "the position cannot be read"))
        elif self._rest and self._way_m(look) > self._rest_m:
            wrong.append((MOVE, f"the tip has moved by {self._way_m(look) * 1e9:.1f} nm"))
        if wrong:
            self._rest = []
            self._why = wrong[0][1]
            with self._changed:
                for command, _ in wrong:
                    self._miss(command)
            if self.report.confirmed:
                self._tell("not confirmed", self._why)
        else:
            self._rest = [*self._rest[1 - _LOOKS :], look]

    def _way_m(self, look: Look) -> float:
        return max(math.dist(look.xy_m, before.xy_m) for before in self._rest)

    def _judge(self) -> None:
        """Say what is known, when that changes."""
        state, seconds = self.report.state, self._seconds()
        if state != "confirmed" and self._rests():
            self._tell("confirmed", self._what_was_seen())
        elif state == "sent" and seconds > NOBODY_S and not self._any_answer:
            self._tell("not confirmed", "no connection answers")
        elif state == "sent" and seconds > UNCONFIRMED_S:
            self._tell("not confirmed", self._why)
        elif self._any_answer and not self.report.reached and state == "sent":
            self.report = StopReport("sent", seconds)

    def _rests(self) -> bool:
        if len(self._rest) < 3:
            return False
        first = self._rest[0].answers[POSITION].came_s
        return self._rest[-1].answers[POSITION].sent_s - first >= self._rest_s

    def _what_was_seen(self) -> str:
        bias_v = self._rest[-1].bias_v
        said = f"the tip rests, nothing runs, bias {0.0 if abs(bias_v) < 5e-4 else bias_v:.3g} V"
        waiting = [a.name for a in self._on_their_way if not a.over]
        if waiting:
            said += f"; {waiting[0]} was sent before and is not answered: it is watched for"
        return said

    def _tell(self, state: Any, detail: str) -> None:
        self.report = StopReport(state, self._seconds(), detail, reached=self._any_answer)
        self._known.set()
        if self._told is not None:
            self._told(self.report)

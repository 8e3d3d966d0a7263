"""Faults by script: what is to go wrong with which command, at which port, how often."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .microscope import Microscope


@dataclass
class Fault:
    """One thing that goes wrong. Commands are matched as file names are (``Bias.*``).

    A command that matches is first waited for (`delay_before_s`), then `before` is called with
    the microscope, then it acts on `arguments(...)` unless it is ignored, swallowed or refused,
    then `result` changes what it answers, `after` is called, and the answer comes after
    `delay_s`, not at all, or with the connection closed instead.
    """

    command: str = "*"
    port: int | None = None  # index of the port, 0 to 3
    skip: int = 0  # matches that go right before this
    times: int | None = None  # matches that go wrong; None: all
    while_scanning: bool = False
    matching: Callable[[list], bool] | None = None

    delay_before_s: float = 0.0
    delay_s: float = 0.0
    before: Callable[[Microscope], None] | None = None
    after: Callable[[Microscope], None] | None = None
    arguments: Callable[[list], list] | None = None
    result: Callable[[list], list] | None = None
    error: str | None = None  # refused with this text
    ignore: bool = False  # answered as done, not done
    swallow: bool = False  # not done, never answered
    lose_answer: bool = False  # done, never answered
    close: bool = False  # done, then the connection is closed without an answer
    garble: Callable[[bytes], bytes] | None = None  # changes the bytes of the answer

    seen: int = field(default=0, init=False)

    def takes(self, command: str, port: int, arguments: list, scanning: bool) -> bool:
        """Whether it applies now; counts what it has seen."""
        if not fnmatchcase(command, self.command) or self.port not in (None, port):
            return False
        if (self.while_scanning and not scanning) or (
            self.matching and not self.matching(arguments)
        ):
            return False
        self.seen += 1
        return self.seen > self.skip and (self.times is None or self.seen <= self.skip + self.times)


class FaultScript:
    """The faults of one controller; more may be added and all taken back while it runs."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, **fault: Any) -> Fault:
        """Let something go wrong from now on: ``add(command="Bias.Set", ignore=True)``."""
        new = Fault(**fault)
        with self._lock:
            self._faults.append(new)
        return new

    def remove(self, fault: Fault) -> None:
        with self._lock:
            self._faults = [other for other in self._faults if other is not fault]

    def clear(self) -> None:
        with self._lock:
            self._faults = []

    def of(self, command: str, port: int, arguments: list, scanning: bool) -> list[Fault]:
        """The faults of a request, in the order in which they were added."""
        with self._lock:
            return [
                fault for fault in self._faults if fault.takes(command, port, arguments, scanning)
            ]


@dataclass
class PortFault:
    """What a whole port is like: `alive`, or dead in one of the ways in which connections die."""

    kind: str = "alive"
    """``alive``; ``deaf``: nothing is read, done or answered; ``lost``: done, never answered;
    ``late``: done, answered late; ``late_acts``: done and answered late; ``closed``: refuses."""
    late_s: float = 10.0

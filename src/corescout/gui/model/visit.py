"""A plan from the targets of the window, and how far its run is. No Qt."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from corescout.data import Result, Target
from corescout.data.counted import counted
from corescout.data.target import Action
from corescout.instruments import VisitPlan
from corescout.instruments.events import (
    Arrived,
    Done,
    Drifted,
    Event,
    HandedOver,
    Held,
    Measured,
    Sent,
    Wrote,
)
from corescout.instruments.first_look import FirstLook
from corescout.instruments.messages import Message
from corescout.instruments.visits import visits

# Of a message that was carried out; the bias and the speed between them are not worth a word.
_SAID = {
    "move": "arrived", "spectrum": "spectrum taken", "zoom": "frame scanned", "mark": "marked",
}  # fmt: skip


@dataclass(frozen=True)
class VisitSettings:
    """What is done at the targets, the drift that the plan tolerates, and what is looked at."""

    action: Action
    settings: dict[str, float]
    tolerance_m: float
    check_every: int
    look_at_written: bool = False

    def plan(
        self, result: Result, targets: Sequence[Target], *, look: FirstLook | None = None
    ) -> VisitPlan:
        """Return the plan of targets in the order that the canvas shows, from the scan's centre.

        Parameters
        ----------
        look : FirstLook, optional
            Whether the sample is compared with the scan before the first target.

        Raises
        ------
        InputError
            If there is none, or the scan has no scale.
        """
        return visits(
            result, targets, self.action, self.settings,
            check_every=self.check_every, look=look, tolerance_m=self.tolerance_m,
            look_at_written=self.look_at_written,
        )  # fmt: skip


@dataclass
class VisitProgress:
    """Which targets of a run are done.

    Attributes
    ----------
    state_of : dict of str to str
        Of each target by its uid: planned, current, measured or skipped.
    text : str
        What happened last.
    ended : str
        "done" or "held" at the end, else "".
    current_uid : str
        Of the target that the tip was last sent to.
    drift : str
        What the last look at the sample said.
    """

    targets: tuple[Target, ...] = ()
    state_of: dict[str, str] = field(default_factory=dict)
    text: str = ""
    ended: str = ""
    current_uid: str = ""
    drift: str = ""

    def begin(self, targets: Sequence[Target]) -> None:
        """A run begins: all are planned."""
        self.targets, self.text, self.ended = tuple(targets), "", ""
        self.current_uid = self.drift = ""
        self.state_of |= {t.uid: "planned" for t in targets}

    @property
    def current(self) -> int:
        """Number of the target that the tip was last sent to; 0 before the first."""
        return next((t.number for t in self.targets if t.uid == self.current_uid), 0)

    @property
    def done(self) -> int:
        """Targets that are measured."""
        return sum(self.state_of.get(t.uid) == "measured" for t in self.targets)

    def take(self, events: Iterable[Event]) -> None:
        """Note what happened."""
        for event in events:
            self._take(event)

    def _take(self, event: Event) -> None:
        match event:
            case Sent(message=message):
                self._sent(message)
            case Measured(target_uid=uid):
                if uid:
                    self.state_of[uid] = "measured"
            case Drifted(drift_m=drift_m):
                self.text = self.drift = f"drift {math.hypot(*drift_m) * 1e9:.1f} nm"
            case Wrote(area=area):
                if area.radius_m:
                    self.text = f"written: radius {area.radius_m * 1e9:.0f} nm"
            case HandedOver():
                self.text = "handed over to the instrument"
            case Held() | Done():
                self._end(event)
            case Arrived():
                pass
            case _:
                assert_never(event)

    def _sent(self, message: Message) -> None:
        uid = message.target_uid
        number = next((t.number for t in self.targets if t.uid == uid), 0)
        if uid and number:
            if message.kind in _SAID:
                self.text = f"target {number}: {_SAID[message.kind]}"
            self.current_uid = uid
            if self.state_of.get(uid) == "planned":
                self.state_of[uid] = "current"
            if message.kind == "mark":
                self.state_of[uid] = "measured"

    def _end(self, event: Held | Done) -> None:
        if isinstance(event, Done):
            self.current_uid = ""
        self.ended = event.what
        for target in self.targets:
            if self.state_of.get(target.uid) in ("planned", "current"):
                self.state_of[target.uid] = "skipped"
        count = f"{self.done} of {counted(len(self.targets), 'target')} measured"
        self.text = count if isinstance(event, Done) else f"held: {count}"

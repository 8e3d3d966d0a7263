"""The six steps, the state of each, and what a change puts out of date. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from psygnal import Signal

from corescout.data import Result


class StepState(StrEnum):
    """State of a step; the value is what the operator reads."""

    TO_DO = "to do"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    OUT_OF_DATE = "out of date"
    PROBLEM = "problem"


@dataclass(frozen=True)
class StepInfo:
    """Number and name of a step, and the steps that it is computed from."""

    number: int
    title: str
    needs: tuple[str, ...]


STEPS: dict[str, StepInfo] = {
    "scan": StepInfo(1, "Scan", ()),
    "key_points": StepInfo(2, "Key points", ("scan",)),
    "explore": StepInfo(3, "Explore", ("key_points",)),
    "types": StepInfo(4, "Types", ("explore",)),
    "targets": StepInfo(5, "Targets", ("types",)),
    "instrument": StepInfo(6, "Instrument", ("targets",)),
}


class Workflow:
    """States of the steps; `changed` tells the name of a step whose state or text is another.

    A step sets its state (`set`), and tells when others must be computed again (`touch`).
    `compare` does the same from settings, and takes it back where an undo restores them.
    """

    changed = Signal(str)

    def __init__(self) -> None:
        self._states = dict.fromkeys(STEPS, StepState.TO_DO)
        self._texts = dict.fromkeys(STEPS, "")
        self._compared: set[str] = set()

    def state(self, step: str) -> StepState:
        """Return the state of a step."""
        return self._states[step]

    def text(self, step: str) -> str:
        """Return the line shown beside the name of a step."""
        return self._texts[step]

    def set(self, step: str, state: StepState, text: str | None = None) -> None:
        """Set the state of a step; its text is kept if none is given."""
        wanted = self._texts[step] if text is None else text
        if (self._states[step], self._texts[step]) != (state, wanted):
            self._states[step], self._texts[step] = state, wanted
            self.changed.emit(step)

    def touch(self, step: str) -> None:
        """Put every done step that is computed from this one out of date."""
        for name in after(step):
            if self._states[name] is StepState.DONE:
                self.set(name, StepState.OUT_OF_DATE)

    def compare(self, then: Mapping[str, object], now: Mapping[str, object]) -> None:
        """Put out of date what was computed with other settings, and take back what is as before.

        Parameters
        ----------
        then, now : mapping of step to its settings
            When the results were computed, and as they stand. A scan and key points are shown as
            they are set, so only what follows them is out of date.
        """
        stale: set[str] = set()
        for name in STEPS:
            if name in then and then[name] != now.get(name):
                stale.update(after(name))
                if name not in ("scan", "key_points"):
                    stale.add(name)
        for name in STEPS:
            if name in stale and self._states[name] is StepState.DONE:
                self._compared.add(name)
                self.set(name, StepState.OUT_OF_DATE)
            elif name not in stale and name in self._compared:
                self._compared.discard(name)
                if self._states[name] is StepState.OUT_OF_DATE:
                    self.set(name, StepState.DONE)

    def finish(self, result: Result) -> None:
        """Show what a search or a reading has found beside steps 3 to 5."""
        pitch_m, winner = result.analysis_pitch_m, result.winner
        pixels = f" ({winner.window_px} px)" if pitch_m else ""
        self.set("explore", StepState.DONE, winner.in_nm(pitch_m) + pixels)
        self.set("types", StepState.DONE, result.types_in_words)
        self.set("targets", StepState.DONE, f"{len(result.targets)}")

    def forget(self, steps: Iterable[str]) -> None:
        """Put steps back to the beginning."""
        for step in steps:
            self.set(step, StepState.TO_DO, "")


def after(step: str) -> tuple[str, ...]:
    """Return the steps that are computed from a step, directly or not, in their order."""
    found = {step}
    for name, info in STEPS.items():
        if found & set(info.needs):
            found.add(name)
    return tuple(name for name in STEPS if name in found and name != step)

"""How far each target is, and what was measured there: tied to it, on the disk, and shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from corescout.data import Measurement, Result, Scan, Target
from corescout.instruments import Limits
from corescout.instruments.entries import Steered
from corescout.instruments.events import Wrote
from corescout.live.day.day import Day
from corescout.live.loop.suggestion import MeasuredPlaces, VisitSuggestion, suggest
from corescout.live.reading.next_scan import Understood
from corescout.live.settings import LiveSettings
from corescout.live.states import TargetStage, TargetState
from corescout.steering import EarlierPoint, earlier_points


class TargetStates:
    """Targets of the current suggestion or plan, and the measurements of the whole session.

    Parameters
    ----------
    day : Day
    show : callable
        Takes changes of the snapshot.

    Attributes
    ----------
    measured : MeasuredPlaces
        Places of the session.
    goal : str
        That the goals are met and nothing more is proposed; "" while they are not.
    """

    def __init__(self, day: Day, show: Callable[..., None]) -> None:
        self._day, self._show = day, show
        self._states: dict[str, TargetState] = {}
        self._measurements: dict[str, Measurement | Scan] = {}
        self._types: dict[str, int] = {}
        self.measured = MeasuredPlaces()
        self._before: dict[str, EarlierPoint] = {}  # what targets were like, by uid
        self.goal = ""

    def __len__(self) -> int:
        return len(self._states)

    @property
    def targets(self) -> Mapping[str, Target]:
        """By uid."""
        return {uid: state.target for uid, state in self._states.items()}

    def has_measurement(self, uid: str) -> bool:
        """Whether something came of a target."""
        return uid in self._measurements

    def suggest(
        self, understood: Understood, result: Result, settings: LiveSettings, limits: Limits | None
    ) -> VisitSuggestion:
        """Suggest targets of a scan; how the goals stand goes into the journal."""
        found = suggest(understood, result, self.measured, settings, limits)
        if found.lines:
            self._day.write(Steered(lines=found.lines, met=found.met))
        self.goal = found.lines[-1] if found.met else ""
        if settings.steering is not None:
            self._before |= earlier_points(result, found.targets)
        return found

    def begin(self, targets: Iterable[Target], stage: TargetStage) -> None:
        """Take other targets."""
        self._states = {t.uid: TargetState(t, stage) for t in targets}
        self._tell()

    def mark(self, stage: TargetStage, reason: str = "", uid: str | None = None) -> None:
        """Note how far one target is, or all."""
        chosen: Iterator[str] = iter([uid] if uid is not None else list(self._states))
        for one in chosen:
            if one in self._states:
                self._states[one] = replace(self._states[one], stage=stage, reason=reason)
        self._tell()

    def fail(self, reason: str) -> None:
        """Note that what is not measured will not be."""
        left = {u: s for u, s in self._states.items() if s.stage != "measured"}
        self._states |= {u: replace(s, stage="failed", reason=reason) for u, s in left.items()}
        self._tell()

    def keep(self, target: Target, came: Measurement | Scan) -> None:
        """Tie what came to its target."""
        self._measurements = {**self._measurements, target.uid: came}
        self._types = {**self._types, target.uid: target.type}
        self.mark("measured", uid=target.uid)
        if isinstance(came, Measurement):
            place = came.xy_m or target.xy_m
            if place is not None:
                self.measured.add(place, came, self._before.get(target.uid))
            self._day.add_measurement(target, came)
        self._show(measurements=self._measurements, type_of_target=self._types)

    def wrote(self, event: Wrote) -> None:
        """Note what a spectrum wrote, where that was seen."""
        if event.area.radius_m:
            self.measured.written_m.append(event.area.radius_m)

    def _tell(self) -> None:
        self._show(targets=tuple(self._states.values()))

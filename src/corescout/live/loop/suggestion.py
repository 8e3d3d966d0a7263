"""From a scan that was understood to a plan: targets, their order, and whether it still holds."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from corescout.data import Measurement, Result, Target
from corescout.instruments import Instrument, Limits, VisitPlan
from corescout.instruments.first_look import FirstLook
from corescout.instruments.visits import CHECK_EVERY, can_check_drift, visits
from corescout.instruments.written import usual_radius_m
from corescout.live.loop.steered import steered
from corescout.live.reading.advice import zoom_targets
from corescout.live.reading.drift import Drift, shifted
from corescout.live.reading.next_scan import Understood
from corescout.live.settings import LiveSettings
from corescout.plan import Plan
from corescout.steering import WRITTEN_RADII, EarlierPoint
from corescout.targets import targets_of


@dataclass
class MeasuredPlaces:
    """Places that were measured in this session.

    Attributes
    ----------
    xy_m : list of (x, y)
        Where they are on the sample: they follow the drift.
    sent_m : list of (x, y)
        Where the tip was sent: the session does not send it there twice.
    loops : list of (EarlierPoint or None, Measurement)
        What each was like before, where it was a key point, and what came of it.
    written_m : list of float
        Radii of what was seen to be written; where nothing was, there is none.
    """

    xy_m: list[tuple[float, float]] = field(default_factory=list)
    sent_m: list[tuple[float, float]] = field(default_factory=list)
    loops: list[tuple[EarlierPoint | None, Measurement]] = field(default_factory=list)
    written_m: list[float] = field(default_factory=list)

    def add(
        self, xy_m: tuple[float, float], loop: Measurement, before: EarlierPoint | None = None
    ) -> None:
        """Note one."""
        self.loops.append((before, loop))
        self.xy_m.append(xy_m)
        self.sent_m.append(xy_m)

    @property
    def of_key_points(self) -> list[tuple[EarlierPoint, Measurement]]:
        """Loops at key points, and what these were like before, where they are now."""
        there = zip(self.xy_m, self.loops, strict=True)
        return [(point.at(place), loop) for place, (point, loop) in there if point is not None]

    @property
    def written_radius_m(self) -> float | None:
        """Radius that nine of ten domains do not exceed; None where none was seen."""
        return usual_radius_m(self.written_m)

    def follow(self, drift_m: tuple[float, float]) -> None:
        """Move with the sample."""
        self.xy_m = [(x + drift_m[0], y + drift_m[1]) for x, y in self.xy_m]


@dataclass(frozen=True, eq=False)
class VisitSuggestion:
    """Targets of one scan, and by how much the sample has moved since.

    Attributes
    ----------
    lines : tuple of str
        How the goals stand, where the targets were chosen by what was measured.
    met : bool
        The goals are met: there are no targets.
    """

    result: Result
    targets: tuple[Target, ...]
    moved_m: tuple[float, float] = (0.0, 0.0)
    lines: tuple[str, ...] = ()
    met: bool = False

    def follow(self, drift_m: tuple[float, float]) -> VisitSuggestion:
        """Move with the sample."""
        (x, y), (dx, dy) = self.moved_m, drift_m
        return replace(self, moved_m=(x + dx, y + dy))

    @property
    def moved_targets(self) -> tuple[Target, ...]:
        """Where they are now."""
        return shifted(self.targets, self.moved_m)

    def plan(self, instrument: Instrument, settings: LiveSettings, look: FirstLook) -> VisitPlan:
        """Make a plan of it, where the sample is now.

        Parameters
        ----------
        look : FirstLook
            Whether it begins with a frame that is compared with the scan.

        Raises
        ------
        InputError
            If there is no target or the scan has no scale.
        InstrumentError
            If the instrument does not say where the tip is.
        """
        looks = settings.drift_check and can_check_drift(instrument)
        plan = visits(
            self.result, self.targets, settings.action, settings.action_settings,
            start_m=instrument.status().at_m, check_every=CHECK_EVERY if looks else 0, look=look,
            look_at_written=settings.look_at_written and can_check_drift(instrument),
        )  # fmt: skip
        return with_drift(plan, Drift("", "", self.moved_m, None)) if any(self.moved_m) else plan


def suggest(
    understood: Understood,
    result: Result,
    measured: MeasuredPlaces,
    settings: LiveSettings,
    limits: Limits | None = None,
) -> VisitSuggestion:
    """Suggest core points away from what was measured before, or frames for zooms.

    With `settings.steering` and loops at key points of the scan: what tells most of the property.
    Once the written radius is known, targets keep 1.5 times that from places and from each other.
    """
    if settings.action == "zoom" and result.scan.frame is not None:
        return VisitSuggestion(result, zoom_targets(result, understood.advice))
    radius_m = measured.written_radius_m
    loops = measured.of_key_points
    if (found := steered(result, loops, settings, limits, radius_m)) is not None:
        return VisitSuggestion(result, found.targets, lines=found.lines, met=found.met)
    plan = Plan.model_validate(result.plan)
    places = [*measured.xy_m, *measured.sent_m]
    apart = plan.targets
    if radius_m is not None:
        keep_m = WRITTEN_RADII * radius_m
        apart = apart.model_copy(update={"avoid_m": keep_m, "spacing_m": keep_m})
    return VisitSuggestion(result, targets_of(result, apart, places))


def with_drift(plan: VisitPlan, drift: Drift) -> VisitPlan:
    """Return the plan where the sample is now: another plan, to be previewed and approved anew."""
    (dx, dy), (x, y) = drift.drift_m, plan.frame.center_m
    check = plan.drift_check
    if check is not None:
        (cx, cy), (fx, fy) = check.center_m, check.first_center_m
        check = replace(check, center_m=(cx + dx, cy + dy), first_center_m=(fx + dx, fy + dy))
    return replace(
        plan,
        frame=replace(plan.frame, center_m=(x + dx, y + dy)),
        targets=shifted(plan.targets, drift.drift_m),
        drift_check=check,
    )


def doubt(plan: VisitPlan, drift: Drift | None) -> str | None:
    """Say why a plan does not hold any more after a newer scan; None if it does."""
    if drift is None:
        return "a newer scan shows another place"
    if drift.refused is not None:
        return f"drift could not be measured: {drift.refused}"
    if math.hypot(*drift.drift_m) > plan.tolerance_m:
        return (
            f"the sample drifted by {drift.length_m * 1e9:.0f} nm, the plan tolerates"
            f" {plan.tolerance_m * 1e9:.0f} nm"
        )
    return None

"""The types of a result, looked for in further images: what each of these excludes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import (
    CheckKind,
    EvidenceCheck,
    InputError,
    Keypoints,
    Result,
    Scan,
    TypedPoints,
)
from corescout.data.check import Way
from corescout.data.short_repr import short_repr
from corescout.further_scans.channels import placed_by_channel, retraced
from corescout.further_scans.placed import Placed, cross_agreement, near_px
from corescout.further_scans.relation import beyond, reads_turned, voters, way_of
from corescout.plan import DecisionPlan, Plan
from corescout.registration import register
from corescout.rewards.context import correlation_length_px
from corescout.same_place import read_as_it_is
from corescout.search.grade import DRIFT_SHARE, steady_shares
from corescout.transfer import transfer

_LEAST_POINTS = 50  # in the place that both show
_LEAST_BEYOND = 0.2  # of the first frame: a smaller area tells nothing of another place


def ways_of(first: Scan, further: Scan) -> set[Way]:
    """What a further scan can be asked as: a wider one shows the place and an area beyond it."""
    ways: set[Way] = {way_of(first, further)}
    return ways | {"area"} if beyond(first, further) >= _LEAST_BEYOND else ways


@dataclass(frozen=True, eq=False)
class FurtherScan:
    """A scan that an operator has beside the first: a repeat, a wider scan, a neighbour.

    Attributes
    ----------
    scan : Scan
    way : str or None
        "repeat", "reversed" (the slow axis), "turned" or "area" as a person says; None: as files.
    """

    scan: Scan
    way: Way | None = None

    __repr__ = short_repr

    @property
    def source(self) -> str:
        """File that it was read from, or its own name."""
        return self.scan.source or self.scan.uid


def checks_of(
    result: Result, further: Sequence[FurtherScan], plan: Plan
) -> tuple[EvidenceCheck, ...]:
    """Look for the types of a result in every further image that there is.

    The other way of the same lines is looked at by itself where the file has it; channels are those
    of `decision.second_channels`. Nothing is trained but a linear map, and types are not smoothed.

    Parameters
    ----------
    result : Result
        With two types or more; of fewer nothing is asked.
    """
    if result.n_types < 2 or plan.decision.null_surrogates == 0:
        return ()
    asking = _Asking(result, plan.decision)
    return (*asking.of_same_lines(), *(c for f in further for c in asking.of_scan(f)))


class _Asking:
    """The types of a result and where they lie, to be held against further images."""

    def __init__(self, result: Result, plan: DecisionPlan) -> None:
        self._result, self._plan = result, plan
        self._keypoints = Keypoints(
            np.asarray(result.patches.center_yx_px),
            np.ones(len(result.patches)),
            "drawn",
        )
        image = np.asarray(result.scan.channel(result.channels[0]))
        self._pixel = self._pixels_of_scan()
        length = correlation_length_px(image) / self._pixel
        window = max(v.window_px for v in voters(result))
        self._near = near_px(window, length)
        self._placed = Placed(
            self._on_grid(result.scan, self._keypoints.yx_px), _unsmoothed(result.typed)
        )

    # -- images -----------------------------------------------------------------------------

    def of_same_lines(self) -> Iterator[EvidenceCheck]:
        """The other way, and second channels, at the same key points."""
        result = self._result
        other = retraced(result)
        if other is not None:
            scan, name = other
            yield self._of_image("retrace", name, scan)
        for name in self._plan.second_channels:
            if name in result.channels:
                continue
            try:
                tau = placed_by_channel(result, name, self._placed.tau)
            except InputError as error:
                yield EvidenceCheck("channel", name, None, reason=str(error))
                continue
            yield self._judged("channel", name, self._placed, replace(self._placed, tau=tau))

    def of_scan(self, further: FurtherScan) -> Iterator[EvidenceCheck]:
        """The place that a further scan shares with the first, and what lies beyond."""
        first, scan = self._result.scan, further.scan
        name = further.source
        kind: CheckKind = further.way or way_of(first, scan)
        turns = 0
        if first.frame is not None and scan.frame is not None:
            turns = scan.frame.quarter_turns_from(first.frame)
        if kind == "turned" and not turns and not reads_turned(self._result):
            yield EvidenceCheck(
                kind, name, None, reason="the winner tells directions apart; one with r would do"
            )
            return
        try:
            _, there = read_as_it_is(self._result, self._result.representation, scan)
        except InputError as error:
            yield EvidenceCheck(kind, name, None, reason=str(error))
            return
        frame = there.scan.frame
        if first.frame is None or frame is None:
            yield EvidenceCheck(kind, name, None, reason="a scan without a scale")
            return
        if further.way == "area":  # wherever its file says that it lies
            own = replace(there.scan.frame or frame, center_m=(0.0, 0.0), angle_rad=0.0)
            xy_m = own.to_m(np.asarray(there.patches.center_yx_px))
            tau = _unsmoothed(self._result.typed.at(there.z, there.neighbours))
            yield self._of_area(name, Placed(self._of_metres(xy_m), tau))
            return
        found = register(first, there.scan)
        drift = np.zeros(2) if found.refused is not None else np.asarray(found.drift_m)
        unknown = "" if found.refused is None else f"drift not known: {found.refused}"
        xy_m = frame.to_m(np.asarray(there.patches.center_yx_px)) - drift
        typed = self._result.typed.at(there.z, there.neighbours)
        placed = Placed(self._of_metres(xy_m), _unsmoothed(typed))
        inside = first.frame.contains_m(xy_m)
        mine = frame.contains_m(first.frame.to_m(self._keypoints.yx_px) + drift)
        if min(inside.sum(), mine.sum()) >= _LEAST_POINTS:
            yield self._judged(kind, name, self._placed.take(mine), placed.take(inside), unknown)
        if beyond(first, there.scan) >= _LEAST_BEYOND:
            yield self._of_area(name, placed.take(~inside))
        elif min(inside.sum(), mine.sum()) < _LEAST_POINTS:
            yield EvidenceCheck(kind, name, None, reason="the scans share too few key points")

    # -- one image --------------------------------------------------------------------------

    def _of_image(self, kind: CheckKind, name: str, scan: Scan) -> EvidenceCheck:
        try:
            there = transfer(self._result.representation, scan, self._keypoints)
        except InputError as error:
            return EvidenceCheck(kind, name, None, reason=str(error))
        typed = self._result.typed.at(there.z, there.neighbours)
        where = self._on_grid(there.scan, np.asarray(there.patches.center_yx_px))
        return self._judged(kind, name, self._placed, Placed(where, _unsmoothed(typed)))

    def _of_area(self, name: str, placed: Placed) -> EvidenceCheck:
        if len(placed) < _LEAST_POINTS:
            return EvidenceCheck("area", name, None, reason="too few key points beyond the scan")
        steady = max(steady_shares(placed.tau, placed.yx))
        if steady >= DRIFT_SHARE:
            reason = f"a steady change explains {steady:.0%} of what differs there"
            return EvidenceCheck("area", name, None, reason=reason)
        return self._judged("area", name, placed, placed)

    def _judged(
        self, kind: CheckKind, name: str, one: Placed, other: Placed, known: str = ""
    ) -> EvidenceCheck:
        """Whether two images agree beyond one pattern and beyond chance, or cannot tell.

        It is denied where one image agrees within and not with the other, and where types lie the
        other way round.
        """
        found = cross_agreement(one, other, self._near)
        if found is None:
            here = cross_agreement(one, one, self._near)
            if here is None:
                return EvidenceCheck(
                    kind, name, None, reason="one type in the place that both show"
                )
            nothing = f"; {known}" if known else ""
            return EvidenceCheck(
                kind, name, False, 0.0, 0.0, 1.0, here.cells, f"one type there{nothing}"
            )
        figures = found.value, found.standard_error, found.p_value, found.cells
        largest, significance = self._plan.largest_agreement or 0.0, self._plan.significance
        if found.value > largest and found.p_value <= significance:
            return EvidenceCheck(kind, name, True, *figures, known)
        if kind == "area":
            reason = f"its agreement is {found.value:.2f} +- {found.standard_error:.2f}"
            return EvidenceCheck(kind, name, None, *figures, _joined(reason, known))
        within = cross_agreement(one, one, self._near)
        seen = within is not None and within.value > largest
        if (seen and found.value <= largest) or found.value + found.standard_error < 0:
            return EvidenceCheck(kind, name, False, *figures, known)
        why = (
            f"beyond {self._near:.0f} px the types agree by {found.value:.2f} +-"
            f" {found.standard_error:.2f} (p = {found.p_value:.2f})"
        )
        return EvidenceCheck(kind, name, None, *figures, _joined(why, known))

    # -- places -----------------------------------------------------------------------------

    def _pixels_of_scan(self) -> float:
        """Pixels of the scan that make one of the analysis."""
        frame, pitch = self._result.scan.frame, self._result.analysis_pitch_m
        if frame is None or pitch is None:
            return 1.0
        return pitch / float(np.mean(frame.pitch_m))

    def _on_grid(self, scan: Scan, yx_px: NDArray[np.float64]) -> NDArray[np.float64]:
        if scan.frame is None or self._result.analysis_pitch_m is None:
            return np.asarray(yx_px, np.float64)
        return self._of_metres(scan.frame.to_m(yx_px))

    def _of_metres(self, xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """(y, x) in pixels of the analysis, along the first frame."""
        frame = self._result.scan.frame
        if frame is None:
            raise ValueError("_of_metres: expected a first scan with a frame")
        pitch = np.asarray(frame.pitch_m)[::-1]
        analysis = self._result.analysis_pitch_m or float(np.mean(frame.pitch_m))
        return np.asarray(frame.to_px(xy_m) * pitch / analysis)


def _unsmoothed(typed: TypedPoints) -> NDArray[np.float64]:
    """Probability (N, T) of each type by the patch alone."""
    return replace(typed, neighbours=None, near=None).probabilities


def _joined(*reasons: str) -> str:
    return "; ".join(r for r in reasons if r)

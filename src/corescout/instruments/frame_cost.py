"""What the frames of a plan cost, in time and in wear of the tip, as its preview says it."""

from __future__ import annotations

from collections.abc import Sequence

from corescout.instruments.first_look import minutes
from corescout.instruments.messages import Message
from corescout.instruments.visit_plan import VisitPlan


def frames_in_words(plan: VisitPlan, messages: Sequence[Message]) -> list[str]:
    """Say which frames a plan scans, how long they take and how far the tip goes in contact.

    The pitch is taken as that of the plan's scan, and each line goes there and back.
    """
    frames = [message for message in messages if message.kind == "zoom"]
    looks = [message for message in frames if message.target_uid is None]
    check, found = plan.drift_check, []
    if check is not None and check.first_size_m > 0 and looks:
        first = looks.pop(0)
        found.append(
            f"First a frame of {first.values['size_m'] * 1e6:.3g} µm is scanned and compared with"
            f" the scan ({_cost(plan, [first])}); nothing is measured if they do not look alike."
        )
    if looks:
        found.append(f"{_count(looks)} on the way to measure the drift ({_cost(plan, looks)}).")
    of_spectra = {t.uid for t in plan.targets if t.action == "spectrum"}
    if around := [message for message in frames if message.target_uid in of_spectra]:
        found.append(
            f"{_count(around)} around targets, {plan.written_size_m * 1e6:.3g} µm wide, before and"
            f" after each spectrum, which show what it wrote ({_cost(plan, around)})."
        )
    if at := [m for m in frames if m.target_uid is not None and m.target_uid not in of_spectra]:
        found.append(f"{_count(at)} at targets ({_cost(plan, at)}).")
    return found


def _count(frames: Sequence[Message]) -> str:
    return "1 frame is scanned" if len(frames) == 1 else f"{len(frames)} frames are scanned"


def _cost(plan: VisitPlan, frames: Sequence[Message]) -> str:
    way_m = [2 * f.values["size_m"] ** 2 / min(plan.frame.pitch_m) for f in frames]
    seconds = sum(way / f.values["speed_m_per_s"] for way, f in zip(way_m, frames, strict=True))
    mm = sum(way_m) * 1e3
    return f"about {minutes(seconds)} more, {mm:.2g} mm in contact"

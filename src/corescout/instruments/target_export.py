"""Targets as files for others, held against the limits of the instrument that they are for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Result, Target
from corescout.data.counted import counted
from corescout.data.target import Action
from corescout.exports.target_files import FORMATS
from corescout.instruments.gate import Gate, LimitError
from corescout.instruments.limits import Limits
from corescout.instruments.messages import messages_of
from corescout.instruments.visit_plan import plan_visits
from corescout.targets import Way


def export_text(result: Result, way: Way, file_format: str, limits: Limits | None = None) -> str:
    """Return targets as a file of a format of `FORMATS`.

    Parameters
    ----------
    limits : Limits, optional
        Of the instrument that the file is for; needed where commands of it move a tip.

    Raises
    ------
    InputError
        If the limits do not allow what the file asks for, or are needed and not given.
    """
    moves = file_format == "arcmd" and any(t.action == "spectrum" for t in way.targets)
    if moves and limits is None:
        raise InputError(
            "the limits of the instrument that the tip is moved by", "none",
            "give --instrument NAME, or export markers only (--action mark)",
        )  # fmt: skip
    if limits is not None and way.targets:
        wrong = _beyond(result, way, limits)
        if wrong:
            raise InputError("targets within the limits", "; ".join(wrong[:4]), "choose again")
    return FORMATS[file_format](result, way)


def allowed_places(
    result: Result,
    limits: Limits | None,
    action: Action,
    settings: Mapping[str, float],
    margin_m: float = 0.0,
) -> NDArray[np.bool_]:
    """Which key points (N,) keep the margin and may be visited within the limits, one by one.

    Without limits only the margin counts; a plan of them is held against the limits as any other.
    """
    places = np.asarray(result.patches.center_yx_px)
    frame = result.scan.frame
    if frame is None:
        return np.ones(len(places), bool)
    edge = np.minimum(places, np.asarray(result.scan.shape_px) - 1 - places)
    inside = (edge * np.asarray(frame.pitch_m[::-1]) >= margin_m).all(axis=1)
    if limits is None:
        return np.asarray(inside)
    for row in np.flatnonzero(inside):
        y, x = (float(v) for v in places[row])
        x_m, y_m = (float(v) for v in frame.to_m((y, x)))
        target = Target("", result.scan.uid, (y, x), (x_m, y_m), 0, 1, action, settings)
        inside[row] = not _beyond(result, Way((target,), 0.0), limits)
    return np.asarray(inside)


def _beyond(result: Result, way: Way, limits: Limits) -> list[str]:
    """What of a way the limits do not allow, from where the tip could be at worst."""
    plan = plan_visits(result.scan, way.targets)
    marks_only = all(t.action == "mark" for t in way.targets)
    wrong = []
    if plan.frame.angle_rad and not (limits.rotation_verified or marks_only):
        wrong.append("the scan is rotated, and no marker check has shown which way")
    if len(plan.targets) > limits.most_targets:
        wrong.append(f"{counted(len(plan.targets), 'target')}, at most {limits.most_targets}")
    number_of = {t.uid: t.number for t in plan.targets}
    gate = Gate(limits, lambda message: None)
    gate.set_position(limits.farthest_from(plan.targets[0].xy_m or (0.0, 0.0)))
    for message in messages_of(plan, limits.largest_speed_m_per_s, limits.scan_speed_m_per_s):
        try:
            gate(message)
        except LimitError as error:
            wrong.append(f"target {number_of.get(message.target_uid or '', 0)}: {error}")
    return wrong

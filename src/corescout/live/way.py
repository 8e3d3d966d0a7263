"""The way through targets, what is done at each, and the files that say it to others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from corescout.data import InputError, Result, Target
from corescout.data.target import Action
from corescout.exports import arcmd_text
from corescout.instruments import Gate, LimitError, Limits, messages_of, plan_visits
from corescout.instruments.messages import SPECTRUM_DEFAULTS
from corescout.runs.tables import target_table, targets_csv, to_json
from corescout.targets import length_m, route

SPEED_M_PER_S = 1e-6  # of a tip that travels, for the estimate of the time


@dataclass(frozen=True)
class Way:
    """Targets in the order of their visits.

    Attributes
    ----------
    targets : tuple of Target
    length_m : float or None
        None where they have no place in metres.
    """

    targets: tuple[Target, ...]
    length_m: float | None

    def seconds(self, speed_m_per_s: float = SPEED_M_PER_S) -> float:
        """Time of travelling and of the spectra; frames are not counted."""
        spectra = [t for t in self.targets if t.action == "spectrum"]
        measuring = sum({**SPECTRUM_DEFAULTS, **t.settings}["seconds"] for t in spectra)
        return measuring + (self.length_m or 0.0) / speed_m_per_s

    def words(self, speed_m_per_s: float = SPEED_M_PER_S) -> str:
        """Say number, length and time: "12 targets, 4.21 um, 10 s at 1 um/s"."""
        count = f"{len(self.targets)} target{'' if len(self.targets) == 1 else 's'}"
        if not self.targets:
            return count
        if self.length_m is None:
            return f"{count}; the scan has no scale"
        return (
            f"{count}, {self.length_m * 1e6:.2f} um, {self.seconds(speed_m_per_s):.0f} s"
            f" at {speed_m_per_s * 1e6:g} um/s"
        )


def way_through(
    targets: Sequence[Target],
    start_m: tuple[float, float] | None,
    action: Action | None = None,
    settings: Mapping[str, float] | None = None,
) -> Way:
    """Order targets by nearest neighbour and 2-opt, from where the tip is.

    Parameters
    ----------
    start_m : tuple of float or None
        None: the order stays as it is.
    action : {"mark", "spectrum", "zoom"}, optional
        Done at each, with `settings`; else what each says.
    """
    done = [
        t if action is None else replace(t, action=action, settings=dict(settings or {}))
        for t in targets
    ]
    if not done or any(t.xy_m is None for t in done):
        return Way(tuple(done), None)
    places = np.array([t.xy_m for t in done])
    start = tuple(places[0]) if start_m is None else start_m
    order = np.arange(len(done)) if start_m is None else route(places, start)
    return Way(tuple(done[i] for i in order), length_m(places, start, order))


def _csv(result: Result, way: Way) -> str:
    return targets_csv(way.targets, result.types).decode()


def _json(result: Result, way: Way) -> str:
    return to_json(target_table(way.targets, result.scan, result.types, way.length_m)).decode()


def _arcmd(result: Result, way: Way) -> str:
    return arcmd_text(way.targets, result.scan.frame)


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


def _beyond(result: Result, way: Way, limits: Limits) -> list[str]:
    """What of a way the limits do not allow, from where the tip could be at worst."""
    plan = plan_visits(result.scan, way.targets)
    marks_only = all(t.action == "mark" for t in way.targets)
    wrong = []
    if plan.frame.angle_rad and not (limits.rotation_verified or marks_only):
        wrong.append("the scan is rotated, and no marker check has shown which way")
    if len(plan.targets) > limits.most_targets:
        wrong.append(f"{len(plan.targets)} targets, at most {limits.most_targets}")
    gate = Gate(limits, lambda message: None)
    gate.set_position(limits.farthest_from(plan.targets[0].xy_m or (0.0, 0.0)))
    for message in messages_of(plan, limits.largest_speed_m_per_s, limits.scan_speed_m_per_s):
        try:
            gate(message)
        except LimitError as error:
            wrong.append(f"target {message.target_uid or ''}: {error}")
    return wrong


FORMATS: dict[str, Callable[[Result, Way], str]] = {"csv": _csv, "json": _json, "arcmd": _arcmd}

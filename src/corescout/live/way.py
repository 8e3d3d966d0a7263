"""The way through targets, what is done at each, and the files that say it to others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from corescout.data import Result, Target
from corescout.data.target import Action
from corescout.exports import arcmd_text
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


FORMATS: dict[str, Callable[[Result, Way], str]] = {"csv": _csv, "json": _json, "arcmd": _arcmd}

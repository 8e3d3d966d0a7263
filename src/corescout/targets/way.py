"""The way through targets: their order, how long it is and how long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corescout.data import Target
from corescout.data.counted import counted
from corescout.data.target import SPECTRUM_DEFAULTS
from corescout.targets.route import length_m, route

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
        """Say number, length and time: "12 targets, 4.21 µm, 10 s at 1 µm/s"."""
        count = counted(len(self.targets), "target")
        if not self.targets:
            return count
        if self.length_m is None:
            return f"{count}; the scan has no scale"
        return (
            f"{count}, {self.length_m * 1e6:.2f} µm, {self.seconds(speed_m_per_s):.0f} s"
            f" at {speed_m_per_s * 1e6:g} µm/s"
        )


def in_order(targets: Sequence[Target], start_m: tuple[float, float] | None) -> tuple[Target, ...]:
    """Return targets in the order of their visits: nearest neighbour and 2-opt from a start.

    Parameters
    ----------
    start_m : (x, y) or None
        Where the tip is; None keeps the order, as do targets without a place in metres.
    """
    if start_m is None or not targets or any(t.xy_m is None for t in targets):
        return tuple(targets)
    places = np.array([t.xy_m for t in targets])
    return tuple(targets[i] for i in route(places, start_m))


def way_through(targets: Sequence[Target], start_m: tuple[float, float] | None) -> Way:
    """Return targets in order, with the length of their way from the start; see `in_order`."""
    ordered = in_order(targets, start_m)
    places = [t.xy_m for t in ordered if t.xy_m is not None]
    if not places or len(places) < len(ordered):
        return Way(ordered, None)
    start = places[0] if start_m is None else start_m
    return Way(ordered, length_m(places, start, np.arange(len(places))))

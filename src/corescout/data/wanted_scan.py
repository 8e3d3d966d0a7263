"""The one scan that would settle what the scans so far leave open."""

from __future__ import annotations

import math
from dataclasses import dataclass

from corescout.data.check import ENOUGH_LENGTHS, Way
from corescout.data.result import Evidence, Result

_LEAST_TIMES = 1.5  # the side of a wider scan: it lies beyond the first by more than its own area


@dataclass(frozen=True)
class WantedScan:
    """A scan that would tell, and what.

    Attributes
    ----------
    way : str
        "repeat", "reversed" or "area".
    size_m : tuple of float or None
        (width, height); None where the first scan has no scale.
    settles : str
        What it tells from what; no full stop.
    """

    way: Way
    size_m: tuple[float, float] | None
    settles: str

    def __str__(self) -> str:
        size = ""
        if self.size_m is not None:
            width, height = (f"{1e6 * side:.3g}" for side in self.size_m)
            size = f"{width} × {height} µm"
        return f"{_words(self.way, size)}; it tells {self.settles}"


def wanted_scan(result: Result) -> WantedScan | None:
    """Return the scan that would settle whether the types of a result are several.

    None where nothing is left to settle: they are claimed, a further scan has denied them, all
    points are of one type, or types of a vote do not keep to places by the patches alone.
    """
    evidence = result.evidence
    open_grades = ("possible zones", "drift")
    closed = evidence.is_denied or evidence.is_spread
    if result.n_types < 2 or evidence.grade not in open_grades or closed:
        return None
    frame = result.scan.frame
    size = None if frame is None else (float(frame.size_m[0]), float(frame.size_m[1]))
    if _began_as_drift(evidence) and "time" not in evidence.excluded:
        return WantedScan("reversed", size, "the sample from a change with time (tip, drift)")
    if evidence.correlation_lengths >= ENOUGH_LENGTHS:
        return WantedScan("repeat", size, "the sample from noise and chance")
    times = max(ENOUGH_LENGTHS / evidence.correlation_lengths, _LEAST_TIMES)
    wider = None if size is None or not math.isfinite(times) else (size[0] * times, size[1] * times)
    return WantedScan("area", wider, "zones from one coarse pattern")


def _began_as_drift(evidence: Evidence) -> bool:
    return "drift" in (evidence.grade, "" if evidence.alone is None else evidence.alone.grade)


def _words(way: Way, size: str) -> str:
    if way == "area":
        return f"scan {size or 'a wider area'} about the same centre"
    place = f"scan the same place again{f' ({size})' if size else ''}"
    return f"{place} with the slow axis reversed" if way == "reversed" else place

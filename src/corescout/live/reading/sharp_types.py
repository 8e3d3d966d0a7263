"""The types under a tip that has changed, against those of the last scan before it did.

A blurred scan looks familiar to a representation: it is rebuilt with ease, and stripes are read as
walls with nothing said. On the same place of the sample the types are known from before.
"""

from __future__ import annotations

from corescout.data import Result
from corescout.live.reading.comparison import overlap_of
from corescout.live.reading.drift import Drift

FEWEST_PLACES = 50  # that both scans show
USUAL_AGREEMENT = 0.85  # of two scans under one tip, until it was measured
LOST_SHARE = 0.8  # of the usual agreement


class SharpTypes:
    """Keeps the last result under a good tip, and where the sample has moved since."""

    def __init__(self) -> None:
        self._result: Result | None = None
        self._usual = USUAL_AGREEMENT
        self._moved: dict[str, tuple[float, float]] = {}  # since that scan, by uid
        self._doubt: str | None = None

    def follow(self, drift: Drift | None) -> None:
        """Note where the sample has moved, also on a scan whose types are not looked at."""
        if drift is None or drift.refused is not None or drift.since not in self._moved:
            return
        x_m, y_m = self._moved[drift.since]
        self._moved[drift.uid] = (x_m + drift.drift_m[0], y_m + drift.drift_m[1])

    def doubt(self, result: Result, *, suspect: bool) -> str | None:
        """Return why the types of a scan are not to be trusted; None if they are.

        Parameters
        ----------
        suspect : bool
            Whether the tip has changed. Where not, this scan is the one to compare with from now.
            Where nothing can be compared, what was said of the scan before goes on.
        """
        agreement = self._agreement(result)
        if not suspect:
            self._usual = self._usual if agreement is None else agreement
            self._result, self._moved = result, {result.scan.uid: (0.0, 0.0)}
            self._doubt = None
        elif self._result is not None and agreement is not None:
            lost = agreement < LOST_SHARE * self._usual
            self._doubt = self._in_words(agreement, self._result) if lost else None
        return self._doubt

    def _in_words(self, agreement: float, before: Result) -> str:
        return (
            f"{agreement:.0%} of the places are of the type that they were of on scan"
            f" {before.scan.uid}, before the tip changed; {self._usual:.0%} is usual"
        )

    def _agreement(self, result: Result) -> float | None:
        """Share of places with the same type as on the good scan; None if that cannot be told."""
        before, moved = self._result, self._moved.get(result.scan.uid)
        if before is None or moved is None:
            return None
        if before.scan.frame is None or result.scan.frame is None:
            return None
        overlap = overlap_of(before, result, moved)
        return overlap.agreement if len(overlap.types) >= FEWEST_PLACES else None

"""Whether the plans of a watch begin with a frame: what its scans say of the drift."""

from __future__ import annotations

from corescout.data import Scan
from corescout.instruments import Instrument, Limits
from corescout.instruments.first_look import Drifting, FirstLook, first_look
from corescout.instruments.visit_plan import TOLERANCE_M
from corescout.instruments.visits import look_speed
from corescout.live.reading.drift import Drift


class Looks:
    """Follows the scans of one instrument."""

    def __init__(self) -> None:
        self._drifting: Drifting | None = None  # as it was measured last
        self._newest: Scan | None = None  # that says where the targets are

    def follow(self, scan: Scan, drift: Drift | None, *, fresh: bool) -> None:
        """Note a scan that targets were chosen on (`fresh`), or that they were moved with."""
        known = drift is not None and drift.refused is None
        if drift is not None and known:
            self._drifting = drift.drifting or self._drifting
        if fresh or known:
            self._newest = scan

    def decide(self, instrument: Instrument, limits: Limits | None) -> FirstLook:
        """Whether a plan that is made now begins with a frame."""
        if self._newest is None:
            return FirstLook()
        return first_look(
            self._newest, look_speed(instrument, limits),
            own=True, drifting=self._drifting, tolerance_m=TOLERANCE_M,
        )  # fmt: skip

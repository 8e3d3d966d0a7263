"""Whether the plans of a watch begin with a frame: what its scans say of the drift."""

from __future__ import annotations

from dataclasses import replace

from corescout.data import Scan
from corescout.instruments import Check, Instrument, Limits
from corescout.instruments.first_look import Drifting, FirstLook, first_look
from corescout.instruments.visit_plan import TOLERANCE_M
from corescout.instruments.visits import look_speed
from corescout.live.reading.drift import Drift


class Looks:
    """Follows the scans of one instrument.

    Attributes
    ----------
    newest : Scan or None
        That targets were chosen on, or were moved with.
    """

    def __init__(self) -> None:
        self.newest: Scan | None = None
        self._drifting: Drifting | None = None  # as it was measured last

    def follow(self, scan: Scan, drift: Drift | None) -> bool:
        """Note a scan; whether it says how far the sample has moved."""
        if drift is None or drift.refused is not None:
            return False
        self._drifting = drift.drifting or self._drifting
        self.newest = scan
        return True

    def decide(self, instrument: Instrument, limits: Limits | None) -> FirstLook:
        """Whether a plan that is made now begins with a frame."""
        if self.newest is None:
            return FirstLook()
        return first_look(
            self.newest, look_speed(instrument, limits),
            own=True, drifting=self._drifting, tolerance_m=TOLERANCE_M,
        )  # fmt: skip


def with_reason(check: Check, look: FirstLook) -> Check:
    """Return a check that says why its plan begins without a frame, if that is so."""
    return replace(check, warnings=(look.words, *check.warnings)) if look.words else check

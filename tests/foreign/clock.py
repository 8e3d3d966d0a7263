"""The controller's time: that of the computer, faster by a factor."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Clock:
    """Seconds of the microscope; a bench may let them run `scale` times as fast."""

    scale: float = 1.0
    start_s: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        """Seconds of the microscope since the clock was made."""
        return (time.monotonic() - self.start_s) * self.scale

    def of_wall(self, monotonic_s: float) -> float:
        """The microscope's time at a reading of ``time.monotonic``."""
        return (monotonic_s - self.start_s) * self.scale

    def wall_s(self, seconds: float) -> float:
        """How long so many seconds of the microscope take on the wall."""
        return seconds / self.scale

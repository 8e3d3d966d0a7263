"""A target: one place to measure next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Action = Literal["mark", "spectrum", "zoom"]
# settings of a spectrum that a target does not give
SPECTRUM_DEFAULTS = {"bias_start_v": -5.0, "bias_end_v": 5.0, "n_points": 64.0, "seconds": 0.5}


@dataclass(frozen=True)
class Target:
    """Where the tip should go, why, and what it should do there.

    Attributes
    ----------
    uid : str
    scan_uid : str
        The scan whose pixels `yx_px` counts.
    yx_px : tuple of float
        (y, x) array coordinates on that scan as it was read.
    xy_m : tuple of float or None
        (x, y) in the instrument's coordinates, metres; None where the scan has no scale.
    type : int
        Type of microstructure from 1; 0 for none (grid, random, drawn).
    number : int
        Names the target wherever it is shown or written; 1 was wanted most. It stays with the
        target when it is moved or others are deleted.
    action : {"mark", "spectrum", "zoom"}
    settings : mapping of str to float
        Of the action, units in the names, such as ``bias_start_v`` or ``size_m``.
    reason : str
        Why this place, where measurements chose it; empty else.
    """

    uid: str
    scan_uid: str
    yx_px: tuple[float, float]
    xy_m: tuple[float, float] | None
    type: int
    number: int
    action: Action = "mark"
    settings: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""

    def with_action(self, action: Action, settings: Mapping[str, float]) -> Target:
        """Return it with another action; one that asks for the same keeps its other settings."""
        own = self.settings if self.action == action else {}
        return replace(self, action=action, settings={**own, **settings})

"""What a further image says of types that were found in one: which explanations it excludes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

CheckKind = Literal["retrace", "channel", "repeat", "reversed", "turned", "area"]
Way = Literal["repeat", "reversed", "turned", "area"]  # what a further scan is to the first
OF_SCANS: tuple[Way, ...] = ("repeat", "reversed", "turned", "area")
ENOUGH_LENGTHS = 20.0  # correlation lengths that a side should have
Explanation = Literal["noise", "chance", "time", "one pattern"]

# What each image can exclude where the types are found in it again, and no more.
EXCLUDES: dict[CheckKind, tuple[Explanation, ...]] = {
    "retrace": ("noise",),
    "channel": ("noise",),
    "repeat": ("noise", "chance"),
    "reversed": ("noise", "chance", "time"),
    "turned": ("noise", "chance", "time"),
    "area": ("noise", "chance", "one pattern"),
}
_NAMES: dict[CheckKind, str] = {
    "retrace": "the other way of the same lines",
    "channel": "another channel of the same scan",
    "repeat": "a repeat",
    "reversed": "a repeat with the slow axis reversed",
    "turned": "a repeat with the frame turned",
    "area": "an area beyond the scan",
}


@dataclass(frozen=True)
class EvidenceCheck:
    """Types of one image, looked for in another one.

    Attributes
    ----------
    kind : str
        "retrace", "channel", "repeat", "reversed" (the slow axis), "turned" (by about 90 degrees)
        or "area" (beyond the scan).
    source : str
        Channel, file or instrument that it came from.
    found : bool or None
        Whether the types are found again; None where it cannot be told.
    agreement, agreement_error : float
        How far points of both images agree at a distance, with its standard error over blocks.
    p_value : float
        How often placements that are shifted by two correlation lengths or more agree as much.
    cells : float
        Independent cells that both share: p is no smaller than 1 / (1 + cells).
    reason : str
        Why it cannot be told, or what has to be known; "" where there is nothing.
    """

    kind: CheckKind
    source: str
    found: bool | None
    agreement: float = math.nan
    agreement_error: float = math.nan
    p_value: float = math.nan
    cells: float = 0.0
    reason: str = ""

    @property
    def excludes(self) -> tuple[Explanation, ...]:
        """What it excludes: nothing unless the types were found again."""
        return EXCLUDES[self.kind] if self.found else ()

    @property
    def name(self) -> str:
        """Of the channel, or of the file without its folder."""
        if self.kind in ("retrace", "channel"):
            return self.source
        return self.source.replace("\\", "/").rpartition("/")[2]

    @property
    def in_words(self) -> str:
        """What was looked at and what came of it; no full stop."""
        name = f"{_NAMES[self.kind]} ({self.name})"
        if self.found is None:
            return f"{name} cannot tell: {self.reason}"
        figures = (
            f"agreement {self.agreement:.2f} +- {self.agreement_error:.2f}, p = {self.p_value:.2f}"
        )
        more = f"; {self.reason}" if self.reason else ""
        if not self.found:
            return f"{name} does not show them at these places ({figures}{more})"
        return f"{name} shows them at the same places ({figures}{more}): not {_or(self.excludes)}"


def _or(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"

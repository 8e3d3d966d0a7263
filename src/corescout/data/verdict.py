"""The verdict on a result: what was found, what to do next, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from corescout.data.counted import counted
from corescout.data.sentences import ended

if TYPE_CHECKING:
    from corescout.data.result import Result


@dataclass(frozen=True)
class Verdict:
    """What a person reads first.

    Attributes
    ----------
    headline : str
        What was found, without figures of statistics; no full stop.
    next_action : str
        What to do with it; no full stop.
    why : str
        The reasons, with their figures.
    found : bool
        Whether types are claimed.
    """

    headline: str
    next_action: str
    why: str
    found: bool

    @property
    def summary(self) -> str:
        """Headline and next action in one line, for a narrow place."""
        return ended(f"{self.headline}; {self.next_action}")

    def __str__(self) -> str:
        return f"{self.summary}\nWhy: {self.why}"


def verdict_of(result: Result) -> Verdict:
    """Return the verdict on a result, as it is now: a person may have edited its types."""
    n_types, claimed = len(result.types.numbers), result.evidence.has_types
    if not result.trials:
        headline = f"{result.types_in_words} of an earlier exploration, found again on this scan"
        action = "explore this scan by itself if many points fit no type"
    elif claimed:
        headline = counted(n_types, "type")
        action = "measure at the targets, which are the clearest examples of each"
    elif n_types > 1 and result.evidence.is_microscope:
        headline = "What differs follows the scan and not the sample: a drift of the microscope"
        action = "let tip and sample settle, and scan again"
    elif n_types > 1 and result.evidence.is_denied:
        headline = f"{n_types} possible types, which another image does not show at these places"
        action = "take them for one pattern, unless measurements part them"
    elif n_types > 1 and result.evidence.grade == "drift":
        headline = f"{n_types} possible types, or a drift of the microscope"
        action = "scan again with the slow axis reversed before measuring"
    elif n_types > 1:
        headline = f"{n_types} possible types, shown at their places"
        action = "measure a few of each to confirm"
    else:
        headline = "No evidence of separate types in this scan, so all points are one type"
        action = "scan an area with more walls, or measure at a few points to see if they differ"
    return Verdict(headline, action, result.why, claimed)

"""What further images exclude of the types of one, and the grade that is left.

A claim of *zones* needs three explanations excluded: that the types are noise, that they are there
by chance, and that they are the parts of one coarse pattern. The last is excluded by an area beyond
the scan, or by a scan that is wide enough where a repeat agrees beyond two correlation lengths.
Where something changes steadily over the scan time must be excluded as well. The types that are
shown are looked for; where candidates make these together they must keep to their own places in the
first image, too, by their patches alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from corescout.data import Evidence, EvidenceCheck, Explanation
from corescout.data.sentences import clause, ended

_FOR_ZONES: tuple[Explanation, ...] = ("noise", "chance", "one pattern")
_NAMES: dict[Explanation, str] = {
    "noise": "noise",
    "chance": "chance",
    "time": "a change with time (tip, drift)",
    "one pattern": "one coarse pattern",
}
_WOULD: dict[Explanation, str] = {
    "noise": "a repeat",
    "chance": "a repeat",
    "time": "a repeat with the slow axis reversed",
    "one pattern": "an area beyond this scan",
}


def with_checks(evidence: Evidence, checks: Sequence[EvidenceCheck]) -> Evidence:
    """Return the evidence with what further images say, and the grade that follows.

    Nothing is claimed that an image denies. What one image shows as one pattern stays so. Checks
    that the evidence has already are left out: these take their place.
    """
    alone = without_checks(evidence)
    if not checks:
        return alone
    return replace(_with(alone, checks), alone=alone)


def without_checks(evidence: Evidence) -> Evidence:
    """Return what was said before further images were looked at."""
    if evidence.alone is not None:
        return evidence.alone
    if not evidence.checks:
        return evidence
    grade = "possible zones" if evidence.grade == "zones" else evidence.grade  # an older run
    claimed = evidence.has_types and evidence.grade != "zones"
    return replace(evidence, checks=(), grade=grade, has_types=claimed)


def _with(evidence: Evidence, checks: Sequence[EvidenceCheck]) -> Evidence:
    evidence = replace(evidence, checks=tuple(checks))
    denied = [check for check in checks if check.found is False]
    if denied:
        return _without_claim(evidence, denied)
    left = _FOR_ZONES if evidence.grade == "possible zones" else (*_FOR_ZONES, "time")
    if evidence.grade not in ("possible zones", "drift"):
        return evidence
    excluded = evidence.excluded
    if not evidence.is_spread and all(each in excluded for each in left):
        return _zones(evidence)
    if evidence.grade == "drift" and "time" in excluded:
        return replace(evidence, grade="possible zones")
    return evidence


def checks_in_words(evidence: Evidence, text: str) -> str:
    """Add to the grade in words what was looked at, what is not excluded, and what would do so."""
    if not evidence.checks:
        return text
    said = [f"{check.in_words[:1].upper()}{check.in_words[1:]}" for check in evidence.checks]
    if evidence.is_denied or evidence.grade == "one pattern":
        return clause(" ".join(map(ended, [text, *said])))
    excluded = evidence.excluded
    left = [each for each in _NAMES if each not in excluded]
    if left:
        names = [_NAMES[each] for each in left]
        would = dict.fromkeys(_WOULD[each] for each in left)
        said.append(f"Not excluded: {', '.join(names)}; {' and '.join(would)} could")
    return clause(" ".join(map(ended, [text, *said])))


def _without_claim(evidence: Evidence, denied: Sequence[EvidenceCheck]) -> Evidence:
    """Evidence that a further image denies: of the microscope, where the slow axis tells so."""
    grade = evidence.grade
    if grade in ("distinct", "zones"):
        grade = "possible zones"
    if grade == "possible zones" and any(c.kind in ("reversed", "turned") for c in denied):
        grade = "drift"
    if not evidence.has_types:
        return replace(evidence, grade=grade)
    reason = f"no evidence of separate types, as {denied[0].in_words}: {evidence.reason}"
    return replace(evidence, grade=grade, has_types=False, reason=reason, p_value=math.nan)


def _zones(evidence: Evidence) -> Evidence:
    """Evidence with the claim of zones; of gaps between codes it says what it said."""
    which = [check for check in evidence.checks if "chance" in check.excludes]
    p_value = max(check.p_value for check in which)
    if evidence.shown is not None:
        p_value = max(p_value, evidence.shown.p_value)
    sources = ", ".join(dict.fromkeys(check.name for check in which))
    gaps = evidence.reason.removeprefix("no evidence of separate types").lstrip(": ")
    reason = f"evidence of zones in {sources} too (p = {p_value:.2f}); as distinct types: {gaps}"
    return replace(evidence, grade="zones", has_types=True, reason=reason, p_value=p_value)

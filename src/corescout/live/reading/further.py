"""A later scan as evidence of the types at hand, without being asked for."""

from __future__ import annotations

from dataclasses import dataclass

from corescout.data import Evidence, InputError, Result, Scan
from corescout.data.check import OF_SCANS, Way
from corescout.data.wanted_scan import wanted_scan
from corescout.further_scans import FurtherScan, ways_of, with_further
from corescout.live.reading.kinds import knows_its_place

_MOST_TRIES = 2  # of a kind of scan that could not tell


@dataclass(frozen=True, eq=False)
class FurtherReading:
    """What a scan says of the types of a result that was there before.

    Attributes
    ----------
    result : Result
        With the new evidence; as it was where nothing was asked.
    words : str
        What came of it, and the grade since; "" where nothing was asked.
    """

    result: Result
    words: str = ""


def evidence_of(result: Result, scan: Scan) -> FurtherReading:
    """Look for the types of a result in a later scan, where it can still tell something.

    Each kind of scan (the same place, the slow axis reversed, the frame turned, an area beyond) is
    asked until one can tell, twice at most: of many scans one would agree by chance.
    """
    kinds = open_kinds(result.evidence)
    if not kinds or not _can_be_asked(result, scan) or not kinds & ways_of(result.scan, scan):
        return FurtherReading(result)
    try:
        checked = with_further(result, [FurtherScan(scan)], kinds=kinds)
    except InputError as error:
        return FurtherReading(result, f"as further evidence it tells nothing: {error}")
    new = [c for c in checked.evidence.checks if c not in result.evidence.checks]
    if not new:
        return FurtherReading(result)
    before, after = result.evidence.grade, checked.evidence.grade
    grade = f"the grade stays {after}" if after == before else f"{before} becomes {after}"
    return FurtherReading(checked, "; ".join([*(c.in_words for c in new), grade]))


def wanted_in_words(result: Result) -> str:
    """Say which scan would settle what is left open; "" where nothing is."""
    wanted = wanted_scan(result)
    return "" if wanted is None else str(wanted)


def open_kinds(evidence: Evidence) -> set[Way]:
    """Kinds of scans that can still tell something of types."""
    if evidence.grade in ("", "one pattern"):
        return set()
    told = {check.kind for check in evidence.checks if check.found is not None}
    tried = [check.kind for check in evidence.checks]
    return {way for way in OF_SCANS if way not in told and tried.count(way) < _MOST_TRIES}


def _can_be_asked(result: Result, scan: Scan) -> bool:
    first = result.scan
    if result.n_types < 2 or first.frame is None or scan.frame is None:
        return False
    if first.uid == scan.uid or first.content_sha256 == scan.content_sha256:
        return False
    return knows_its_place(first.frame) and knows_its_place(scan.frame)

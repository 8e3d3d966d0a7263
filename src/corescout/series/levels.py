"""Grey levels of a pooled series: common to all scans, or each scan's own. Both are told of.

Common levels keep an amplitude that changes over the series, which is often what is looked for;
each scan's own take it away, and with it another drive or gain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from corescout.data import Result, Scan
from corescout.data.short_repr import short_repr
from corescout.runs.listing import agreement_on_shared_points
from corescout.series.member import Member, ami_of_type_and_scan, members_that_do_not_fit

Levels = Literal["common", "own"]
OTHER: dict[Levels, Levels] = {"common": "own", "own": "common"}
IN_WORDS: dict[Levels, str] = {"common": "common to all scans", "own": "each scan's own"}
_DRIVES = ("driveamplitude", "lock-in>amplitude")  # of Asylum's and of Nanonis' headers, in V
_SAME_DRIVE = 0.01


@dataclass(frozen=True, eq=False)
class Pooling:
    """What was found on a series with one kind of grey levels.

    Attributes
    ----------
    levels : {"common", "own"}
    trained : Result
        Of the key points of all scans.
    members : tuple of Member
        What of it is on each scan.
    """

    levels: Levels
    trained: Result
    members: tuple[Member, ...]

    __repr__ = short_repr


def preferred_levels(scans: Mapping[str, Scan]) -> tuple[Levels, str]:
    """Return the levels that a series asks for, and why these where they are not common."""
    drives = [d for d in map(drive_v, scans.values()) if d is not None]
    if drives and max(drives) - min(drives) > _SAME_DRIVE * max(map(abs, drives)):
        return "own", f"drives differ, {min(drives):g} to {max(drives):g} V: levels are each scan's"
    return "common", ""


def drive_v(scan: Scan) -> float | None:
    """Return the amplitude of the drive in V, where the header of the file tells it."""
    told = {name.casefold(): value for name, value in scan.metadata.items()}
    for name in _DRIVES:
        try:
            return float(str(told[name]).split()[0])
        except (KeyError, ValueError, IndexError):
            continue
    return None


def side_by_side(poolings: Sequence[Pooling]) -> list[dict[str, object]]:
    """Return what each kind of levels gives, as rows for a page, the one that is used first."""
    return [
        {
            "levels": IN_WORDS[p.levels],
            "choice": p.trained.winner.in_nm(p.trained.analysis_pitch_m),
            "types": p.trained.types_in_words,
            "evidence": p.trained.evidence.reason,
            "ami_of_type_and_scan": round(ami_of_type_and_scan(p.members), 3),
            "do_not_fit": sorted(members_that_do_not_fit(p.members)),
            "run": p.members[0].run if p is poolings[0] else "",
        }
        for p in poolings
    ]


def agreement_of(one: Pooling, other: Pooling) -> float:
    """Adjusted mutual information of two sets of types on the key points that both have."""
    theirs = {m.name: m.result for m in other.members}
    pairs = [(m.result, theirs[m.name]) for m in one.members if m.name in theirs]
    of_scans = [agreement_on_shared_points(a, b) for a, b in pairs]
    counts = np.array([n for n, _ in of_scans], dtype=float)
    values = np.array([0.0 if ami is None else ami for _, ami in of_scans])
    return float(np.average(values, weights=counts)) if counts.sum() else float("nan")

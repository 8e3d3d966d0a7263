"""One scan of a series, and whether it belongs to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

import numpy as np

from corescout.data import Result
from corescout.data.short_repr import short_repr

_KNOWN_SIGMAS = 3.0
_HARDLY = 0.1  # of another share, below which a type is hardly there
_LEAST_OWN, _MUCH, _STRANGE = 0.15, 0.25, 0.4
_MOST_NOVEL = 0.3


@dataclass(frozen=True, eq=False)
class Member:
    """One scan of a series and what was found on it.

    Attributes
    ----------
    name : str
    result : Result
    run : str
        Its folder.
    raw_median : float
        Of the channel as it was read, over the scan.
    raw_unit : str
    value : float or None
        Its temperature, voltage, ...
    """

    name: str
    result: Result
    run: str
    raw_median: float
    raw_unit: str
    value: float | None = None

    __repr__ = short_repr

    @property
    def acquired_at(self) -> datetime | None:
        """When it was measured."""
        return self.result.scan.acquired_at

    @property
    def novel_share(self) -> float:
        """Share of its points beyond 3 sigma of every type."""
        near = self.result.mixture.mahalanobis2(self.result.codes).min(axis=1)
        return float(np.mean(near > _KNOWN_SIGMAS**2))

    @property
    def counts(self) -> dict[int, int]:
        """Points of each type."""
        types = self.result.types
        return {n: types.count(n) for n in types.looks}


def members_that_do_not_fit(members: Sequence[Member]) -> dict[str, str]:
    """Name the scans of a pooled series whose points are types of their own, or none, and why.

    A scan does not fit if types of which the others have many points are not on it, the more so
    if it has types of its own; a type that only comes is what a series is measured for.
    """
    shares = [_shares(m) for m in members]
    found = {}
    for i, member in enumerate(members):
        others = shares[:i] + shares[i + 1 :]
        own, lacking = _own_and_lacking(shares[i], others) if len(others) > 1 else (0.0, 0.0)
        if lacking > _MUCH or (own > _LEAST_OWN and own + lacking > _STRANGE):
            found[member.name] = (
                f"{own:.0%} of its points are of types that hardly any other has, and types of"
                f" {lacking:.0%} of the others' points are not on it"
            )
        elif member.novel_share > _MOST_NOVEL:
            found[member.name] = f"{member.novel_share:.0%} of its points are near no type"
    return found


def _shares(member: Member) -> dict[int, float]:
    n_points = max(1, sum(member.counts.values()))
    return {n: count / n_points for n, count in member.counts.items()}


def _own_and_lacking(
    mine: Mapping[int, float], others: Sequence[Mapping[int, float]]
) -> tuple[float, float]:
    """Shares of the types that hardly any other scan has, and that the others have and I lack.

    What the others have is their median: a stranger among them does not count.
    """
    usual = {n: median(o.get(n, 0.0) for o in others) for n in mine}
    most = {n: max(o.get(n, 0.0) for o in others) for n in mine}
    own = sum(share for n, share in mine.items() if most[n] < _HARDLY * share)
    lacking = sum(usual[n] for n, share in mine.items() if share < _HARDLY * usual[n])
    return own, lacking


def ami_of_type_and_scan(members: Sequence[Member]) -> float:
    """Adjusted mutual information of type and scan: 0 where types say nothing of the scan."""
    from sklearn.metrics import adjusted_mutual_info_score

    types = np.concatenate([np.asarray(m.result.types.of_point) for m in members])
    scans = np.concatenate([np.full(len(m.result.codes), i) for i, m in enumerate(members)])
    return float(adjusted_mutual_info_score(scans, types))

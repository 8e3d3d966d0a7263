"""Further scans that come after the result: the grade of its evidence is found again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from corescout.data import EvidenceCheck, InputError, Result, raise_if_stopped
from corescout.data.check import OF_SCANS, Way
from corescout.further_scans.checks import FurtherScan, checks_of
from corescout.plan import Plan
from corescout.search.excluded import with_checks
from corescout.search.verdict import with_evidence_in_words
from corescout.square_grid import square_grid

_WHEN = "while further scans were looked at"


def with_further(
    result: Result,
    further: Sequence[FurtherScan],
    *,
    kinds: Collection[Way] = OF_SCANS,
    on_scan: Callable[[int, FurtherScan], None] | None = None,
    stop: threading.Event | None = None,
) -> Result:
    """Look for the types of a finished result in further scans; return it with the new grade.

    What was looked at before stays, but for what came of the same scans. Types, core points and
    targets are the same.

    Parameters
    ----------
    kinds : collection of str
        What came of others is left out.
    on_scan : callable, optional
        Told the place of each scan in the list, and the scan, before it is looked at.
    stop : threading.Event, optional
        Ends the work before the next scan.

    Raises
    ------
    InputError
        If nothing can be asked of the result.
    StoppedError
        If `stop` was set.
    """
    plan = Plan.model_validate(result.plan)
    _check_can_be_asked(result, plan)
    found: list[EvidenceCheck] = []
    for number, each in enumerate(further):
        raise_if_stopped(stop, _WHEN)
        if on_scan is not None:
            on_scan(number, each)
        found += [c for c in checks_of(result, [each], plan) if c.kind in kinds]
    raise_if_stopped(stop, _WHEN)
    sources = {each.source for each in further}
    kept = [c for c in result.evidence.checks if c.source not in sources]
    return _with(result, (*kept, *found))


def without_further(result: Result, source: str) -> Result:
    """Return the result without what came of one further scan.

    Parameters
    ----------
    source : str
        As `FurtherScan.source` has it.
    """
    checks = result.evidence.checks
    return _with(result, [c for c in checks if c.kind not in OF_SCANS or c.source != source])


def _with(result: Result, checks: Sequence[EvidenceCheck]) -> Result:
    evidence = with_checks(result.evidence, checks)
    side_m = square_grid(result.scan.shape_px, result.scan.frame).shorter_side_m
    why = with_evidence_in_words(result.why, result.evidence, evidence, result.n_types, side_m)
    return replace(result, evidence=evidence, why=why)


def _check_can_be_asked(result: Result, plan: Plan) -> None:
    if result.n_types < 2:
        raise InputError(
            "two types or more, to be looked for in further scans",
            "one type",
            "scan an area with more walls, or a wider one, and explore it",
        )
    if plan.decision.null_surrogates == 0:
        raise InputError(
            "a result whose evidence was asked",
            "a plan without (decision.null_surrogates = 0)",
            "explore the scan again with the preset live",
        )

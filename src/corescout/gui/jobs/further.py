"""Further scans as evidence of a result, looked at off the GUI thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from corescout.data import InputError, Progress, Result, Scan, raise_if_stopped
from corescout.data.check import OF_SCANS, Way
from corescout.gui.jobs.job import Job
from corescout.plan import Plan

if TYPE_CHECKING:
    from corescout.further_scans import FurtherScan

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class GivenScan:
    """A further scan that an operator gives.

    Attributes
    ----------
    source : str
        Its file, or its own name.
    scan : Scan or None
        None: it is read from the file.
    way : str or None
        What it is to the first; None: as the files say.
    """

    source: str
    scan: Scan | None = None
    way: Way | None = None

    @classmethod
    def of(cls, scan: Scan) -> GivenScan:
        """One that is in the viewer."""
        return cls(scan.source or scan.uid, scan)

    @classmethod
    def all_of(cls, result: Result) -> tuple[GivenScan, ...]:
        """Those that the evidence of a result was asked of, each once."""
        ways: dict[str, Way] = {}
        for check in result.evidence.checks:
            way = next((each for each in OF_SCANS if each == check.kind), None)
            if way is not None:
                ways.setdefault(check.source, way)
        return tuple(cls(source, None, way) for source, way in ways.items())

    @property
    def name(self) -> str:
        """Without the folder."""
        return self.source.replace("\\", "/").rpartition("/")[2]


def start_asking(result: Result, given: Sequence[GivenScan]) -> Job[Result]:
    """Look for the types of a result in further scans; its answer has the new grade.

    The stage of its progress is the name of the scan that is looked at.
    """

    def run(on_progress: Callable[[Progress], None], stop: threading.Event) -> Result:
        from corescout.further_scans import with_further

        def tell(number: int, name: str) -> None:
            on_progress(Progress(stage=name, fraction=number / len(given)))

        scans = []
        for each in given:
            raise_if_stopped(stop, "while further scans were read")
            tell(0, each.name)
            scans.append(read_given(each, result.channels[0], result.plan))
        return with_further(
            result, scans, on_scan=lambda i, each: tell(i, given[i].name), stop=stop
        )

    return Job(run)


def read_all(given: Sequence[GivenScan], plan: Plan) -> list[FurtherScan]:
    """Read further scans for a search; one whose file is gone ends no search."""
    channel, found = plan.channels[0] if plan.channels else None, []
    for each in given:
        try:
            found.append(read_given(each, channel, plan.model_dump(mode="json")))
        except (InputError, OSError) as error:
            _log.warning("%s is left out as evidence: %s", each.name, error)
    return found


def read_given(given: GivenScan, channel: str | None, plan: Mapping[str, object]) -> FurtherScan:
    """Return a further scan, read where it is not there yet.

    Raises
    ------
    InputError
        If its file cannot be read.
    """
    from corescout.further_scans import FurtherScan
    from corescout.readers import read_scan

    scan = given.scan
    if scan is None:
        size = Plan.model_validate(plan).pixel_size_m
        scan = read_scan(Path(given.source), pixel_size_m=size, channel=channel)
    return FurtherScan(scan, given.way)

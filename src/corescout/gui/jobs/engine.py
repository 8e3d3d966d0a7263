"""What runs off the GUI thread. The engine is imported there: that takes seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from corescout.data import Finding, Keypoints, Progress, Result, Scan
from corescout.gui.jobs.further import GivenScan, read_all
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.kept_search import KeptSearch
from corescout.gui.jobs.search_place import SearchPlace
from corescout.plan import Plan


def start_exploration(
    scan: Scan,
    plan: Plan,
    keypoints: Keypoints | None,
    where: SearchPlace,
    place: Callable[[], Path | None] = lambda: None,
    further: Sequence[GivenScan] = (),
) -> Job[Result]:
    """Explore; no number depends on where.

    Parameters
    ----------
    place : callable
        Returns the folder where finished trials are kept until the search has ended; called off
        the GUI thread.
    further : sequence of GivenScan
        In which the types are looked for; none: those that a search that goes on was begun with.
    """

    def run(on_progress: Callable[[Progress], None], stop: threading.Event) -> Result:
        from corescout.pipeline import explore
        from corescout.runs.further_kept import KeptFurther

        scans = read_all(further, plan)
        named = [KeptFurther.of(each.scan, each.way) for each in scans]
        kept, ended = KeptSearch.begin(place, scan, plan, keypoints, named), False
        try:
            before = () if named else kept.further
            given = [GivenScan(each.source, None, each.way) for each in before]
            scans += read_all(given, plan)
            with where.executor() as executor:
                result = explore(
                    scan,
                    plan,
                    keypoints=keypoints,
                    workers=where.workers,
                    executor=executor,
                    on_progress=where.followed(on_progress, executor),
                    stop=stop,
                    store=kept,
                    further=scans,
                )
            ended = True
        finally:
            kept.end(keep=not ended)
        return result

    return Job(run)


@dataclass(frozen=True, eq=False)
class FoundSeries:
    """What was found on several scans with one representation.

    Attributes
    ----------
    results : mapping of str to Result
        By the name of the scan's image.
    notes : tuple of str
        Which scans could not be pooled, or do not fit, and why.
    """

    results: Mapping[str, Result]
    notes: tuple[str, ...]


def start_pooled(scans: Mapping[str, Scan], plan: Plan, where: SearchPlace) -> Job[FoundSeries]:
    """Train one representation on the key points of scans, and find its types on each."""

    def run(on_progress: Callable[[Progress], None], stop: threading.Event) -> FoundSeries:
        from corescout.pipeline import apply, explore
        from corescout.series import Member, members_that_do_not_fit, pool, preferred_levels

        levels, why = preferred_levels(scans)
        pooled = pool(scans, plan, own_levels=levels == "own")
        with where.executor() as executor:
            trained = explore(
                pooled.scan,
                pooled.plan,
                workers=where.workers,
                executor=executor,
                on_progress=where.followed(on_progress, executor),
                stop=stop,
            )
        results = {
            name: apply(trained, scan, match_instrument=False)
            for name, scan in pooled.members.items()
        }
        members = [Member(name, result, "", 0.0, "") for name, result in results.items()]
        told = [f"{name} cannot be pooled: {reason}" for name, reason in pooled.refused.items()]
        told += [f"{n} does not fit: {w}" for n, w in members_that_do_not_fit(members).items()]
        return FoundSeries(results, tuple(told + ([why] if why else [])))

    return Job(run)


def start_choosing(result: Result, number: int, workers: int) -> Job[Result]:
    """Make the result of another candidate of a search, with so many threads."""

    def run(on_progress: Callable[[Progress], None], stop: threading.Event) -> Result:
        from corescout.choosing import choose_candidate

        return choose_candidate(result, number, workers=workers, on_progress=on_progress, stop=stop)

    return Job(run)


class Previewer:
    """Finds the key points that an exploration would use; keeps what the next call can use.

    Jobs run one after the other: the caller waits for one before it starts the next.
    """

    def __init__(self) -> None:
        self._scan: Scan | None = None
        self._finder: Any = None

    def start(self, scan: Scan, plan: Plan) -> Job[Keypoints]:
        """Find key points, however few."""

        def find(on_progress: object, stop: object) -> Keypoints:
            from corescout.preparation import KeypointFinder

            if self._scan is not scan:
                self._scan, self._finder = scan, KeypointFinder(scan)
            found: Keypoints = self._finder.find(plan, least=0)
            return found

        return Job(find)


def start_doubts(scan: Scan, channel: str | None) -> Job[tuple[Finding, ...]]:
    """Look for what speaks against a decision on a channel."""

    def look(on_progress: object, stop: object) -> tuple[Finding, ...]:
        from corescout.quality import assess

        found = assess(scan, channel)
        # What the run needs: now, and not when Explore is pressed.
        import_module("corescout.pipeline")
        import_module("scipy.stats")  # of core points: a third of a second, at the first click
        return found

    return Job(look)

"""From a scan to what it shows: with a representation that fits, or by an exploration."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Progress, Result, Scan
from corescout.data.pairs import pairs_at_one_place
from corescout.edits import with_types
from corescout.live.reading.further import evidence_of, wanted_in_words
from corescout.live.reading.identity import Identities, types_of_points
from corescout.live.reading.learning import Replay, relearn, replay_of
from corescout.live.reading.next_scan import KnownRepresentation, Understood, understand
from corescout.live.reading.novelty import calibrate, novelty
from corescout.pipeline import apply, explore
from corescout.plan import Plan

MOST_KNOWN = 4  # representations that are tried on a scan, the latest first
SAME_POINT_PX = 2.0


class Analyst:
    """Holds the representations of a session.

    Parameters
    ----------
    plan : Plan
        Of explorations.
    known : KnownRepresentation, optional
        To begin with.
    workers : int, optional
        Threads of an exploration.
    """

    def __init__(
        self, plan: Plan, known: KnownRepresentation | None = None, workers: int | None = None
    ) -> None:
        self._plan, self._workers = plan, workers
        self._known: list[KnownRepresentation] = []
        self.written_m: Sequence[tuple[float, float]] = ()  # where spectra were measured
        self._identities = Identities()
        self._replay: dict[int, Replay] = {}  # by number of the representation
        self._count = 0
        if known is not None:
            self._identities.take(known.result)
            self._keep(known)

    @property
    def latest(self) -> KnownRepresentation | None:
        """The representation at hand."""
        return self._known[-1] if self._known else None

    @property
    def channel(self) -> str | None:
        """The channel that is looked at."""
        return self._known[-1].result.channels[0] if self._known else None

    @property
    def wanted(self) -> str:
        """The scan that would settle what the types at hand leave open; "" for none."""
        return "" if self.latest is None else wanted_in_words(self.latest.result)

    def understand(self, scan: Scan, earlier: Sequence[Scan]) -> Understood | None:
        """Read a scan with the first representation that fits, else with the latest; None if none.

        One that fits becomes the latest.
        """
        first: Understood | None = None
        for known in reversed(self._known):
            found = understand(known, scan, earlier, self.written_m)
            if found.does_not_fit is None:
                self._known.remove(known)
                self._known.append(known)
                return found
            first = first or found
        return first

    def explore(
        self,
        scan: Scan,
        earlier: Sequence[Scan],
        stop: threading.Event,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Understood:
        """Explore a scan, keep what was trained, and number its types after those before.

        Raises
        ------
        InputError, StoppedError
            As `corescout.pipeline.explore` does.
        """
        result = explore(
            scan, self._plan, workers=self._workers, stop=stop, on_progress=on_progress
        )
        if self.latest is None:
            self._identities.take(result)
        else:
            before = self._types_before(result)
            now = None if before is None else types_of_points(result)
            result = self._identities.keep(result, now, before)
        known = self._keep(KnownRepresentation(result, calibrate(result)))
        read = understand(known, scan, earlier)
        return replace(
            read, result=result, novelty=novelty(result, known.calibration), does_not_fit=None
        )

    def learn(self, understood: Understood, stop: threading.Event) -> Understood:
        """Train the latest representation on what is new, from its last weights, with a replay.

        Returns the scan as it is understood afterwards; as it was where training gains nothing.

        Raises
        ------
        StoppedError
            If `stop` was set.
        """
        known = self.latest
        if known is None or understood.result is None or known.result.winner.kind != "vae":
            return understood
        learned = relearn(known, understood.result, self._replay[known.number], stop)
        if learned is None:
            return understood
        result, calibration, replay, now, before = learned
        result = self._identities.keep(result, now, before)
        self._known.remove(known)
        self._count += 1
        known = KnownRepresentation(result, calibration, self._count)
        self._known.append(known)
        self._replay[known.number] = replay
        read = understand(known, understood.scan, (), self.written_m)
        return replace(read, kind=understood.kind, findings=understood.findings)

    def ask_further(self, understood: Understood) -> tuple[Understood, str]:
        """Look for the types at hand in a scan that fits them, as further evidence.

        Returns the scan with the evidence as it is then, and what came of it; "" where nothing was
        asked.
        """
        known, read = self.latest, understood.result
        if known is None or read is None or understood.does_not_fit is not None:
            return understood, ""
        found = evidence_of(known.result, understood.scan)
        if not found.words:
            return understood, ""
        self._known[-1] = replace(known, result=found.result)
        return replace(
            understood, result=replace(read, evidence=found.result.evidence)
        ), found.words

    def adopt(self, edited: Result) -> None:
        """Go on with the types of a result as a person edited them: names, colours, merges.

        Raises
        ------
        InputError
            If it is of another representation than the one at hand.
        """
        known = self.latest
        if known is None or edited.weights is not known.result.weights:
            raise InputError(
                "types of the present representation", "those of another one", "edit them again"
            )
        result = with_types_of(edited, known.result)
        self._identities.take(result)
        self._known[-1] = replace(known, result=result)

    def _types_before(self, result: Result) -> NDArray[np.int64] | None:
        """Types of the points of a new exploration under the one before it; 0 where it has none."""
        if self.latest is None:
            return None
        try:
            old = apply(self.latest.result, result.scan, keypoints=result.keypoints)
        except InputError:
            return None
        rows = pairs_at_one_place(
            old.patches.center_yx_px, result.patches.center_yx_px, SAME_POINT_PX
        )
        before = np.zeros(len(result.patches), np.int64)
        before[rows[:, 1]] = types_of_points(old)[rows[:, 0]]
        return before

    def _keep(self, known: KnownRepresentation) -> KnownRepresentation:
        self._count += 1
        known = replace(known, number=self._count)
        self._known = [*self._known, known][-MOST_KNOWN:]
        self._replay[known.number] = replay_of(known.result)
        kept = {k.number for k in self._known}
        self._replay = {n: r for n, r in self._replay.items() if n in kept}
        return known


def with_types_of(edited: Result, result: Result) -> Result:
    """Return a result with the types of another of the same representation, as they were edited."""
    typed = edited.typed.at(result.codes, result.neighbours)
    return with_types(result, replace(typed, edited_types=typed.types))

"""One scan, from its quality to its suggestion, whatever the analysis brings."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from corescout.data import InputError, Progress, Scan, StoppedError
from corescout.live.loop.board import Board, record_of
from corescout.live.loop.inbox import Waiting
from corescout.live.loop.measuring import Measuring
from corescout.live.reading.analyst import Analyst
from corescout.live.reading.drift import Drift, drift_of
from corescout.live.reading.identity import types_of_points
from corescout.live.reading.next_scan import DoesNotFit, Understood, unusable
from corescout.live.reading.sharp_types import SharpTypes
from corescout.live.reading.tip import TipMonitor, TipReading
from corescout.live.states import name_of

LOG = logging.getLogger("corescout.live")
MOST_EARLIER = 12  # scans that a new one is compared with


class ScanWork:
    """What the worker does with a scan.

    Parameters
    ----------
    analyst : Analyst
    board : Board
    measuring : Measuring or None
    learn : bool
        Train on what is new on scans that fit.
    stopping : Event
    """

    def __init__(
        self,
        analyst: Analyst,
        board: Board,
        measuring: Measuring | None,
        learn: bool,
        stopping: threading.Event,
    ) -> None:
        self._analyst, self._board, self._measuring = analyst, board, measuring
        self._learn, self._stopping = learn, stopping
        self._tip, self._sharp = TipMonitor(), SharpTypes()
        self._earlier: list[Scan] = []

    def newest_usable(
        self, waiting: Sequence[Waiting]
    ) -> tuple[Waiting | None, tuple[Waiting, ...]]:
        """Return the last scan that is worth an analysis, and those that it supersedes.

        Noise or half a scan is set aside, and supersedes nothing.
        """
        for at in reversed(range(len(waiting))):
            if self._is_usable(waiting[at]):
                return waiting[at], tuple(waiting[:at])
        return None, ()

    def handle(self, waiting: Waiting) -> None:
        """Analyse a scan that is usable; whatever that brings, its outcome is noted."""
        try:
            self._analyse(waiting)
        except Exception as error:  # noqa: BLE001 - one scan must not end a watch
            reason = self._why_failed(error, waiting.scan)
            self._board.done(record_of(waiting, "set aside", reason), waiting.scan)

    # -- inner ----------------------------------------------------------------------------

    def _is_usable(self, waiting: Waiting) -> bool:
        """Whether a scan is worth an analysis; one that is not is set aside."""
        scan = waiting.scan
        try:
            self._board.show(stage="checking", message=_called(scan), current=scan, progress=None)
            reason = unusable(scan, self._analyst.channel)
        except Exception as error:  # noqa: BLE001 - one scan must not end a watch
            reason = self._why_failed(error, scan)
        if reason is not None:
            self._board.done(record_of(waiting, "set aside", reason), scan)
        return reason is None

    def _why_failed(self, error: Exception, scan: Scan) -> str:
        if isinstance(error, StoppedError):
            return "the watch was stopped"
        if isinstance(error, InputError):
            return str(error)
        LOG.error("the analysis of %s failed", scan.uid, exc_info=error)
        return f"the analysis failed: {type(error).__name__}: {error}"

    def _analyse(self, waiting: Waiting) -> None:
        scan = waiting.scan
        self._board.stage("analysing", _called(scan))
        drift = drift_of(scan, self._earlier)
        moved = drift.drift_m if drift is not None and drift.refused is None else None
        tip = self._tip.read(scan, self._analyst.channel or scan.default_channel, moved)
        suspect = tip is not None and tip.suspect
        understood, explored, why = self._read(scan, suspect=suspect)
        self._sharp.follow(drift)
        if understood.result is not None and understood.does_not_fit is None:
            doubt = self._sharp.doubt(understood.result, suspect=suspect)
            if doubt is not None:
                why = doubt
                understood = replace(understood, does_not_fit=DoesNotFit("material", doubt))
        self._earlier = [*self._earlier, _slim(scan, self._analyst.channel)][-MOST_EARLIER:]
        warnings = _warnings(understood, why, tip, drift)
        self._board.show(
            understood=understood, result=understood.result, drift=drift,
            tip=tuple(self._tip.readings), warnings=warnings,
        )  # fmt: skip
        self._board.stage("suggesting", _called(scan))
        targets = self._suggest(understood, drift)
        seconds = time.monotonic() - waiting.came_s  # what follows changes no target
        understood, evidence = self._ask_further(understood, suspect=suspect)
        record = replace(
            record_of(waiting, "analysed", why),
            kind=str(understood.kind),
            explored=explored,
            representation=self._analyst.latest.number if self._analyst.latest else 0,
            types=_counts(understood),
            evidence=evidence,
            wanted=self._analyst.wanted if explored or evidence else "",
            worth="" if understood.result is None else understood.result.worth,
            novel_share=_new_share(understood) if understood.novelty is not None else None,
            drift_m=moved,
            drift_since="" if drift is None else drift.since,
            drift_refused=drift.refused if drift is not None else None,
            warnings=warnings,
            tip=None if tip is None else (tip.width_ratio, tip.amplitude_ratio),
            targets=targets,
            seconds=seconds,
        )
        self._board.done(record, scan, understood)

    def _ask_further(self, understood: Understood, *, suspect: bool) -> tuple[Understood, str]:
        """Take a scan as further evidence of the types before it, and show the new grade.

        After the targets, which it does not change; not where the tip is in doubt.
        """
        if suspect:
            return understood, ""
        found, words = self._analyst.ask_further(understood)
        if words:
            self._board.show(understood=found, result=found.result)
        return found, words

    def _suggest(self, understood: Understood, drift: Drift | None) -> int:
        """Suggest on a scan whose types are to be trusted; return how many targets there are."""
        trusted = understood.does_not_fit is None
        if self._measuring is not None:
            if trusted:
                return self._measuring.suggest(understood, drift)
            self._measuring.follow(drift)
        elif trusted and understood.result is not None:
            return len(understood.result.targets)
        return 0

    def _read(self, scan: Scan, *, suspect: bool) -> tuple[Understood, bool, str]:
        """Understand a scan: (what is understood, whether it was explored anew, why).

        Where the tip is suspect nothing is learned: the same material looks new under another tip.
        """
        if self._measuring is not None:
            self._analyst.written_m = tuple(self._measuring.measured.xy_m)
        understood = self._analyst.understand(scan, self._earlier)
        if understood is None:
            return self._explore(scan, why := "no representation yet"), True, why
        unfit = understood.does_not_fit
        if unfit is not None and suspect and unfit.what == "material":
            return understood, False, f"{unfit.reason}; no new exploration: the tip has changed"
        if unfit is not None:
            return self._explore(scan, unfit.reason), True, unfit.reason
        if self._learn and understood.worth_learning and not suspect:
            new = f"{_new_share(understood):.0%} of the points are new"
            self._board.stage("learning", f"{_called(scan)}: {new}")
            learned = self._analyst.learn(understood, self._stopping)
            return learned, False, f"trained on: {new}" if learned is not understood else ""
        return understood, False, ""

    def _explore(self, scan: Scan, why: str) -> Understood:
        called = _called(scan)
        self._board.stage("exploring", f"{called}: {why}")
        said = False

        def tell(progress: Progress) -> None:
            nonlocal said
            message = f"{called}: {progress.stage}, {progress.fraction:.0%}"
            self._board.show(message=message, progress=progress)
            if progress.provisional is not None and not said:
                said = True
                self._board.say(f"{called}: {progress.provisional.in_words}")

        return self._analyst.explore(scan, self._earlier, self._stopping, tell)


def _called(scan: Scan) -> str:
    return name_of(scan) or scan.uid


def _warnings(
    understood: Understood, why: str, tip: TipReading | None, drift: Drift | None
) -> tuple[str, ...]:
    """What is in doubt: quality, types, tip, drift."""
    found = [f"{f.kind}: {f.message}" for f in understood.findings]
    if understood.does_not_fit is not None:
        found.append(f"types: {why}")
    if tip is not None and tip.warning is not None:
        found.append(f"tip: {tip.warning}")
    if drift is not None and drift.refused is not None:
        found.append(str(drift))
    return tuple(found)


def _slim(scan: Scan, channel: str | None) -> Scan:
    """What later scans are compared with: topography and the analysed channel."""
    kept = {
        name: values
        for name, values in scan.channels.items()
        if name in (channel, scan.default_channel) or scan.roles.get(name) == "topography"
    }
    return replace(scan, channels=kept, metadata={})


def _counts(understood: Understood) -> dict[int, int]:
    if understood.result is None:
        return {}
    kinds = types_of_points(understood.result)
    return {int(k): int((kinds == k).sum()) for k in sorted(set(kinds.tolist()))}


def _new_share(understood: Understood) -> float:
    return 0.0 if understood.novelty is None else understood.novelty.share

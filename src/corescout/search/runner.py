"""Where trials run: groups of candidates on worker threads, in a fixed order, within a budget.

torch lets go of the interpreter lock while it computes, so threads share the patches without a
copy and start at once, on every system. Each group is computed by one thread with one core: its
numbers do not depend on how many run beside it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from corescout.data import StoppedError
from corescout.trial import Outcome, TrialGroup, run_trials

_log = logging.getLogger(__name__)
_REPORT_EVERY_S = 0.1


@dataclass
class TrialRunner:
    """Runs groups of trials and says how far it is.

    Parameters
    ----------
    workers : int or None
        Threads; the cores of the machine if None.
    stop : Event
        Ends the run within one optimiser step.
    on_progress : callable
        Told the fraction of the expected cost that is done and the estimated seconds left, at
        most ten times a second.
    expected_cost : float
        Of everything that this runner will be given.
    """

    workers: int | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    on_progress: Callable[[float, float | None], None] | None = None
    expected_cost: float = 0.0
    _done_cost: float = field(default=0.0, init=False)
    _busy_s: float = field(default=0.0, init=False)

    def run(
        self,
        groups: Sequence[TrialGroup],
        *,
        deadline: float | None = None,
        on_group: Callable[[int, tuple[Outcome, ...] | str], None] | None = None,
    ) -> list[tuple[Outcome, ...] | str]:
        """Run the groups; return the outcomes of each, or why it failed.

        With a deadline they run in order, without one the longest first.

        Groups that could not be started before `deadline` (`time.monotonic`) are left out at the
        end of the list.

        Raises
        ------
        StoppedError
            If `stop` was set.
        """
        count = self.workers or os.cpu_count() or 1
        results: dict[int, tuple[Outcome, ...] | str] = {}
        fractions = [0.0] * len(groups)
        running: dict[Future[tuple[Outcome, ...]], int] = {}
        waiting = list(range(len(groups)))
        if deadline is None:  # the longest first, so that no core waits for one at the end
            waiting.sort(key=lambda i: -groups[i].cost)
        began = time.monotonic()

        def follow(i: int) -> Callable[[float], None]:
            def set_fraction(fraction: float) -> None:
                fractions[i] = fraction

            return set_fraction

        with ThreadPoolExecutor(count, thread_name_prefix="corescout") as pool:
            while waiting or running:
                while waiting and len(running) < count and not self._late(deadline, results):
                    i = waiting.pop(0)
                    job = pool.submit(run_trials, groups[i], self.stop, follow(i))
                    running[job] = i
                if not running:
                    break
                finished, _ = wait(running, _REPORT_EVERY_S, FIRST_COMPLETED)
                for job in sorted(finished, key=running.__getitem__):
                    i = running.pop(job)
                    fractions[i] = 1.0
                    results[i] = _outcome(job, groups[i])
                    if on_group is not None and not self.stop.is_set():
                        on_group(i, results[i])
                self._report(groups, fractions, began)
        if self.stop.is_set():
            raise StoppedError("stopped")
        self._done_cost += sum(groups[i].cost for i in results)
        self._busy_s += time.monotonic() - began
        return [results[i] for i in sorted(results)]

    def _late(self, deadline: float | None, results: dict[int, tuple[Outcome, ...] | str]) -> bool:
        if deadline is None or not results:
            return False
        return time.monotonic() - held_s(self.stop) >= deadline

    def _report(
        self, groups: Sequence[TrialGroup], fractions: Sequence[float], began: float
    ) -> None:
        if self.on_progress is None:
            return
        done = self._done_cost + sum(g.cost * f for g, f in zip(groups, fractions, strict=True))
        total = max(self.expected_cost, done)
        spent = max(0.0, self._busy_s + time.monotonic() - began - held_s(self.stop))
        left = spent * (total - done) / done if done > 0.02 * total else None
        self.on_progress(done / total if total else 0.0, left)


def held_s(stop: threading.Event) -> float:
    """Return how long whoever holds the search has held it: that is not of its budget."""
    return float(getattr(stop, "held_s", 0.0))


def _outcome(job: Future[tuple[Outcome, ...]], group: TrialGroup) -> tuple[Outcome, ...] | str:
    try:
        return job.result()
    except StoppedError:
        return "stopped"
    except (ArithmeticError, RuntimeError, ValueError) as error:
        # One candidate that cannot be fitted must not end the search; the reason is kept.
        _log.warning("%s failed: %s", group.candidates[0].label, error, exc_info=True)
        return f"{type(error).__name__}: {error}"

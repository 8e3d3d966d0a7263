"""One exploration under way: the sweep, the repeats, the null, and how far it is."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace

import numpy as np

from corescout.data import (
    Candidate,
    InputError,
    Keypoints,
    Progress,
    Provisional,
)
from corescout.plan import Plan
from corescout.preparation import Prepared
from corescout.rewards import load_reward
from corescout.search.agreement import mean_agreement, medoid
from corescout.search.decision import Decision, decide, shortlist, void_reasons
from corescout.search.direction import NOTHING_TRAINED, one_type, turns
from corescout.search.found_trials import FoundTrials
from corescout.search.proposals import BATCH, Proposals, without_proposed
from corescout.search.provisional import provisional_types
from corescout.search.runner import Store, TrialRunner, held_s
from corescout.search.tasks import Task
from corescout.trial import Outcome

_log = logging.getLogger(__name__)
SWEEP_SHARE = 0.6  # of a budget; the rest repeats the finalists and tests the evidence
REPEAT_SHARE = 0.8
SPATIAL_COST = 30  # of the spatial decoder, in average candidates
CONFIRMED = 0.4  # adjusted Rand index with the spatial decoder; seeds agree by about 0.5
SEED_STRIDE = 100  # seed of a repeat: seed + 100 times its number


class Study:
    """Runs the stages of an exploration and keeps what they found.

    Parameters
    ----------
    prepared : Prepared
    plan : Plan
    executor : Executor
        Where its trials run.
    store : Store or None
        What is known of them already, and where they are kept.
    stop : Event
    on_progress : callable or None
    began : float
        `time.monotonic` at the start, from which the budget counts.

    Attributes
    ----------
    found : FoundTrials
        What was found by now.
    """

    def __init__(
        self,
        prepared: Prepared,
        plan: Plan,
        executor: Executor,
        store: Store | None,
        stop: threading.Event,
        on_progress: Callable[[Progress], None] | None,
        began: float,
    ) -> None:
        self.prepared, self.plan, self.stop = prepared, plan, stop
        self._began, self._on_progress, self._stage = began, on_progress, "training"
        self.found = FoundTrials(without_proposed(plan, prepared.channels), plan.decision)
        for name in plan.wanted_rewards:  # one that is not there is said before any work
            load_reward(name)
        self._shown_keypoints = _on_scan(prepared)
        candidates = self.found.candidates
        first, trained = _in_order(candidates, plan.max_trials)
        self._first_tasks = {i: Task(plan, (candidates[i],)) for i in first}
        self._sweep_tasks = {i: Task(plan, (candidates[i],)) for i in trained}
        tasks = [*self._first_tasks.values(), *self._sweep_tasks.values()]
        self.provisional: Provisional | None = None
        self._last_report = 0.0
        self._fraction: tuple[float, float | None] = (0.0, None)
        self._n_proposed = 0
        cost = self._expected_cost(tasks)
        self._runner = TrialRunner(prepared.trial_data, executor, store, stop, self._moved, cost)

    # -- stages ---------------------------------------------------------------------------

    def sweep(self) -> None:
        """Try every candidate with the first seed, or as many as the budget allows.

        What needs no training comes first: its types are shown meanwhile.
        """
        self._say("training")
        for tasks in (self._first_tasks, self._sweep_tasks):
            self._run_numbered(tasks)
        if self.plan.search.method != "grid":
            self._try_proposed()
        if self._all_turned_collapsed() and self.plan.max_trials is None:
            self._sweep_one_dimension()
        found = self.found
        alive = any(o.collapsed is None for o in found.outcomes.values())
        if not alive and not self.shows_one_type:
            reasons = {o.collapsed or "" for o in found.outcomes.values()}
            raise InputError(
                "at least one representation that does not collapse",
                f"{len(found.outcomes)} of {len(found.candidates)} tried, all collapsed or failed"
                f" ({'; '.join(sorted(reasons | set(found.failures.values())))[:200]})",
                "check that the channel shows walls, or choose another with --channel",
            )

    def _run_numbered(self, tasks: Mapping[int, Task]) -> None:
        numbers = list(tasks)
        self._runner.run(
            list(tasks.values()),
            deadline=self._deadline(SWEEP_SHARE),
            on_task=lambda i, outcome: self._keep_first(numbers[i], outcome),
        )

    def _try_proposed(self) -> None:
        """Try what Optuna proposes, batch by batch, until enough were tried or time is over."""
        proposals, found = Proposals(self.plan, self.prepared.channels), self.found
        deadline = self._deadline(SWEEP_SHARE)
        tried = 0
        while proposals.left:
            now = time.monotonic() - held_s(self._runner.stop)
            if deadline is not None and tried and now >= deadline:
                break
            first = len(found.candidates)
            batch = proposals.ask(first)
            found.candidates += batch
            self._run_numbered({first + i: Task(self.plan, (c,)) for i, c in enumerate(batch)})
            trials = [t for t in found.first_trials() if t.number >= first]
            proposals.tell(trials)
            tried += sum(t.state != "not_tried" for t in trials)
        self._n_proposed = tried

    def _all_turned_collapsed(self) -> bool:
        """Whether candidates with rotation decide, and all that were trained collapsed."""
        turned = [o for o in self.found.outcomes.values() if turns(o.candidate.invariances)]
        decides = not self.plan.decision.none_decides
        return decides and bool(turned) and all(o.collapsed is not None for o in turned)

    def _sweep_one_dimension(self) -> None:
        """Try the candidates with rotation with one dimension: two were one too many."""
        wanted = [c for c in self.found.candidates if turns(c.invariances)]
        fewer = tuple(dict.fromkeys(replace(c, latent_dim=1) for c in wanted))
        fewer = tuple(c for c in fewer if c not in self.found.candidates)
        first = len(self.found.candidates)
        self.found.candidates += fewer
        self._runner.run(
            [Task(self.plan, (c,)) for c in fewer],
            deadline=self._deadline(SWEEP_SHARE),
            on_task=lambda i, outcome: self._keep_first(first + i, outcome),
        )

    @property
    def shows_one_type(self) -> bool:
        """Whether nothing is left to tell apart once the direction is taken off."""
        if not self._all_turned_collapsed():
            return False
        found = one_type(self.found.outcomes)
        if found is not None and found[1] == NOTHING_TRAINED and self._scattering_alive:
            return False  # nothing was trained, but there is what needs no training
        return found is not None

    @property
    def _scattering_alive(self) -> bool:
        return any(
            o.candidate.kind == "scattering" and o.collapsed is None
            for o in self.found.outcomes.values()
        )

    def repeat_finalists(self) -> None:
        """Train the finalists again with other seeds."""
        if self.shows_one_type:
            return
        extra = self.plan.decision.seeds - 1
        finalists = shortlist(self.found.first_trials(), self.plan.decision)
        if extra < 1 or not finalists:
            return
        self._say("seeds")
        finalists = finalists[: self.plan.max_repeated]
        # One by one on cores, so that none waits for a stack; a GPU is filled by the stack.
        together = extra if self.plan.training.device == "cuda" else 1
        repeats = range(1, 1 + extra)
        jobs = [
            (i, repeats[s : s + together]) for i in finalists for s in range(0, extra, together)
        ]
        tasks = [
            Task(self.plan, tuple(replace(c, seed=c.seed + SEED_STRIDE * s) for s in seeds))
            for c, seeds in ((self.found.candidates[i], seeds) for i, seeds in jobs)
        ]
        done: dict[tuple[int, int], Outcome] = {}

        def keep(g: int, outcome: tuple[Outcome, ...] | str) -> None:
            finalist, seeds = jobs[g]
            if not isinstance(outcome, str):
                done.update({(finalist, s): o for s, o in zip(seeds, outcome, strict=True)})
            mine = [done[finalist, s] for s in repeats if (finalist, s) in done]
            if len(mine) == extra:  # one cut short by the clock is left out: it would not repeat
                self.found.repeats[finalist] = mine
            self._report(force=True)

        self._runner.run(tasks, deadline=self._deadline(REPEAT_SHARE), on_task=keep)

    def decide(self) -> Decision:
        """Choose the winner."""
        repeats = {
            i: [self.found.trial_of(-1, o) for o in outcomes]
            for i, outcomes in self.found.repeats.items()
        }
        found = one_type(self.found.outcomes) if self.shows_one_type else None
        if found is not None:
            return Decision(found[0], {}, {}, (), (), reason=found[1])
        decision = decide(self.found.first_trials(), repeats, self.plan.decision)
        if decision is None:
            names = " and ".join(map(repr, self.plan.decision.reward_names))
            raise InputError(
                f"a candidate with a finite reward {names}",
                f"none ({void_reasons(self.found.first_trials(), self.plan.decision)})",
                "correct the reward, choose another, or smaller windows with --windows",
            )
        return decision

    def winner(self, decision: Decision) -> Outcome:
        """Return the seed of the winning candidate that agrees best with its other seeds."""
        outcomes = self.found.seeds_of(decision.winner)
        if not outcomes:  # one type: it has nothing to tell apart
            return self.found.outcomes[decision.winner]
        return outcomes[medoid([self.found.assignment(o) for o in outcomes])]

    def null_gains(self, tasks: Sequence[Task]) -> tuple[float, ...]:
        """Return the gains of surfaces without types."""
        self._say("evidence")
        results = self._runner.run(tasks, deadline=self._deadline(1.0))
        outcomes = [o for result in results if not isinstance(result, str) for o in result]
        gains = [o.rewards["gain"].value for o in outcomes]
        return tuple(g for g in gains if np.isfinite(g))[: self.plan.decision.null_surrogates]

    def confirm(self, winner: Outcome) -> tuple[str, ...]:
        """Train the winner with the paper's spatial decoder and say how well its types agree."""
        candidate = winner.candidate
        budget_end = self._deadline(1.0)
        held = held_s(self._runner.stop)
        late = budget_end is not None and time.monotonic() - held >= budget_end
        if not self.plan.decision.confirm_spatial or late:
            return ()
        if candidate.kind != "vae" or candidate.invariances == "none":
            return ()  # the two decoders differ in how they turn and shift
        self._say("confirming")
        (found,) = self._runner.run([Task(self.plan, (replace(candidate, decoder="spatial"),))])
        if isinstance(found, str) or found[0].collapsed is not None:
            why = found if isinstance(found, str) else found[0].collapsed
            return (f"not confirmed with the spatial decoder: {why}",)
        share = mean_agreement([self.found.assignment(winner), self.found.assignment(found[0])])
        word = "confirmed with" if share >= CONFIRMED else "not confirmed with"
        return (f"{word} the spatial decoder: its types agree with these by ARI {share:.2f}",)

    def train_one(self, candidate: Candidate) -> Outcome:
        """Train one candidate alone, in place of the sweep.

        Raises
        ------
        InputError
            If it failed or collapsed.
        """
        self._say("training")
        (found,) = self._runner.run([Task(self.plan, (candidate,))])
        if isinstance(found, str) or found[0].collapsed is not None:
            why = found if isinstance(found, str) else found[0].collapsed
            raise InputError(
                f"{candidate.label} trained again", str(why), "choose another candidate"
            )
        self.found.outcomes = {0: found[0]}
        return found[0]

    def executed_plan(self) -> Plan:
        """Return the plan cut to what was executed: it repeats to the same numbers."""
        changes: dict[str, object] = {"budget_s": None, "channels": self.prepared.channels}
        first = set(self._first_tasks)
        tried = len((self.found.outcomes.keys() | self.found.failures.keys()) - first)
        if self.plan.search.method != "grid":
            if self._n_proposed < self.plan.search.trials:  # cut by a budget, or nothing was left
                most = max(BATCH, self._n_proposed)
                changes["search"] = self.plan.search.model_copy(update={"trials": most})
        elif tried < len(self.found.candidates) - len(first):
            changes["max_trials"] = tried
        if self.plan.budget_s is not None:
            changes["max_repeated"] = len(self.found.repeats)
        return self.plan.model_copy(update=changes)

    # -- inner ----------------------------------------------------------------------------

    def _expected_cost(self, tasks: Sequence[Task]) -> float:
        """Cost of the whole exploration, the finalists and the null taken as average ones."""
        decision = self.plan.decision
        sweep = sum(t.cost(self.prepared.trial_data) for t in tasks)
        if self.plan.search.method != "grid":  # those that are proposed, as average ones
            grid = [c for c in self.plan.candidates(self.prepared.channels) if c.kind == "vae"]
            costs = [Task(self.plan, (c,)).cost(self.prepared.trial_data) for c in grid]
            tasks = [*tasks, *[Task(self.plan, (grid[0],))] * self.plan.search.trials]
            sweep += self.plan.search.trials * float(np.mean(costs))
        extra = decision.finalists * (decision.seeds - 1) + decision.null_surrogates
        if decision.confirm_spatial:
            extra += SPATIAL_COST
        return sweep * (1 + extra / len(tasks))

    def _deadline(self, share: float) -> float | None:
        budget = self.plan.budget_s
        return None if budget is None else self._began + share * budget

    def _keep_first(self, number: int, outcome: tuple[Outcome, ...] | str) -> None:
        if isinstance(outcome, str):
            self.found.failures[number] = outcome
        else:
            self.found.outcomes[number] = outcome[0]
        if number in self._first_tasks and not self._runner.stop.is_set():
            self._show_provisional(number)
        self._report(force=True)

    def _show_provisional(self, number: int) -> None:
        """Show the types of what needed no training, unless its codes carry nothing."""
        outcome = self.found.outcomes.get(number)
        if outcome is None or outcome.collapsed is not None:
            return
        seconds = time.monotonic() - self._began
        self.provisional = provisional_types(number, outcome, self.prepared, self.plan, seconds)
        _log.info("%s, %.1f s after the start", self.provisional.in_words, seconds)

    def _say(self, stage: str) -> None:
        if stage != self._stage or stage == "training":
            _log.info("%s, %.1f s after the start", stage, time.monotonic() - self._began)
        self._stage = stage

    def _moved(self, fraction: float, seconds_left: float | None) -> None:
        end = self._deadline(1.0)
        if end is not None:  # a budget cuts the list short: nothing takes longer than what is left
            of_budget = max(0.0, end - (time.monotonic() - held_s(self._runner.stop)))
            seconds_left = of_budget if seconds_left is None else min(seconds_left, of_budget)
        self._fraction = (fraction, seconds_left)
        self._report()

    def _report(self, *, force: bool = False) -> None:
        now = time.monotonic()
        if self._on_progress is None or self._runner.stop.is_set():
            return
        if not force and now - self._last_report < 0.1:
            return
        self._last_report = now
        fraction, left = self._fraction
        self._on_progress(
            Progress(
                self._stage,
                fraction,
                left,
                self.found.finished_trials(),
                self.found.latents_by_trial(),
                self.found.mixture_by_trial(),
                self._shown_keypoints,
                self.provisional,
            )
        )


def _in_order(candidates: Sequence[Candidate], most: int | None) -> tuple[list[int], list[int]]:
    """Numbers of the candidates that need no training, and of those that are trained after them.

    At most so many of the second, as a budget cut the list short.
    """
    at_once = [i for i, c in enumerate(candidates) if c.kind == "scattering"]
    return at_once, [i for i in range(len(candidates)) if i not in at_once][:most]


def _on_scan(prepared: Prepared) -> Keypoints:
    found = prepared.keypoints
    places = prepared.grid.to_scan_px(np.asarray(found.yx_px))
    return replace(found, yx_px=places)

"""Which candidate wins, and why: the gate, the score, the seeds, the ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corescout.data import Candidate, Reward, RunnerUp, Trial
from corescout.plan import DecisionPlan
from corescout.rewards.words import reward_words
from corescout.search.direction import keeps_direction
from corescout.search.scoring import Scoring
from corescout.search.uncertainty import ScoreSample, mean_per_block, tied_with_best

_MOST_REASONS = 3
# Rewards that choose the window by themselves; others are gated by the first of them.
_SETS_THE_WINDOW = {"context_retention", "property"}


@dataclass(frozen=True)
class Decision:
    """The chosen candidate and the reasons.

    Attributes
    ----------
    winner : int
        Place in the list of trials that was decided on.
    scores : mapping of int to float
        Mean score over seeds of every trial that competed, higher is better.
    spreads : mapping of int to float
        Standard deviation over seeds; NaN for a single one.
    tied, runners_up : tuple of RunnerUp
    front : tuple of int
        Places on the Pareto front, where several objectives are asked for.
    reason : str
        In plain words what the winner was chosen by.
    """

    winner: int
    scores: Mapping[int, float]
    spreads: Mapping[int, float]
    tied: tuple[RunnerUp, ...]
    runners_up: tuple[RunnerUp, ...]
    front: tuple[int, ...] = ()
    reason: str = ""


def shortlist(trials: Sequence[Trial], plan: DecisionPlan) -> list[int]:
    """Return the places of the finalists, best first: gated by context retention, then scored.

    With several objectives those on the Pareto front come first, the nearest to the best of each
    objective before the others.
    """
    scores = first_scores(trials, plan)
    ranks = Scoring.among(trials, plan).ranks({i: trials[i].rewards for i in scores})
    ranked = sorted(scores, key=lambda i: (ranks[i], -scores[i], i))
    return ranked[: plan.finalists]


def first_scores(trials: Sequence[Trial], plan: DecisionPlan) -> dict[int, float]:
    """Score every trial that may compete; higher is better."""
    scoring = Scoring.among(trials, plan)
    able = [i for i, trial in enumerate(trials) if trial.state == "done"]
    able = [i for i in able if np.isfinite(scoring.score(trials[i].rewards))]
    able = [i for i in able if not keeps_direction(trials[i], trials, plan)]
    able = [i for i in able if trials[i].candidate.kind != "scattering"] or able
    if plan.context_margin is not None and not _SETS_THE_WINDOW & set(plan.reward_names):
        context = {i: _value(trials[i].rewards, "context_retention") for i in able}
        known = [v for v in context.values() if np.isfinite(v)]
        if known:
            least = max(known) - plan.context_margin
            able = [i for i in able if not context[i] < least]
    return {i: scoring.score(trials[i].rewards) for i in able}


def decide(
    trials: Sequence[Trial],
    repeats: Mapping[int, Sequence[Trial]],
    plan: DecisionPlan,
) -> Decision | None:
    """Choose among the finalists by the mean over their seeds.

    Those within `tie_errors` standard errors of the best are tied, and the simplest of them wins:
    on the plateau of a reward that rises and levels off, the smallest window. The error is that
    of the difference, over seeds and over the blocks of the scan (`search.uncertainty`).

    Parameters
    ----------
    trials : sequence of Trial
        One for each candidate, of the first seed.
    repeats : mapping of int to sequence of Trial
        Further seeds of the finalists, by place in `trials`.

    Returns
    -------
    Decision or None
        None where no candidate may compete.
    """
    first = first_scores(trials, plan)
    if not first:
        return None
    scoring = Scoring.among(trials, plan)
    finalists = [i for i in shortlist(trials, plan) if i in repeats] or shortlist(trials, plan)
    samples = {i: _sample([trials[i], *repeats.get(i, ())], scoring) for i in finalists}
    means = {i: s.mean for i, s in samples.items()}
    spreads = {i: s.spread for i, s in samples.items()}
    best = max(finalists, key=lambda i: (means[i], -i))
    tied = tied_with_best(samples, plan.tie_errors)
    winner = min(tied, key=lambda i: _complexity(trials[i]))
    scores = {**first, **means}
    others = sorted(
        (i for i in scores if i not in tied), key=lambda i: (i not in finalists, -scores[i], i)
    )
    front = _front(trials, first, scoring)
    words = _Words(trials, scoring, scores, spreads, finalists)
    return Decision(
        winner=winner,
        scores=scores,
        spreads=spreads,
        tied=tuple(
            RunnerUp(trials[i].candidate, scores[i], words.tied(i, winner))
            for i in tied
            if i != winner
        ),
        runners_up=tuple(
            RunnerUp(trials[i].candidate, scores[i], words.beaten(i, best, on_front=i in front))
            for i in others
        )
        + _excluded(trials, first, scoring),
        front=front,
        reason=words.winner(winner, front),
    )


@dataclass(frozen=True)
class _Words:
    """Sentences about candidates by their place."""

    trials: Sequence[Trial]
    scoring: Scoring
    scores: Mapping[int, float]
    spreads: Mapping[int, float]
    finalists: Sequence[int]

    def number(self, i: int) -> str:
        """Score in the paper's sign."""
        return _number(self.scoring.shown(self.scores[i], self.trials[i].rewards))

    def with_spread(self, i: int) -> str:
        """Score and its spread over seeds, where there are several."""
        spread = self.spreads.get(i, float("nan"))
        return self.number(i) + (f" +- {_number(spread)}" if np.isfinite(spread) else "")

    def tied(self, i: int, winner: int) -> str:
        return f"{self.with_spread(i)} is not distinguishable from {self.with_spread(winner)}"

    def beaten(self, i: int, best: int, *, on_front: bool) -> str:
        what = self.scoring.what
        also = "on the Pareto front too, " if on_front else ""
        if i in self.finalists:
            return f"{also}{what} {self.number(i)} against {self.number(best)}"
        count = len(self.finalists)
        finalists = "the finalist" if count == 1 else f"the {count} finalists"
        return f"{also}{what} {self.number(i)} with one seed, worse than {finalists}"

    def winner(self, i: int, front: Sequence[int]) -> str:
        """What the winner was chosen by, its baselines and rivals named."""
        out = f"chosen by {self.scoring.what}: {self.with_spread(i)}"
        objectives = self.scoring.plan.objectives
        if objectives is not None:
            rewards = self.trials[i].rewards
            values = ", ".join(
                f"{reward_words(n)} {_number(_value(rewards, n))}" for n in objectives
            )
            labels = "; ".join(self.trials[j].candidate.label for j in front)
            out += f" ({values}); the Pareto front holds {len(front)} ({labels})"
        if self.trials[i].candidate.kind != "vae":
            out += f"; a baseline won, {self._best_autoencoder()}"
        return out

    def _best_autoencoder(self) -> str:
        able = [j for j in self.scores if self.trials[j].candidate.kind == "vae"]
        if not able:
            return "no autoencoder could compete"
        j = max(able, key=lambda j: self.scores[j])
        return f"the best autoencoder ({self.trials[j].candidate.label}) has {self.number(j)}"


def _front(
    trials: Sequence[Trial], competed: Mapping[int, float], scoring: Scoring
) -> tuple[int, ...]:
    """Places on the Pareto front; empty unless several objectives are asked for."""
    if scoring.plan.objectives is None:
        return ()
    ranks = scoring.ranks({i: trials[i].rewards for i in competed})
    return tuple(i for i in sorted(ranks) if ranks[i] == 0)


def _excluded(
    trials: Sequence[Trial], competed: Mapping[int, float], scoring: Scoring
) -> tuple[RunnerUp, ...]:
    """Those that did not compete, and why: what was trained well before what collapsed."""
    out = []
    for i, trial in enumerate(trials):
        if i in competed or trial.state == "not_tried":
            continue
        score = scoring.score(trial.rewards)
        reason = trial.reason or (
            _void_reason(trial, scoring.plan)
            if not np.isfinite(score)
            else "its types would be directions too, and do not decide (none_decides)"
            if keeps_direction(trial, trials, scoring.plan)
            else "it sees beyond a window and decides only where nothing else can"
            if trial.candidate.kind == "scattering"
            else "loses too much of the surroundings (context retention"
            f" {_value(trial.rewards, 'context_retention'):.2f})"
        )
        out.append(RunnerUp(trial.candidate, score, reason))
    return tuple(sorted(out, key=lambda other: not np.isfinite(other.score)))


def _void_reason(trial: Trial, plan: DecisionPlan) -> str:
    """Why a trained candidate has no score."""
    for name in plan.reward_names:
        reward = trial.rewards.get(name)
        if reward is None:
            return f"{reward_words(name)} was not computed"
        if reward.void_because is not None or not np.isfinite(reward.value):
            return f"{reward_words(name)} is void: {reward.void_because or 'not a number'}"
    return "no score"


def void_reasons(trials: Sequence[Trial], plan: DecisionPlan) -> str:
    """Say why trials have no score, each reason once with how many it is true of."""
    scoring, found = Scoring.among(trials, plan), dict[str, int]()
    for trial in trials:
        if trial.state == "done" and not np.isfinite(scoring.score(trial.rewards)):
            reason = _void_reason(trial, plan)
            found[reason] = found.get(reason, 0) + 1
    most = sorted(found.items(), key=lambda item: -item[1])[:_MOST_REASONS]
    return "; ".join(f"{count} of {len(trials)}: {reason}" for reason, count in most)


def _sample(trials: Sequence[Trial], scoring: Scoring) -> ScoreSample:
    """Scores of one candidate, one for each seed that has one."""
    scored = [t for t in trials if np.isfinite(scoring.score(t.rewards))]
    return ScoreSample(
        np.array([scoring.score(t.rewards) for t in scored]),
        mean_per_block([scoring.per_block(t.rewards) for t in scored]),
    )


def _complexity(trial: Trial) -> tuple[int, bool, int, int]:
    """Simplest first: fewer latent dimensions, a baseline, a smaller window, fewer invariances."""
    candidate: Candidate = trial.candidate
    extra = 0 if candidate.invariances == "none" else len(candidate.invariances)
    return candidate.latent_dim, candidate.kind == "vae", candidate.window_px, extra


def _value(rewards: Mapping[str, Reward], name: str) -> float:
    return rewards[name].value if name in rewards else float("nan")


def _number(value: float) -> str:
    return "?" if not np.isfinite(value) else f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"

"""Which candidate wins, and why: the gate, the score, the seeds, the ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corescout.data import Candidate, Reward, RunnerUp, Trial
from corescout.plan import DecisionPlan


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
    """

    winner: int
    scores: Mapping[int, float]
    spreads: Mapping[int, float]
    tied: tuple[RunnerUp, ...]
    runners_up: tuple[RunnerUp, ...]


def shortlist(trials: Sequence[Trial], plan: DecisionPlan) -> list[int]:
    """Return the places of the finalists, best first: gated by context retention, then scored."""
    scores = first_scores(trials, plan)
    ranked = sorted(scores, key=lambda i: (-scores[i], i))
    return ranked[: plan.finalists]


def first_scores(trials: Sequence[Trial], plan: DecisionPlan) -> dict[int, float]:
    """Score every trial that may compete; higher is better."""
    able = [i for i, trial in enumerate(trials) if trial.state == "done"]
    able = [i for i in able if np.isfinite(_score(trials[i].rewards, plan))]
    if plan.context_margin is not None:
        context = {i: _value(trials[i].rewards, "context_retention") for i in able}
        known = [v for v in context.values() if np.isfinite(v)]
        if known:
            least = max(known) - plan.context_margin
            able = [i for i in able if not context[i] < least]
    return {i: _score(trials[i].rewards, plan) for i in able}


def decide(
    trials: Sequence[Trial],
    repeats: Mapping[int, Sequence[Trial]],
    plan: DecisionPlan,
) -> Decision | None:
    """Choose among the finalists by the mean over their seeds.

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
    finalists = [i for i in shortlist(trials, plan) if i in repeats] or shortlist(trials, plan)
    samples = {i: [first[i], *_finite_scores(repeats.get(i, ()), plan)] for i in finalists}
    means = {i: float(np.mean(s)) for i, s in samples.items()}
    spreads = {
        i: float(np.std(s, ddof=1)) if len(s) > 1 else float("nan") for i, s in samples.items()
    }
    best = max(finalists, key=lambda i: (means[i], -i))
    least = means[best] - _standard_error(samples)
    tied = [i for i in finalists if means[i] >= least]
    winner = min(tied, key=lambda i: _complexity(trials[i]))
    scores = {**first, **means}
    others = sorted(
        (i for i in scores if i not in tied), key=lambda i: (i not in finalists, -scores[i], i)
    )
    return Decision(
        winner=winner,
        scores=scores,
        spreads=spreads,
        tied=tuple(
            RunnerUp(
                trials[i].candidate,
                scores[i],
                f"{_number(scores[i])} +- {_number(spreads[i])} cannot be told from"
                f" {_number(scores[winner])} +- {_number(spreads[winner])}",
            )
            for i in tied
            if i != winner
        ),
        runners_up=tuple(
            RunnerUp(
                trials[i].candidate,
                scores[i],
                f"{plan.reward} {_number(scores[i])} against {_number(scores[best])}"
                if i in finalists
                else f"{plan.reward} {_number(scores[i])} with one seed, below the"
                f" {len(finalists)} finalists",
            )
            for i in others
        )
        + _excluded(trials, first, plan),
    )


def _excluded(
    trials: Sequence[Trial], competed: Mapping[int, float], plan: DecisionPlan
) -> tuple[RunnerUp, ...]:
    out = []
    for i, trial in enumerate(trials):
        if i in competed or trial.state == "not_tried":
            continue
        reason = trial.reason or "loses too much of the surroundings (context retention" + (
            f" {_value(trial.rewards, 'context_retention'):.2f})"
        )
        out.append(RunnerUp(trial.candidate, _score(trial.rewards, plan), reason))
    return tuple(out)


def _score(rewards: Mapping[str, Reward], plan: DecisionPlan) -> float:
    """Utility of one reward, or the weighted sum of several."""
    if plan.weights is None:
        return rewards[plan.reward].utility if plan.reward in rewards else float("-inf")
    return float(sum(w * rewards[name].utility for name, w in plan.weights.items()))


def _finite_scores(trials: Sequence[Trial], plan: DecisionPlan) -> list[float]:
    scores = [_score(trial.rewards, plan) for trial in trials]
    return [score for score in scores if np.isfinite(score)]


def _standard_error(samples: Mapping[int, Sequence[float]]) -> float:
    """Standard error of the difference of two means, the variance over seeds pooled.

    Pooled, so that no candidate is out while a worse one is tied for its own wider spread.
    """
    repeated = [s for s in samples.values() if len(s) > 1]
    if not repeated:
        return 0.0
    degrees = [len(s) - 1 for s in repeated]
    variance = np.average([np.var(s, ddof=1) for s in repeated], weights=degrees)
    return float(np.sqrt(2 * variance / np.mean([len(s) for s in repeated])))


def _complexity(trial: Trial) -> tuple[float, int, int, int]:
    """Simplest first: fewer types, fewer latent dimensions, fewer invariances, smaller window."""
    candidate: Candidate = trial.candidate
    reward = trial.rewards.get("gain") or trial.rewards.get("icl")
    n_types = reward.parts.get("n_components", 0.0) if reward else 0.0
    extra = 0 if candidate.invariances == "none" else len(candidate.invariances)
    return n_types, candidate.latent_dim, extra, candidate.window_px


def _value(rewards: Mapping[str, Reward], name: str) -> float:
    return rewards[name].value if name in rewards else float("nan")


def _number(value: float) -> str:
    return "?" if not np.isfinite(value) else f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"

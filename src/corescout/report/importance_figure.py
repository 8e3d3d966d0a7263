"""Which settings of the candidates have mattered, of a search whose candidates were proposed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from corescout.data import Result
from corescout.importance import importances
from corescout.plan import Plan
from corescout.report.drawing import new_figure
from corescout.report.over_windows import sweep_trials
from corescout.rewards.words import reward_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WORDS = {"window_px": "window", "invariances": "invariances", "latent_dim": "latent dimension",
          "beta0": "weight of the KL divergence"}  # fmt: skip


def importance_figure(result: Result) -> Figure | None:
    """Shares of each deciding reward's variance that the settings explain; None of a grid."""
    plan = Plan.model_validate(result.plan) if result.plan else None
    if plan is None or plan.search.method == "grid":
        return None
    trials = sweep_trials(result)
    found = {name: importances(trials, name) for name in plan.decision.reward_names}
    found = {name: shares for name, shares in found.items() if shares}
    if not found:
        return None
    figure = new_figure(6, 0.9 + 0.5 * sum(map(len, found.values())))
    axes = figure.subplots()
    rows = [(r, s, share) for r, shares in found.items() for s, share in shares.items()]
    places = np.arange(len(rows))
    axes.barh(places, [share for *_, share in rows], color="0.6", height=0.6)
    for place, (*_, share) in zip(places, rows, strict=True):
        axes.text(share + 0.01, float(place), f"{share:.0%}", va="center", fontsize=8)
    several = len(found) > 1
    words = [f"{reward_words(r)}: {_WORDS[s]}" if several else _WORDS[s] for r, s, _ in rows]
    axes.set_yticks(places, words, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.1)
    axes.set_xlabel("share of the variance that it explains", fontsize=8)
    title = "" if several else f" ({reward_words(next(iter(found)))})"
    axes.set_title(f"What mattered{title}", fontsize=9)
    return figure

"""F6 and F7: the rewards of the Bayesian mixture, and the candidate that they like best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from corescout.colors import type_color
from corescout.cores import find_core_points, typed_by_size
from corescout.data import Result, Trial
from corescout.plan import Plan
from corescout.report.drawing import (
    ELLIPSE_SHARE,
    draw_ellipses,
    draw_latents,
    draw_scan,
    scan_beside_codes,
    set_title,
)
from corescout.report.over_windows import draw_over_windows, sweep_trials

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_REWARD = "neg_elbo_plus_h"


def f6_bayesian_rewards(result: Result) -> Figure | None:
    """Effective K, -ELBO, H and -ELBO + H over the window, the best starred."""
    names = {
        "effective_components": "effective K",
        "neg_elbo": "-ELBO (nats/point)",
        "bayesian_h": "H (nats/point)",
        _REWARD: "-ELBO + H (nats/point)",
    }
    if not result.bayesian_by_trial:
        return None
    return draw_over_windows(result, names, mark_best=True)


def f7_bayesian_types(result: Result) -> Figure | None:
    """The candidate with the best -ELBO + H: core points on the scan and in latent space."""
    best = _best_trial(result)
    if best is None:
        return None
    mixture = result.bayesian_by_trial[best.number].effective_mixture()
    z = np.asarray(result.latents_by_trial[best.number])
    typed = typed_by_size(mixture, z)
    share = Plan.model_validate(result.plan).decision.core_share
    core = find_core_points(typed, share)
    places = np.asarray(result.keypoints.yx_px)
    second = z[:, 1] if z.shape[1] > 1 else np.zeros(len(z))
    figure, (left, right) = scan_beside_codes()
    draw_scan(left, result)
    left.scatter(places[:, 1], places[:, 0], s=4, c="white", alpha=0.55, linewidths=0)
    draw_latents(right, z)
    for kind, name in enumerate(core.type_names, start=1):
        rows = core.index[core.type == kind]
        look: dict[str, Any] = {
            "s": 22,
            "c": type_color(kind),
            "edgecolors": "black",
            "linewidths": 0.5,
        }
        left.scatter(places[rows, 1], places[rows, 0], **look)
        right.scatter(z[rows, 0], second[rows], **look, label=f"{name} ({len(rows)})")
    draw_ellipses(right, mixture, typed.type_of_component)
    set_title(left, "Core points of the Bayesian mixture")
    set_title(
        right,
        f"{best.candidate.label}: {mixture.n_components} effective components (2 sigma,"
        f" {ELLIPSE_SHARE:.1%})",
    )
    right.legend(fontsize=7, loc="best", framealpha=0.85)
    return figure


def _best_trial(result: Result) -> Trial | None:
    known = [
        t
        for t in sweep_trials(result)
        if t.number in result.bayesian_by_trial
        and _REWARD in t.rewards
        and t.rewards[_REWARD].void_because is None
    ]
    return max(known, key=lambda t: t.rewards[_REWARD].utility) if known else None

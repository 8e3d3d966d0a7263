"""The model of a finished run for pyroved: as it is, or trained anew where pyroved has none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corescout.data import Candidate, InputError, Result
from corescout.data.sentences import ended
from corescout.plan import Plan, TrainingPlan


def write_model(
    result: Result, file: str | Path, say: Callable[[str], None] = lambda text: None
) -> tuple[Path, Path]:
    """Write the winner as a state dict of `pyroved.models.iVAE`, and how to build that in JSON.

    Where pyroved has no such model (canonical decoder, an angle on the circle, a round mask), its
    counterpart is trained on the run's patches: same window, invariances, seed and schedule, with
    pyroved's decoder and angle. How far its mixture agrees with the run's is said and kept in the
    JSON.

    Parameters
    ----------
    say : callable
        Told in words what is trained and how it agrees.

    Raises
    ------
    InputError
        If there is no counterpart: a baseline, several channels; or if it collapses.
    """
    from corescout.vae import specification_of, why_not_pyroved, write_pyroved

    training = TrainingPlan.model_validate(result.plan.get("training", {}))
    candidate, weights = result.winner, result.weights
    about: dict[str, object] = {
        "channel": result.channels[0],
        "zero": float(np.asarray(result.patches.normalisation.low)[0]),
        "one": float(np.asarray(result.patches.normalisation.high)[0]),
        "pitch_m": result.analysis_pitch_m,
        "scan": result.scan.source or result.scan.uid,
    }
    reason = why_not_pyroved(specification_of(candidate, training), candidate.kind)
    if reason is not None:
        _check_counterpart(result, reason)
        say(
            f"{ended('pyroved has no such model: ' + reason.partition(';')[0])} Its counterpart is"
            " trained"
        )
        candidate, training = _counterpart(candidate, training)
        weights, agreement = _trained(result, candidate, training)
        about |= {"trained_instead_of": reason, "agreement_ari": agreement}
        say(f"its mixture agrees with the run's by ARI {agreement:.2f}; 1 is the same, 0 by chance")
    spec = specification_of(candidate, training)
    return write_pyroved(file, weights, spec, kind=candidate.kind, about=about)


def _check_counterpart(result: Result, reason: str) -> None:
    if result.winner.kind != "vae" or len(result.channels) != 1:
        baseline = result.winner.kind != "vae"
        raise InputError(
            "an autoencoder of one channel, as pyroved's iVAE is", reason,
            "explore without --baselines" if baseline else "explore with one --channel",
        )  # fmt: skip


def _counterpart(candidate: Candidate, training: TrainingPlan) -> tuple[Candidate, TrainingPlan]:
    changes = {"angle_guide": "normal", "angle_prior_std_rad": 1.0, "mask": "square"}
    return replace(candidate, decoder="spatial"), training.model_copy(update=changes)


def _trained(
    result: Result, candidate: Candidate, training: TrainingPlan
) -> tuple[Mapping[str, NDArray[np.float32]], float]:
    """Weights of the counterpart, and the adjusted Rand index of its mixture with the run's."""
    from corescout.rewards.stability import adjusted_rand
    from corescout.trial import TrialGroup, run_trials
    from corescout.vae import single_threaded

    plan = Plan.model_validate(result.plan)
    group = TrialGroup(
        candidates=(candidate,),
        patch_sets=(result.patches,),
        context=np.asarray(result.fit.context),
        block=np.asarray(result.fit.block),
        training=training,
        mixtures=plan.mixtures,
        rewards=(),
    )
    with single_threaded():
        (outcome,) = run_trials(group)
    if outcome.collapsed is not None:
        raise InputError(
            "a counterpart for pyroved that does not collapse", outcome.collapsed,
            "explore with --set decoder=spatial --set training.angle_guide=normal, as 'paper' does",
        )  # fmt: skip
    mixture = result.winner_mixture
    count = min(mixture.n_components, max(outcome.fit.mixtures))
    z, theirs = result.fit.codes, outcome.fit.codes
    ours = mixture.component_of(z)
    other = outcome.fit.mixtures[count].component_of(theirs)
    return outcome.weights, float(adjusted_rand(ours, other))

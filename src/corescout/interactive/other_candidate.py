"""Another candidate than the winner, taken by a person: its types, evidence and targets."""

from __future__ import annotations

from dataclasses import replace

from corescout.data import Candidate, InputError, Result
from corescout.pipeline import explore
from corescout.plan import Plan
from corescout.plan_changes import did_you_mean


def take(result: Result, wanted: Candidate | str | int, workers: int | None = None) -> Result:
    """Explore with one candidate alone, on the same key points; the trials of before are kept.

    Raises
    ------
    InputError
        If there is no such candidate.
    """
    candidate = _candidate(result, wanted)
    baseline = candidate.kind != "vae"
    plan = Plan.model_validate(result.plan)
    alone = plan.model_copy(
        update={
            "windows_px": (candidate.window_px,),
            "latent_dims": (candidate.latent_dim,),
            "invariances": () if baseline else (candidate.invariances,),
            "baselines": (candidate.kind,) if baseline else (),
            "max_trials": None,
            "max_repeated": None,
            "decision": plan.decision.model_copy(update={"types": "winner"}),
        }
    )
    found = explore(result.scan, alone, keypoints=result.keypoints, workers=workers)
    note = f"{candidate.label} was taken by hand instead of {result.winner.label}"
    return replace(
        found,
        keypoints=result.keypoints,
        trials=result.trials,
        latents_by_trial=result.latents_by_trial,
        mixture_by_trial=result.mixture_by_trial,
        bayesian_by_trial=result.bayesian_by_trial,
        tied=result.tied,
        runners_up=result.runners_up,
        notes=(*found.notes, note),
    )


def _candidate(result: Result, wanted: Candidate | str | int) -> Candidate:
    known = {t.candidate.label: t.candidate for t in reversed(result.trials)}
    if isinstance(wanted, Candidate) and wanted in known.values():
        return wanted
    if isinstance(wanted, str) and wanted in known:
        return known[wanted]
    if isinstance(wanted, int):
        by_number = {t.number: t.candidate for t in result.trials}
        if wanted in by_number:
            return by_number[wanted]
    labels = list(dict.fromkeys(t.candidate.label for t in result.trials))
    hint = did_you_mean(wanted, labels) if isinstance(wanted, str) else ""
    raise InputError(
        f"one of the candidates {'; '.join(labels) or '(none: it was applied)'}",
        getattr(wanted, "label", repr(wanted)),
        hint or "choose one of these",
    )

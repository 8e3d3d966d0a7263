"""Another candidate taken up by hand, in place of the one that the search decided on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from corescout.cores import find_core_points
from corescout.data import InputError, Neighbours, Progress, Result, TypedPoints
from corescout.pipeline import types_with_evidence
from corescout.plan import Plan
from corescout.preparation import prepare
from corescout.rewards.evidence import with_evidence
from corescout.search.decision import Decision
from corescout.search.executors import Threads
from corescout.search.study import Study
from corescout.search.verdict import verdict
from corescout.search.whose_types import WhoseTypes
from corescout.targets import choose_targets
from corescout.vae import single_threaded


def choose_candidate(
    result: Result,
    number: int,
    *,
    workers: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> Result:
    """Return the result that another candidate of a search makes, as if it had won.

    It is trained again with its own seed, to the same codes, because only the winner's network is
    kept; then its types are held against surfaces without types.

    Parameters
    ----------
    result : Result
        Of the search.
    number : int
        Of the trial.
    workers, on_progress, stop
        As of `corescout.pipeline.explore`.

    Raises
    ------
    InputError
        If that trial has no codes.
    StoppedError
        If `stop` was set.
    """
    trial = next((t for t in result.trials if t.number == number), None)
    if trial is None or number not in result.mixture_by_trial:
        raise InputError("a candidate with codes", f"number {number}", "choose another candidate")
    began, plan = time.monotonic(), Plan.model_validate(result.plan)
    with single_threaded():
        drawn = result.keypoints if result.keypoints.source == "drawn" else None
        prepared = prepare(result.scan, plan, drawn)
        with Threads(workers) as executor:
            study = Study(
                prepared, plan, executor, None, stop or threading.Event(), on_progress, began
            )
            chosen = study.train_one(trial.candidate)
            mixture, types, evidence = types_with_evidence(study, chosen)
    around = Neighbours.around(np.asarray(chosen.fit.center_yx_px))
    typed = TypedPoints(chosen.fit.codes, mixture, types, near=around)
    cores = find_core_points(typed, plan.decision.core_share, clear=plan.decision.clear_cores)
    patches = replace(
        prepared.patches(chosen.candidate.window_px),
        center_yx_px=prepared.grid.to_scan_px(np.asarray(chosen.fit.center_yx_px)),
    )
    reason = f"chosen by hand; the search had decided on {result.winner.label}"
    return replace(
        result,
        patches=patches,
        winner=chosen.candidate,
        fit=chosen.fit,
        weights=chosen.weights,
        mixture=mixture,
        type_of_component=types,
        core_points=cores,
        targets=choose_targets(prepared.scan, patches.center_yx_px, typed, cores, plan.targets),
        evidence=evidence,
        why=verdict(
            chosen.candidate,
            Decision(number, {}, {}, (), (), reason=reason),
            evidence,
            int(types.max()),
            WhoseTypes(None, None, 1),
            prepared.grid,
            result.trials,
        ),
        tied=(),
        runners_up=(),
        trials=with_evidence(result.trials, chosen.candidate, evidence),
        seconds=time.monotonic() - began,
        edited_types=None,
        votes=None,
        notes=(*result.notes, reason),
    )

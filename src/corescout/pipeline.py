"""The paper on one page: from a scan to its types, core points and targets."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corescout.cores import find_core_points
from corescout.data import (
    Evidence,
    Keypoints,
    Mixture,
    Neighbours,
    Progress,
    Result,
    Scan,
    StoppedError,
    TypedPoints,
)
from corescout.edits import with_types
from corescout.further_scans import FurtherScan, checks_of, turned_words
from corescout.mixtures import check_mixtures
from corescout.plan import Plan
from corescout.preparation import Prepared, plan_on, prepare
from corescout.readers import read_scan
from corescout.report import write_report
from corescout.rewards.evidence import with_evidence
from corescout.runs import write_run
from corescout.same_place import FirstScan, found_there, instrument_change
from corescout.search import (
    PlaceAgreement,
    Places,
    agreement_of,
    judge,
    settled,
    surrogate_tasks,
    waves,
)
from corescout.search.evidence import without_claim_of_scattering
from corescout.search.excluded import with_checks
from corescout.search.executors import Threads
from corescout.search.grade import graded
from corescout.search.lateral import without_rotation
from corescout.search.proposals import without_proposed
from corescout.search.provisional import follow, typed_outcome
from corescout.search.runner import Store
from corescout.search.shown import asked_of_shown
from corescout.search.study import Study
from corescout.search.turned import asked_of_turned
from corescout.search.verdict import applied_verdict, verdict, void_own_rewards
from corescout.search.whose_types import whose_types
from corescout.targets import choose_targets, without_target
from corescout.trial import Outcome
from corescout.vae import check_device, check_engine, single_threaded, specification_of

OnProgress = Callable[[Progress], None]
_log = logging.getLogger(__name__)


def explore(
    scan: Scan | str | Path,
    plan: Plan | None = None,
    *,
    keypoints: Keypoints | None = None,
    workers: int | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
    executor: Executor | None = None,
    store: Store | None = None,
    further: Sequence[FurtherScan] = (),
) -> Result:
    """Find the representation in which a scan falls into few, well separated types.

    Parameters
    ----------
    scan : Scan or path
    plan : Plan, optional
        `Plan.preset("live")` if None.
    keypoints : Keypoints, optional
        On the scan's own pixels; found by the plan's detector if None.
    workers : int, optional
        Threads; the number of cores if None. The numbers do not depend on it.
    on_progress : callable, optional
        Told a frozen `Progress`, at most ten times a second, on the calling thread.
    stop : threading.Event, optional
        Ends the work within about a second.
    executor : Executor, optional
        Where trials run (`search.executors`), instead of `workers` threads; it is left open.
    store : Store, optional
        Where finished trials are kept, such as the `Record` of a run folder: those that are there
        are not computed again.
    further : sequence of FurtherScan, optional
        Repeats of the place, wider scans or areas beside it, in which the types are looked for:
        what these exclude can raise the grade of the evidence, or lower it.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        If the scan cannot be used; the text says what to do.
    StoppedError
        If `stop` was set; it carries the trials that were finished.
    """
    plan = plan or Plan.preset("live")
    began = time.monotonic()
    with single_threaded():
        scan = scan if isinstance(scan, Scan) else _read(scan, plan, plan.channels)
        plan = plan_on(plan, scan)
        prepared = prepare(scan, plan, keypoints)
        _check_engine(prepared, plan)
        if executor is None or isinstance(executor, Threads):
            check_mixtures(plan.mixtures)
            check_device(plan.training)  # other executors train elsewhere, and say it there
        _say_begin(prepared, plan)
        plan, lateral = without_rotation(plan, prepared.channels, prepared.scan.roles)
        with ExitStack() as opened:
            where = executor or opened.enter_context(Threads(workers))
            study = Study(
                prepared, plan, where, store, stop or threading.Event(), on_progress, began
            )
            try:
                study.sweep()
                study.repeat_finalists()
                decision = study.decide()
                winner = study.winner(decision)
                mixture, types, evidence = (
                    _one_type(winner, decision.reason)
                    if study.shows_one_type
                    else types_with_evidence(study, winner)
                )
                whose = whose_types(
                    study.found, decision, winner, (mixture, types), study.plan, study.stop
                )
                evidence = asked_of_shown(evidence, whose.together, study.plan)
                confirmation = study.confirm(winner)
            except StoppedError as stopped:
                raise StoppedError("stopped", study.found.finished_trials()) from stopped
    _log.info("decided on %s after %.1f s", winner.candidate.label, time.monotonic() - began)
    followed: tuple[str, ...] = ()
    together = whose.together
    around = Neighbours.around(np.asarray(winner.fit.center_yx_px))
    if whose.type_of_component is not None:
        types = whose.type_of_component
    alone = TypedPoints(winner.fit.codes, mixture, types, near=around)
    typed = alone if together is None else together.typed
    if study.provisional is not None and winner.candidate.kind != "scattering":
        before = np.asarray(study.provisional.typed.types.of_point)
        same = follow(before, typed.component, typed.type_of_component)
        typed, followed = replace(typed, type_of_component=same.type_of_component), (same.words,)
    types = typed.type_of_component
    cores = find_core_points(typed, plan.decision.core_share, clear=plan.decision.clear_cores)
    patches = replace(
        prepared.patches(winner.candidate.window_px),
        center_yx_px=prepared.grid.to_scan_px(np.asarray(winner.fit.center_yx_px)),
    )
    targets = choose_targets(prepared.scan, patches.center_yx_px, typed, cores, plan.targets)
    untold = without_target(
        prepared.scan, patches.center_yx_px, typed, cores, plan.targets, targets
    )
    trials = with_evidence(study.found.all_trials(), winner.candidate, evidence)

    def why(evidence: Evidence) -> str:
        return verdict(
            winner.candidate,
            decision,
            evidence,
            int(types.max()),
            whose,
            prepared.grid,
            trials,
            study.found.void_reasons(),
        )

    result = Result(
        scan=prepared.scan,
        channels=prepared.channels,
        keypoints=replace(
            prepared.keypoints, yx_px=prepared.grid.to_scan_px(np.asarray(prepared.keypoints.yx_px))
        ),
        patches=patches,
        analysis_pitch_m=prepared.grid.pitch_m,
        winner=winner.candidate,
        fit=winner.fit,
        weights=winner.weights,
        mixture=typed.mixture,
        type_of_component=types,
        core_points=cores,
        targets=targets,
        evidence=evidence,
        why=why(evidence),
        tied=decision.tied,
        runners_up=decision.runners_up,
        trials=trials,
        latents_by_trial=study.found.latents_by_trial(),
        mixture_by_trial=study.found.mixture_by_trial(),
        bayesian_by_trial=study.found.bayesian_by_trial(),
        plan=study.executed_plan().model_dump(mode="json"),
        seconds=time.monotonic() - began,
        line_faults=prepared.line_faults,
        votes=None if together is None else together.votes,
        notes=(
            *prepared.notes,
            *lateral,
            *_at_the_edge(typed.mixture, plan),
            *_by_chance(winner, plan),
            *confirmation,
            *followed,
            *untold,
            *void_own_rewards(trials, plan.wanted_rewards),
        ),
    )
    checked = with_checks(evidence, checks_of(result, further, plan))
    if checked is evidence:
        return result
    return replace(result, evidence=checked, why=why(checked), seconds=time.monotonic() - began)


def save(result: Result, folder: str | Path, *, overwrite: bool = False, log: str = "") -> Path:
    """Write a result with its report to a run folder, whole or not at all; return the folder.

    Raises
    ------
    InputError
        If the folder exists and `overwrite` is not set, or the disk is full.
    """
    return write_run(result, folder, overwrite=overwrite, log=log, add_files=(write_report,))


def apply(
    result: Result,
    scan: Scan | str | Path,
    *,
    keypoints: Keypoints | None = None,
    match_instrument: bool = True,
    first: FirstScan | None = None,
) -> Result:
    """Find the types of a finished exploration on another scan, without training.

    Grey levels are those of the exploration, and the window keeps its size on the sample: the scan
    is resampled to the pitch that the representation was trained at.

    Parameters
    ----------
    result : Result
    scan : Scan or path
    keypoints : Keypoints, optional
        On the scan's own pixels; found by the plan's detector if None.
    match_instrument : bool
        Where the scan shows the same place, take another gain and another sharpness of the tip as
        changes of the microscope; False: of the sample.
    first : FirstScan, optional
        Of this result, where many scans are read with it: what is the same for all is kept.

    Raises
    ------
    InputError
        If the scan has no such channel, no scale while the exploration had one, or no key points.
    """
    began = time.monotonic()
    plan = Plan.model_validate(result.plan)
    scan = scan if isinstance(scan, Scan) else _read(scan, plan, result.channels)
    first = FirstScan(result) if first is None or first.result is not result else first
    change = instrument_change(first, scan if match_instrument else None)
    found, typed, change = found_there(first, change, scan, keypoints)
    applied = replace(
        result,
        scan=found.scan,
        keypoints=found.keypoints,
        patches=found.patches,
        fit=found.fit,
        votes=found.votes,
        mixture=typed.mixture,
        edited_types=typed.edited_types,
        why=applied_verdict(result, typed),
        trials=(),
        latents_by_trial={},
        mixture_by_trial={},
        bayesian_by_trial={},
        notes=(*found.notes, *change.in_words, *turned_words(result, found.scan)),
        line_faults=found.line_faults,
    )
    return replace(with_types(applied, plan=plan), seconds=time.monotonic() - began)


def _check_engine(prepared: Prepared, plan: Plan) -> None:
    """Refuse candidates that the engine has no model for, before anything is trained."""
    if plan.training.engine == "pyroved":
        for candidate in plan.candidates(prepared.channels):
            spec = specification_of(candidate, plan.training)
            check_engine(spec, plan.training, candidate.kind)


def _say_begin(prepared: Prepared, plan: Plan) -> None:
    scan = prepared.scan
    height, width = scan.shape_px
    _log.info("scan %s: %d x %d px, channels %s", scan.source or scan.uid, width, height,
              ", ".join(scan.channels))  # fmt: skip
    _log.info("plan %s", plan.model_dump_json())
    count = len(without_proposed(plan, prepared.channels))
    more = f" and {plan.search.trials} that {plan.search.method} proposes"
    _log.info("%d key points, %d candidates%s", len(prepared.keypoints), count,
              "" if plan.search.method == "grid" else more)  # fmt: skip


def _at_the_edge(mixture: Mixture, plan: Plan) -> tuple[str, ...]:
    """Say that the mixture has as many components as were allowed: more might fit better."""
    most = plan.mixtures.max_components
    if mixture.n_components < most or most == 1:
        return ()
    return (f"the mixture has {most} components, the most that were tried (max_components)",)


def _by_chance(winner: Outcome, plan: Plan) -> tuple[str, ...]:
    """Say that codes tell nothing of the property that they were chosen by."""
    asked = winner.rewards.get("property") if "property" in plan.decision.reward_names else None
    if asked is None or plan.measured is None or asked.parts.get("predicts", 1.0):
        return ()
    return (
        f"the codes tell {plan.measured.name} no better than its mean (R² {asked.value:.2f} +-"
        f" {asked.parts['standard_error']:.2f}): the choice by it is one by chance",
    )


def _one_type(winner: Outcome, reason: str) -> tuple[Mixture, NDArray[np.int64], Evidence]:
    """All points as one type, where nothing but the direction differs."""
    return winner.fit.mixtures[1], np.ones(1, np.int64), Evidence(1.0, 0.0, (), False, reason)


def types_with_evidence(
    study: Study, winner: Outcome
) -> tuple[Mixture, NDArray[np.int64], Evidence]:
    """Return the winner's mixture, the type of each component, and whether there are types.

    Without evidence those that keep to their own places are shown as possible types; where none
    do, the mixture has one component, and all points are of one type.
    """
    z, yx = winner.fit.codes, np.asarray(winner.fit.center_yx_px)
    places = Places.of(yx, winner.candidate.window_px)
    typed = typed_outcome(winner, study.plan.decision)
    mixture, types = typed.mixture, np.asarray(typed.type_of_component)
    agreement = agreement_of(winner.fit.mixtures, winner.rewards, z, places, study.plan.decision)
    evidence = _evidence(study, winner, agreement)
    evidence = asked_of_turned(evidence, study.prepared, winner, mixture, types, study.plan)
    possible = study.plan.decision.possible_types and evidence.keeps_to_places
    if evidence.has_types or possible:
        return mixture, types, evidence
    return winner.fit.mixtures[1], np.ones(1, np.int64), evidence


def _evidence(study: Study, winner: Outcome, places: PlaceAgreement) -> Evidence:
    """Ask whether the types lie apart, and compare the gain with surfaces without types."""
    plan = study.plan
    gain = study.found.mean_gain(winner)
    null_gains: tuple[float, ...] = ()
    for numbers in waves(plan):
        if settled(gain, null_gains, plan, places):
            break
        null_gains += study.null_gains(surrogate_tasks(winner.candidate, plan, numbers))
    judged = judge(gain, null_gains, plan, places)
    judged = without_claim_of_scattering(judged, winner.candidate)
    fit = winner.fit
    return graded(judged, study.prepared, plan.decision, fit.codes, np.asarray(fit.center_yx_px))


def _read(path: str | Path, plan: Plan, channels: Sequence[str] | None) -> Scan:
    """Read the scan of a file that has the first channel that is asked for."""
    first = channels[0] if channels else None
    return read_scan(path, pixel_size_m=plan.pixel_size_m, channel=first)

"""Read a run folder back to the result it was written from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from corescout.data import (
    Candidate,
    Evidence,
    EvidenceCheck,
    InputError,
    Result,
    Reward,
    RunnerUp,
    ShownPlaces,
    Target,
    Trial,
)
from corescout.data.bounds import bounded_npz, own_h5, regular_file
from corescout.fit_arrays import fit_from_h5, mixture_from_h5
from corescout.plan import not_known
from corescout.runs import layout
from corescout.runs.arrays import (
    bayesian_by_trial_from_h5,
    core_points_from_h5,
    keypoints_from_h5,
    latents_by_trial_from_h5,
    line_faults_from_h5,
    mixture_by_trial_from_h5,
    patches_from_h5,
    scan_from_h5,
    types_from_h5,
    votes_from_h5,
)
from corescout.runs.record import is_unfinished


def read_run(folder: str | Path) -> Result:
    """Return the result of a run folder; its scan holds the analysed channels.

    Raises
    ------
    InputError
        If it is no finished run, a file is damaged, or a newer Corescout wrote it.
    """
    path = Path(folder)
    for file in (path / layout.DECISION, path / layout.RESULT):
        if file.exists():
            regular_file(file)
    if not layout.is_run(path) and is_unfinished(path):
        raise InputError(
            "the folder of a finished run",
            f"{path}, an exploration that was not finished",
            f"go on with it: corescout explore --resume {path}",
        )
    if not layout.is_run(path) and (path / layout.PLAN).is_file():
        raise InputError(
            "the folder of a finished run",
            f"{path}, which was stopped before it was decided",
            f"explore the scan again with --plan {path / layout.PLAN} --overwrite",
        )
    if not layout.is_run(path):
        raise InputError(
            f"the folder of a finished run ({layout.DECISION}, {layout.RESULT})",
            f"{path}" + ("" if path.exists() else ", which does not exist"),
            "give the folder that 'corescout explore' wrote",
        )
    try:
        decision = _json(path, layout.DECISION)
        _check_version(decision.get("format_version"), path)
        _check_plan(path)
        return _result(path, decision)
    except InputError:
        raise
    except (
        OSError, ValueError, KeyError, TypeError, AttributeError, BadZipFile, RecursionError
    ) as error:  # fmt: skip
        raise InputError(
            f"an undamaged run in {path}", f"{type(error).__name__}: {error}", "run it again"
        ) from error


def _check_version(version: object, path: Path) -> None:
    if not isinstance(version, int) or version > layout.FORMAT_VERSION:
        raise InputError(
            f"a run of format version {layout.FORMAT_VERSION} or older",
            f"version {version} in {path}",
            "update Corescout",
        )


def _check_plan(path: Path) -> None:
    """Refuse a plan with fields that this version does not know: it cannot be followed."""
    unknown = not_known(_json(path, layout.PLAN))
    if unknown is not None:
        raise InputError(
            "a run of this version of Corescout",
            f"{path}, whose plan says {unknown}",
            "explore the scan again, or use the version that wrote it (decision.json)",
        )


def _result(path: Path, decision: dict[str, Any]) -> Result:
    winner = _candidate(decision["winner"])
    channels = tuple(decision["channels"])
    with bounded_npz(path / layout.WEIGHTS) as stored:
        kept = {name: stored[name] for name in stored.files}
    with own_h5(path / layout.RESULT) as file:
        arrays: dict[str, Any] = {
            "scan": scan_from_h5(file),
            "keypoints": keypoints_from_h5(file),
            "patches": patches_from_h5(file, channels),
            "fit": fit_from_h5(file, winner),
            "mixture": mixture_from_h5(file["mixture"]),
            "type_of_component": file["type_of_component"][()],
            "core_points": core_points_from_h5(file),
            "latents_by_trial": latents_by_trial_from_h5(file),
            "mixture_by_trial": mixture_by_trial_from_h5(file),
            "edited_types": types_from_h5(file),
            "line_faults": line_faults_from_h5(file),
            "bayesian_by_trial": bayesian_by_trial_from_h5(file),
            "votes": votes_from_h5(file, decision.get("consensus"), kept),
        }
    return Result(
        channels=channels,
        analysis_pitch_m=decision["analysis_pitch_m"],
        winner=winner,
        weights={n: w for n, w in kept.items() if not n.startswith("consensus.")},
        targets=_targets(_json(path, layout.TARGETS_JSON)),
        evidence=evidence_of(decision["evidence"]),
        why=decision["why"],
        tied=tuple(_runner_up(r) for r in decision["tied"]),
        runners_up=tuple(_runner_up(r) for r in decision["runners_up"]),
        trials=tuple(_trial(t) for t in _json(path, layout.TRIALS)),
        plan=_json(path, layout.PLAN),
        seconds=decision["seconds"],
        notes=tuple(decision["notes"]),
        **arrays,
    )


def evidence_of(values: dict[str, Any]) -> Evidence:
    """Return the evidence that a decision's table holds; what an older one lacks is unknown."""
    return Evidence(
        p_value=_number(values["p_value"]),
        gain=_number(values["gain"]),
        null_gains=tuple(values["null_gains"]),
        has_types=values["has_types"],
        reason=values["reason"],
        agreement=_number(values.get("agreement")),
        agreement_error=_number(values.get("agreement_error")),
        keeps_to_places=values.get("keeps_to_places", False),
        grade=values.get("grade", ""),
        drift_share=_number(values.get("drift_share")),
        trend_share=_number(values.get("trend_share")),
        code_trend=_number(values.get("code_trend")),
        correlation_lengths=_number(values.get("correlation_lengths")),
        checks=tuple(_check(c) for c in values.get("checks", ())),
        alone=None if values.get("alone") is None else evidence_of(values["alone"]),
        shown=None if values.get("shown") is None else _shown(values["shown"]),
    )


def _shown(values: dict[str, Any]) -> ShownPlaces:
    near, far = values["distance_px"]
    figures = {n: _number(values[n]) for n in ("agreement", "agreement_error", "p_value")}
    return ShownPlaces(**figures, keep_to_places=values["keep_to_places"], distance_px=(near, far))


def _json(path: Path, name: str) -> Any:
    return json.loads(regular_file(path / name).read_text("utf-8"))


def _candidate(values: dict[str, Any]) -> Candidate:
    return Candidate(**{**values, "channels": tuple(values["channels"])})


def _check(values: dict[str, Any]) -> EvidenceCheck:
    figures = ("agreement", "agreement_error", "p_value", "cells")
    return EvidenceCheck(**{**values, **{name: _number(values[name]) for name in figures}})


def _trial(values: dict[str, Any]) -> Trial:
    rewards = {
        name: Reward(
            name,
            _number(r["value"]),
            r["better"],
            {part: _number(v) for part, v in r["parts"].items()},
            r["void_because"],
        )
        for name, r in values["rewards"].items()
    }
    return Trial(
        values["number"],
        _candidate(values["candidate"]),
        values["state"],
        rewards,
        values["seconds"],
        values["reason"],
    )


def _targets(table: Any) -> tuple[Target, ...]:
    """Targets of a table; format version 1 had their list alone."""
    rows = table["targets"] if isinstance(table, dict) else table
    return tuple(_target(row) for row in rows)


def _target(values: dict[str, Any]) -> Target:
    x_m, y_m = values["x_m"], values["y_m"]
    return Target(
        uid=values["uid"],
        scan_uid=values["scan_uid"],
        yx_px=(values["y_px"], values["x_px"]),
        xy_m=None if x_m is None or y_m is None else (x_m, y_m),
        type=values["type"],
        number=values.get("number", values.get("priority", 0)),  # its name before
        action=values["action"],
        settings=values["settings"],
        reason=values.get("reason", ""),
    )


def _runner_up(values: dict[str, Any]) -> RunnerUp:
    return RunnerUp(_candidate(values["candidate"]), _number(values["score"]), values["reason"])


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)

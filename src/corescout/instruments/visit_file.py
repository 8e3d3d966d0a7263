"""Plans of visits as files: written by a script, approved by a person."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from corescout.data import InputError, ScanFrame, Target
from corescout.data.bounds import regular_file
from corescout.instruments.visit_plan import DriftCheck, VisitPlan

FORMAT = "corescout visits 1"


def write_visits(plan: VisitPlan, path: str | Path) -> Path:
    """Write a plan of visits with its digest; nothing is sent and nothing is approved by it.

    Raises
    ------
    FileExistsError
        If the file is there: what was approved is not replaced.
    """
    target = Path(path)
    content = {"format": FORMAT, "digest": plan.digest, "plan": json.loads(plan.canonical())}
    with target.open("x", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(content, indent=2) + "\n")
    return target


def read_visits(path: str | Path) -> VisitPlan:
    """Read a plan of visits back; its digest is held against its content.

    `Session.preview` shows it and sends nothing; `Session.approve` takes its digest.

    Raises
    ------
    InputError
        If it is no such file, or was changed after it was written.
    """
    file = Path(path)
    try:
        said: dict[str, Any] = json.loads(regular_file(file).read_text(encoding="utf-8"))
        if said["format"] != FORMAT:
            raise ValueError(f"its format is {said['format']!r}")
        plan = _plan(said["plan"])
        whole = plan.digest == said["digest"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            "a plan of visits", f"{file.name} ({type(error).__name__}: {error})"[:200],
            "write it again with write_visits",
        ) from error  # fmt: skip
    if not whole:
        raise InputError(
            "a plan of visits as it was written", f"{file.name}, which was changed",
            "write it again with write_visits",
        )  # fmt: skip
    return plan


def _plan(values: dict[str, Any]) -> VisitPlan:
    frame, check = values["frame"], values["drift_check"]
    places = {n: tuple(frame[n]) for n in ("shape_px", "pitch_m", "center_m", "assumed")}
    return VisitPlan(
        **{
            **values,
            "frame": ScanFrame(angle_rad=frame["angle_rad"], **places),
            "targets": tuple(_target(t) for t in values["targets"]),
            "expires_at": datetime.fromisoformat(values["expires_at"]),
            "drift_check": None if check is None else _drift_check(check),
        }
    )


def _target(values: dict[str, Any]) -> Target:
    places = {name: tuple(values[name]) for name in ("yx_px", "xy_m")}
    return Target(**{**values, **places})


def _drift_check(values: dict[str, Any]) -> DriftCheck:
    places = {n: tuple(v) for n, v in values.items() if isinstance(v, list)}
    return DriftCheck(**{**values, **places})

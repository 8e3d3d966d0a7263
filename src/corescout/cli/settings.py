"""`--set training.epochs=80`: any setting of a plan by its dotted name; and what was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corescout.data import InputError
from corescout.quantities import length_m, names, time_s

if TYPE_CHECKING:
    from corescout.plan import Plan
    from corescout.plan_changes import PlanError

Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE",
        help="A setting of the plan, such as training.epochs=80; several times for several.",
    ),
]  # fmt: skip


def with_settings(plan: Plan, given: list[str]) -> Plan:
    """Return the plan with settings changed.

    Values are JSON, words, or lists with commas; metres and seconds take a unit.

    Raises
    ------
    InputError
        If a text is no setting, or names one that was set before.
    """
    seen: set[str] = set()
    for text in given:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name:
            raise InputError("NAME=VALUE for --set", repr(text), "such as training.epochs=80")
        if name in seen:
            raise InputError(f"one value of {name}", "--set twice", "leave one out")
        seen.add(name)
        plan = _changed(plan, name, value)
    return plan


def _changed(plan: Plan, name: str, text: str) -> Plan:
    """The plan with the first reading of the text that fits the setting."""
    from corescout.plan_changes import PlanError

    errors: list[PlanError] = []
    for value in _readings(name, text):
        try:
            return plan.changed(name, value)
        except PlanError as error:
            errors.append(error)
    raise errors[0]


def _readings(name: str, text: str) -> list[object]:
    readings: list[object] = []
    if text and text[-1].isalpha():
        units = {"_m": length_m, "_s": time_s}
        read = units.get(name[-2:])
        if read is not None and text[0].isdigit():
            return [read(text, f"--set {name}")]
    try:
        readings.append(json.loads(text))
    except ValueError:
        readings.append(text)
    if text.lower() in ("true", "false"):
        readings.append(text.lower() == "true")
    if text in ("None", "none"):
        readings.append(None)
    return [*readings, text, names(text)]


def measured_setting(table: Path | None, name: str | None) -> dict[str, object] | None:
    """Return what was measured, as a plan keeps it."""
    if table is None:
        if name is not None:
            raise InputError("--measurements FILE with --property", "none", "give the table")
        return None
    from corescout.steering import measured_plan

    return measured_plan(table, name or "coercive_bias_v").model_dump()

"""The plan that the settings of the steps make: a preset with their changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from corescout.plan import Plan

if TYPE_CHECKING:
    from corescout.gui.steps.step import Step


def plan_of(steps: dict[str, Step], channels: tuple[str, ...] | None) -> Plan:
    """Return the plan of the steps' settings.

    Raises
    ------
    ValueError
        If a setting cannot be used.
    """
    given: dict[str, Any] = {}
    for step in steps.values():
        given = merged(given, step.plan_values())
    plan = Plan.preset(given.pop("preset_name", "live"))
    values = merged(plan.model_dump(), given)
    return Plan.model_validate(values | {"channels": channels})


def merged(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested values with nested changes."""
    result = dict(values)
    for name, change in changes.items():
        below = result.get(name)
        if isinstance(change, dict) and isinstance(below, dict):
            change = merged(below, change)
        result[name] = change
    return result

"""The plan that the settings of the steps make: a preset with their changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from corescout.plan import Plan


def plan_of_steps(values: Iterable[Mapping[str, Any]], channels: tuple[str, ...] | None) -> Plan:
    """Return the plan of what each step gives to it.

    Parameters
    ----------
    values : iterable of mapping
        As `plan_values` of the settings returns them, in the order of the steps.
    channels : tuple of str or None
        To analyse.

    Raises
    ------
    ValueError
        If a setting cannot be used.
    """
    given: dict[str, Any] = {}
    for part in values:
        given = merged(given, part)
    plan = Plan.preset(given.pop("preset_name", "live"))
    changed = merged(plan.model_dump(), given)
    return Plan.model_validate(changed | {"channels": channels})


def merged(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested values with nested changes."""
    result = dict(values)
    for name, change in changes.items():
        below = result.get(name)
        if isinstance(change, dict) and isinstance(below, dict):
            change = merged(below, change)
        result[name] = change
    return result

"""Every option of a plan as one line of text: what is set, what it is called, what it means. No Qt.

A line such as ``training.epochs = 80; mixtures.starts = 5`` names the options that are not as the
preset has them. What the steps set themselves is not among them.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from corescout.gui.model.plan_of_steps import merged
from corescout.plan import Plan

Options = dict[str, Any]  # dotted names to values

_OF_THE_STEPS = {
    "preset_name", "seed", "windows_px", "invariances", "budget_s", "channels",
    "keypoints.detector", "keypoints.spacing_px", "keypoints.smoothing_px",
    "decision.reward", "decision.seeds",
}  # fmt: skip
_UNITS = {"px": "px", "m": "m", "s": "s", "rad": "rad", "percent": "%"}
_GROUPS = {
    "": "Search", "search": "Proposals", "keypoints": "Key points", "normalisation": "Grey scale",
    "cleaning": "Cleaning", "training": "Training", "mixtures": "Mixtures",
    "bayesian": "Bayesian mixture", "decision": "Decision",
}  # fmt: skip


@dataclass(frozen=True)
class Option:
    """One option: its dotted name, its words, its type and what it means.

    Attributes
    ----------
    name : str
        Such as "training.epochs".
    group : str
        Heading of its group in the form.
    label : str
        With its unit in brackets.
    annotation : type
        As the plan declares it.
    help : str
    """

    name: str
    group: str
    label: str
    annotation: Any
    help: str


def options() -> tuple[Option, ...]:
    """Return the options that no step shows, group by group."""
    found = _options_of(Plan, "", _GROUPS[""])
    order = list(_GROUPS.values())
    return tuple(sorted(found, key=lambda o: order.index(o.group)))


def values_of(plan: Plan) -> Options:
    """Return the value of each of `options` in a plan."""
    values: Options = {}
    for option in options():
        at: Any = plan
        for part in option.name.split("."):
            at = getattr(at, part)
        values[option.name] = at
    return values


def read_options(text: str) -> Options:
    """Return the options of a line.

    Raises
    ------
    ValueError
        If a part is not ``name = value``, or there is no such option.
    """
    known, found = {o.name for o in options()}, {}
    for part in filter(None, (p.strip() for p in text.split(";"))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or name not in known:
            raise ValueError(
                f"expected options such as training.epochs = 80; found {part!r};"
                " choose them under 'All options'"
            )
        found[name] = _value(value)
    return found


def write_options(values: Mapping[str, Any]) -> str:
    """Return options as a line that `read_options` reads."""
    return "; ".join(f"{name} = {value!r}" for name, value in values.items())


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return options as `Plan` takes them."""
    result: dict[str, Any] = {}
    for name, value in values.items():
        *groups, last = name.split(".")
        branch: dict[str, Any] = {last: value}
        for group in reversed(groups):
            branch = {group: branch}
        result = merged(result, branch)
    return result


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text  # a name, such as one_cycle


def _options_of(model: type[BaseModel], prefix: str, group: str) -> list[Option]:
    found = []
    for name, field in model.model_fields.items():
        full = prefix + name
        kind: Any = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            if name != "targets":  # step 5 has them all
                found += _options_of(kind, f"{full}.", _GROUPS.get(name, group))
        elif full not in _OF_THE_STEPS:
            what = field.description or ""
            found.append(Option(full, group, _label(full, prefix), kind, what))
    return found


def _label(full: str, prefix: str) -> str:
    inner = full.split(".")[1:-1]  # a group within a group
    name = full.removeprefix(prefix)
    stem, _, unit = name.rpartition("_")
    words = " ".join((*inner, stem if unit in _UNITS and stem else name)).replace("_", " ")
    unit_words = f" ({_UNITS[unit]})" if unit in _UNITS and stem else ""
    return words[:1].upper() + words[1:] + unit_words

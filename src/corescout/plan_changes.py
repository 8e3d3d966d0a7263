"""How settings are laid over settings: what is given changes, all else stays, misspelt is said."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from corescout.data import InputError

UNKNOWN = "unknown_setting"


class PlanError(InputError, ValueError):
    """A setting of a plan that cannot be used."""


def laid_over(
    model: type[BaseModel], values: Mapping[str, Any], changes: Mapping[str, Any]
) -> dict[str, Any]:
    """Return nested values with nested changes.

    Groups of settings are merged field by field; a field's own value, a mapping of weights among
    them, is replaced. Of a group that is given as a model, such as ``TrainingPlan(epochs=80)``,
    only the fields that were set count.

    Parameters
    ----------
    model : type of BaseModel
        Says which names are groups.
    """
    result = dict(values)
    for name, change in changes.items():
        group = group_of(model, name)
        if group is not None:
            below, change = as_mapping(result.get(name)), as_mapping(change)
            if isinstance(below, Mapping) and isinstance(change, Mapping):
                change = laid_over(group, below, change)
        result[name] = change
    return result


def nested(path: str, value: object) -> dict[str, Any]:
    """Return ``{"training": {"epochs": value}}`` for ``training.epochs``."""
    for name in reversed(path.split(".")):
        value = {name: value}
    return value  # type: ignore[return-value]


def group_of(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """Return the model of a group of settings; None where the name is a field or unknown."""
    field = model.model_fields.get(name)
    kind = None if field is None else field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def as_mapping(value: object) -> object:
    """Return the fields of a model that were set; anything else as it is."""
    if isinstance(value, BaseModel):
        return {name: getattr(value, name) for name in value.model_fields_set}
    return value


def paths_of(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the dotted names of all settings, groups included."""
    for name in model.model_fields:
        yield prefix + name
        group = group_of(model, name)
        if group is not None:
            yield from paths_of(group, f"{prefix}{name}.")


def unknown_setting(name: str, model: type[BaseModel], root: type[BaseModel]) -> Exception:
    """Return the error for a name that is no setting, with the nearest one that is."""
    hint = did_you_mean(name, model.model_fields) or _elsewhere(name, root)
    hint = hint or f"one of {', '.join(model.model_fields)}"
    return PydanticCustomError(
        UNKNOWN, "there is no such setting; {hint}", {"name": name, "hint": hint}
    )


def did_you_mean(name: object, known: object) -> str:
    """Return "did you mean 'gain'?" for the nearest of the known names; "" without a near one."""
    names = [str(k) for k in known]  # type: ignore[attr-defined]
    by_case = {n.lower(): n for n in names}
    near = difflib.get_close_matches(str(name).lower(), by_case, n=1, cutoff=0.6)
    return f"did you mean {by_case[near[0]]!r}?" if near else ""


def plan_error(error: ValidationError) -> PlanError:
    """Return the first of pydantic's errors as expected, found, remedy."""
    first = error.errors()[0]
    context = first.get("ctx", {})
    place = ".".join(map(str, first["loc"]))
    if first["type"] == UNKNOWN:
        return PlanError("settings of a plan", repr(path_of_error(first)), context["hint"])
    found = repr(first["input"])
    found = found if len(found) <= 100 else f"{found[:97]}..."
    message = first["msg"].removeprefix("Value error, ")
    remedy = "see the settings of corescout.plan"
    if first["type"] == "literal_error":
        known = [part.strip(" '") for part in context["expected"].replace(" or ", ", ").split(",")]
        remedy = did_you_mean(first["input"], known) or "choose one of these"
    return PlanError(f"a valid {place or 'plan'}", f"{found} ({message[:200]})", remedy)


def path_of_error(error: Mapping[str, Any]) -> str:
    """Return the dotted name that one of pydantic's errors is about."""
    extra = (error["ctx"]["name"],) if error["type"] == UNKNOWN else ()
    return ".".join(map(str, (*error["loc"], *extra)))


def _elsewhere(name: str, root: type[BaseModel]) -> str:
    """A setting of that name, or nearly, in any group."""
    paths = list(paths_of(root))
    by_name: dict[str, str] = {}
    for path in paths:
        by_name.setdefault(path.rpartition(".")[2], path)
    near = difflib.get_close_matches(name.lower(), by_name, n=1, cutoff=0.75)
    return f"did you mean {by_name[near[0]]!r}?" if near else ""

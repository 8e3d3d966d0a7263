"""Name, colour and eye of a type: nothing is fitted, no point moves."""

from __future__ import annotations

import re
from dataclasses import replace

from corescout.data import InputError, Result, TypeLook, Types
from corescout.edits.follow import with_types
from corescout.plan_changes import did_you_mean

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def rename(result: Result, number: int, name: str) -> Result:
    """Call a type by another name.

    Raises
    ------
    InputError
        If there is no such type, or the name is empty or another type's.
    """
    name = " ".join(name.split())
    look = look_of(result.types, number)
    others = {other.name for n, other in result.types.looks.items() if n != number}
    if not name or name in others:
        found = f"{name!r}, which another type has" if name else "nothing"
        raise InputError("a name that no other type has", found, "choose another")
    types = _with_look(result.types, number, replace(look, name=name))
    result = replace(result, edited_types=types)
    core = replace(result.core_points, type_names=result.typed.type_names)
    return replace(result, core_points=core)


def recolor(result: Result, number: int, color: str | None) -> Result:
    """Give a type another colour; None gives it that of its number again.

    Raises
    ------
    InputError
        If there is no such type, or it is no colour.
    """
    look = look_of(result.types, number)
    if color is not None and not _COLOR.fullmatch(color):
        raise InputError("a colour such as #E69F00", repr(color), "write it as #rrggbb")
    return result.with_looks(_with_look(result.types, number, replace(look, color=color)))


def set_hidden(result: Result, number: int, hidden: bool) -> Result:
    """Hide a type or show it again. A hidden one has no targets: the tip goes nowhere unseen."""
    look = look_of(result.types, number)
    types = _with_look(result.types, number, replace(look, hidden=hidden))
    return with_types(result, replace(result.typed, edited_types=types))


def number_of(types: Types, kind: int | str) -> int:
    """Return the number of a type that is said by its number or its name.

    Raises
    ------
    InputError
        If there is no such type.
    """
    found = [n for n, look in types.looks.items() if str(kind) == look.name or str(kind) == str(n)]
    if not found:
        names = [look.name for look in types.looks.values()]
        known = ", ".join(f"{n} ({look.name})" for n, look in types.looks.items())
        hint = did_you_mean(kind, names) or "choose one of these"
        raise InputError(f"one of the types {known}", repr(kind), hint)
    return next((n for n in found if types.looks[n].name == str(kind)), found[0])


def look_of(types: Types, number: int) -> TypeLook:
    """Return the look of a type.

    Raises
    ------
    InputError
        If there is none of this number.
    """
    if number not in types.looks:
        known = ", ".join(map(str, types.numbers))
        raise InputError(f"one of the types {known}", str(number), "choose one of these")
    return types.looks[number]


def _with_look(types: Types, number: int, look: TypeLook) -> Types:
    return replace(types, looks={**types.looks, number: look})

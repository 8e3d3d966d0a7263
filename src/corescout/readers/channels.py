"""Names, directions and units of channels, as the vendors' labels have them."""

from __future__ import annotations

import math
import re
from collections.abc import Container

from corescout.readers.roles import DIRECTION, words_of

_PREFIXES = {
    "": 1.0,
    "a": 1e-18,
    "f": 1e-15,
    "p": 1e-12,
    "n": 1e-9,
    "u": 1e-6,
    "\u00b5": 1e-6,
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
}
_DEGREES = ("\u00b0", "\u00ba", "\u00e2\u00b0", "deg", "degree", "degrees")  # UTF-8 as Latin-1 too
_ANGLES = {"rad": 180 / math.pi, "radian": 180 / math.pi, "radians": 180 / math.pi,
           "mrad": 0.18 / math.pi, "mdeg": 1e-3, **dict.fromkeys(_DEGREES, 1.0)}  # fmt: skip
_BASES = ("Pa", "Hz", "m", "V", "A", "N", "s", "J", "W", "F", "K")
_ANGSTROM = ("\u00e5", "\u00e5ngstr\u00f6m", "angstrom")


def clean_label(label: str) -> str:
    """Cut what follows the first Trace or Retrace: labels carry residue ("PhaseRetracerace")."""
    found = re.match(r"(.*?(?:Retrace|Trace)[)\]]?)", label)
    return found.group(1) if found else label.strip()


def direction_of(name: str) -> str | None:
    """Return "trace", "retrace" or None."""
    found = DIRECTION.search(name)
    if found is None:
        return None
    return "retrace" if found[1].lower() in ("retrace", "backward", "bwd") else "trace"


def si_value(unit: str) -> tuple[float, str]:
    """Return (factor, SI unit) of a unit: "nm" gives 1e-9 and "m", "pm/V" 1e-12 and "m/V".

    Angles become degrees. A unit that is not known is returned as it is, with factor 1: so is that
    of a logarithm, "log(Pa)".
    """
    unit = unit.strip().replace("\u03bc", "\u00b5")
    top, slash, bottom = unit.partition("/")
    if slash and top and bottom and "/" not in bottom:
        (above, top), (below, bottom) = si_value(top), si_value(bottom)
        return above / below, f"{top}/{bottom}"
    if unit.lower() in _ANGSTROM:
        return 1e-10, "m"
    if unit.lower() in _ANGLES:
        return _ANGLES[unit.lower()], "deg"
    if unit == "cm":
        return 1e-2, "m"
    for base in _BASES:
        prefix = unit.removesuffix(base)
        if unit.endswith(base) and prefix in _PREFIXES:
            return _PREFIXES[prefix], base
    return 1.0, unit


def unit_of(name: str) -> str:
    """Return the SI unit of an Asylum channel by its name, "" where unknown."""
    quantity = words_of(name).quantity
    return {
        "topography": "m",
        "amplitude": "m",
        "deflection": "m",
        "phase": "deg",
        "frequency": "Hz",
        "current": "A",
    }.get(quantity, "V" if name.lower().removeprefix("nap").startswith("userin") else "")


def free_name(name: str, taken: Container[str]) -> str:
    """Return the name, numbered where it is taken: "Height", "Height 2"."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name} {number}", number + 1
    return free

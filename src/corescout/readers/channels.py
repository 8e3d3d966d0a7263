"""Names, roles and directions of channels, as the vendors' labels have them."""

from __future__ import annotations

import math
import re
from collections.abc import Container

_ROLES = {
    "height": "topography",
    "z": "topography",
    "zsensor": "topography",
    "topography": "topography",
    "amplitude": "amplitude",
    "phase": "phase",
    "frequency": "frequency",
    "deflection": "deflection",
    "current": "current",
}
_PREFIXES = {
    "": 1.0,
    "f": 1e-15,
    "p": 1e-12,
    "n": 1e-9,
    "u": 1e-6,
    "\u00b5": 1e-6,
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
}
_DEGREES = {"\u00b0": "deg", "\u00ba": "deg", "degree": "deg", "degrees": "deg"}
_ANGSTROM = ("\u00e5", "\u00e5ngstr\u00f6m", "angstrom")


def clean_label(label: str) -> str:
    """Cut what follows the first Trace or Retrace: labels carry residue ("PhaseRetracerace")."""
    found = re.match(r"(.*?(?:Retrace|Trace))", label)
    return found.group(1) if found else label.strip()


def role_of(name: str) -> str:
    """Return what a channel is, "" where its name does not say so.

    The numbers of the two DART amplitudes and phases and lateral (``Lat``) are kept: "amplitude 1".
    """
    words = re.sub(r"(Retrace|Trace)$", "", name).strip()
    found = re.fullmatch(
        r"(?P<lateral>Lat(?:eral)?)?(?:Vert(?:ical)?)?(?: ?PFM)? ?(?:Z )?"
        r"(?P<what>[A-Za-z]+?)(?: Sensor)? ?(?P<number>\d?)",
        words,
    )
    role = _ROLES.get(found["what"].lower(), "") if found else ""
    if not role or found is None:
        return ""  # the second pass of a line (Nap...) is no image of the contact either
    number = f" {found['number']}" if found["number"] else ""
    return f"{role}{number} lateral" if found["lateral"] else role + number


def direction_of(name: str) -> str | None:
    """Return "trace", "retrace" or None."""
    if name.endswith("Retrace"):
        return "retrace"
    return "trace" if name.endswith("Trace") else None


def si_value(unit: str) -> tuple[float, str]:
    """Return (factor, SI unit) of a unit: "nm" gives 1e-9 and "m", "rad" 57.3 and "deg"."""
    unit = unit.strip().replace("\u03bc", "\u00b5")
    if unit.lower() in _ANGSTROM:
        return 1e-10, "m"
    if unit.lower() in ("rad", "radian", "radians"):
        return 180 / math.pi, "deg"
    for base in ("m", "V", "A", "Hz", "N"):
        prefix = unit.removesuffix(base)
        if unit.endswith(base) and prefix in _PREFIXES:
            return _PREFIXES[prefix], base
    return 1.0, _DEGREES.get(unit.lower(), unit)


def unit_of(name: str) -> str:
    """Return the SI unit of an Asylum channel by its name, "" where unknown."""
    role = role_of(name.removeprefix("Nap")).split(" ")[0]
    return {
        "topography": "m",
        "amplitude": "m",
        "deflection": "m",
        "phase": "deg",
        "frequency": "Hz",
        "current": "A",
    }.get(role, "V" if name.lower().removeprefix("nap").startswith("userin") else "")


def free_name(name: str, taken: Container[str]) -> str:
    """Return the name, numbered where it is taken: "Height", "Height 2"."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name} {number}", number + 1
    return free

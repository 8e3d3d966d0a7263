"""Names, roles and directions of channels, as the vendors' labels have them."""

from __future__ import annotations

import re

_ROLES = {
    "height": "topography",
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
    "p": 1e-12,
    "n": 1e-9,
    "u": 1e-6,
    "\u00b5": 1e-6,
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
}


def clean_label(label: str) -> str:
    """Cut what follows the first Trace or Retrace: labels carry residue ("PhaseRetracerace")."""
    found = re.match(r"(.*?(?:Retrace|Trace))", label)
    return found.group(1) if found else label.strip()


def role_of(name: str) -> str:
    """Return what a channel is, "" where its name does not say so.

    The numbers of the two DART amplitudes and phases and lateral (``Lat``) are kept: "amplitude 1".
    """
    found = re.match(r"(Lat|Nap)?([A-Za-z]+?)(\d?)(?:Retrace|Trace)?$", name)
    if not found or found.group(1) == "Nap":
        return ""  # the second pass of a line is no image of the contact
    role = _ROLES.get(found.group(2).lower(), "")
    if role and found.group(3):
        role += f" {found.group(3)}"
    return f"{role} lateral" if role and found.group(1) == "Lat" else role


def direction_of(name: str) -> str | None:
    """Return "trace", "retrace" or None."""
    if name.endswith("Retrace"):
        return "retrace"
    return "trace" if name.endswith("Trace") else None


def si_value(unit: str) -> tuple[float, str]:
    """Return (factor, SI unit) of a unit with a prefix: "nm" gives 1e-9 and "m"."""
    unit = unit.strip().replace("\u03bc", "\u00b5")
    for base in ("m", "V", "A", "Hz", "N"):
        prefix = unit.removesuffix(base)
        if unit.endswith(base) and prefix in _PREFIXES:
            return _PREFIXES[prefix], base
    return 1.0, {"\u00b0": "deg"}.get(unit, unit)


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

"""Values with units as a person writes them: 10nm, 60s, 5V, and lists such as 9,13."""

from __future__ import annotations

import math
import re

from corescout.data import InputError

_LENGTHS_M = {
    "pm": 1e-12,
    "a": 1e-10,
    "nm": 1e-9,
    "um": 1e-6,
    "µm": 1e-6,
    "μm": 1e-6,
    "mm": 1e-3,
    "m": 1.0,
}
_BIASES_V = {"v": 1.0, "mv": 1e-3}
_TIMES_S = {"ms": 1e-3, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}
_SIGNED = re.compile(r"([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*([A-Za-zµμ/]*)")
_PREFIXES = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "m": 1e-3, "": 1.0}
_NUMBER = re.compile(r"\s*([0-9.]+(?:[eE][-+]?[0-9]+)?)\s*([A-Za-zµμÅ]*)\s*")


_NAMED_M = {"meter": 1.0, "metre": 1.0, "nanometer": 1e-9, "micrometer": 1e-6, "micron": 1e-6,
            "angstrom": 1e-10, "picometer": 1e-12, "millimeter": 1e-3}  # fmt: skip


def metres_per(unit: str) -> float | None:
    """Return how many metres a unit of length is; None where it is none."""
    name = unit.strip().replace("Å", "a").lower()
    return _LENGTHS_M.get(name, _NAMED_M.get(name.removesuffix("s")))


def length_m(text: str, option: str) -> float:
    """Read a length such as 10nm or 0.02um; the unit is required."""
    return _quantity(text.replace("Å", "a"), _LENGTHS_M, option, "a length such as 10nm or 0.02um")


def time_s(text: str, option: str) -> float:
    """Read a duration such as 60s or 2min; the unit is required."""
    return _quantity(text, _TIMES_S, option, "a duration such as 60s or 2min")


def bias_v(text: str, option: str) -> float:
    """Read a bias such as 5V or 500mV; the unit is required."""
    return _quantity(text, _BIASES_V, option, "a bias such as 5V or 500mV")


def si_value(value: object, unit: str) -> object:
    """Read a text such as "2 um" or "-5 V" as a number in `unit` (m, m/s, V or s).

    What is no text is given back as it is: a number is in SI units already.

    Raises
    ------
    ValueError
        If the text is no number with such a unit.
    """
    if not isinstance(value, str):
        return value
    match = _SIGNED.fullmatch(value.strip())
    name, per, _ = unit.partition("/")
    said = (match[2] if match else "").removesuffix("/s") if per else (match[2] if match else "")
    rate = not per or (match is not None and match[2].endswith("/s"))
    if match and rate and said.endswith(name) and said.removesuffix(name) in _PREFIXES:
        return float(match[1]) * _PREFIXES[said.removesuffix(name)]
    raise ValueError(f"expected a number in {unit}, or a text such as '2 u{unit}'")


def integers(text: str, option: str) -> tuple[int, ...]:
    """Read a list such as 9,13."""
    try:
        return tuple(int(part) for part in text.replace(" ", "").split(",") if part)
    except ValueError:
        raise InputError(
            f"whole numbers with commas between them for {option}", repr(text), "such as 9,13,17"
        ) from None


def windows(text: str, option: str) -> tuple[int, ...] | tuple[float, float]:
    """Read sides of windows: a list such as 9,13, a range such as 7-31, or 80nm-300nm.

    Returns
    -------
    tuple of int or of float
        Pixels, every second one of a range; or two lengths in metres.
    """
    first, dash, last = text.replace(" ", "").partition("-")
    if not dash:
        return integers(text, option)
    if last.isdigit() and first.isdigit() and 0 < int(first) <= int(last):
        return tuple(range(int(first), int(last) + 1, 2))
    if last.isdigit() or first.isdigit():
        raise InputError(
            f"a range of windows for {option}, the smaller side first", repr(text),
            "such as 7-31 or 80nm-300nm",
        )  # fmt: skip
    return length_m(first, option), length_m(last, option)


def nearest_windows(text: str, pitch_m: float, option: str) -> tuple[int, ...]:
    """Read sides of windows with a unit, such as 90, 130 nm or 80-300 nm, in pixels of a scan.

    Parameters
    ----------
    text : str
        Lengths with commas between them, or a range; one unit at the end stands for all.
    pitch_m : float
        Side of a square pixel.

    Returns
    -------
    tuple of int
        Odd numbers: the nearest to each length, or all of the range, each once and the smaller
        first.
    """
    unit = re.sub(r".*[0-9.]\s*", "", text.strip())
    first, dash, last = text.partition("-")
    parts = [first, last] if dash else [part for part in text.split(",") if part.strip()]
    sides_m = [
        length_m(part if re.search("[A-Za-zµμÅ]", part) else f"{part}{unit}", option)
        for part in parts
    ]
    if dash:
        return windows_between(sides_m[0], sides_m[1], pitch_m)
    return tuple(sorted({2 * round((side / pitch_m - 1) / 2) + 1 for side in sides_m}))


def windows_between(low_m: float, high_m: float, pitch_m: float) -> tuple[int, ...]:
    """Return the sides of windows, odd numbers of pixels from 3 to 101, between two lengths."""
    sides = range(3, 102, 2)
    return tuple(w for w in sides if low_m <= w * pitch_m * (1 + 1e-9) and w * pitch_m <= high_m)


def names(text: str) -> tuple[str, ...]:
    """Read a list such as none,r,rt."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def weights(text: str, option: str) -> dict[str, float]:
    """Read weights such as gain=1,context_retention=0.5."""
    try:
        pairs = [part.rsplit("=", 1) for part in names(text)]
        found = {name.strip(): float(value) for name, value in pairs}
    except ValueError:
        found = {}
    doubled = len(found) < len(names(text))
    if not found or doubled or not all(math.isfinite(v) and v for v in found.values()):
        raise InputError(
            f"rewards and their weights for {option}", repr(text), "such as gain=1,bic=0.2"
        )
    return found


def _quantity(text: str, units: dict[str, float], option: str, expected: str) -> float:
    match = _NUMBER.fullmatch(text)
    try:
        value = float(match[1]) * units[match[2].lower()] if match else float("nan")
    except (KeyError, ValueError):
        value = float("nan")
    if not value > 0:
        raise InputError(f"{expected} for {option}", repr(text), "give the number with its unit")
    return value

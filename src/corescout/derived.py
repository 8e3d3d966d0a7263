"""Channels that are computed from stored ones: by name, with what each needs.

A lock-in's X and Y give amplitude and phase; the amplitudes, phases and frequency of DART the
amplitude without its resonance (`corescout.dart`); every amplitude with its phase A cos(phase) and
A sin(phase) (`corescout.response`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from corescout.dart import corrected_amplitude, dart_channels
from corescout.data import InputError, Scan
from corescout.plan_changes import did_you_mean
from corescout.response import derivable, with_response

_DIRECTION = re.compile(r"(Trace|Retrace)$")


def derived_channels(scan: Scan) -> dict[str, tuple[str, ...]]:
    """Names of the channels that can be computed, with the stored ones that each needs."""
    lock_in, dart = lock_in_pairs(scan), dart_channels(scan)
    found: dict[str, tuple[str, ...]] = dict(lock_in)
    found |= {n: (*c.amplitudes, *c.phases, c.frequency) for n, c in dart.items()}
    for name, pair in derivable(_with_lock_in(scan)).items():
        needs = [n for part in pair for n in lock_in.get(part, (part,))]
        found[name] = tuple(dict.fromkeys(needs))
    return {name: needs for name, needs in found.items() if name not in scan.channels}


def channel_names(scan: Scan) -> list[str]:
    """Every channel that may be asked for: the stored ones, then the derived ones."""
    return [*scan.channels, *derived_channels(scan)]


def channels_in_words(scan: Scan) -> str:
    """The stored channels of a scan, and those that can be computed from them."""
    derived = ", ".join(map(repr, derived_channels(scan)))
    said = ", ".join(map(repr, scan.channels))
    return f"{said}, or one of the derived {derived}" if derived else said


def full_name(scan: Scan, name: str) -> str:
    """Return the channel that a name means; its direction and the number of its drive may lack.

    "ACosPhase" means "ACosPhaseRetrace" or "ACosPhase1Retrace", the first that there is.

    Raises
    ------
    InputError
        If there is none; the error lists stored and derived channels.
    """
    names = channel_names(scan)
    if name in names:
        return name
    without = [n for n in names if _DIRECTION.sub("", n).strip() == name]
    without += [n for n in names if re.sub(r"\d+$", "", _DIRECTION.sub("", n).strip()) == name]
    if without:
        return without[0]
    raise InputError(
        f"one of the channels {channels_in_words(scan)}",
        f"{name!r}",
        did_you_mean(name, names) or "choose one of these with --channel",
    )


def with_derived(
    scan: Scan, wanted: Iterable[str] | None = None, *, offset: bool = True, background: bool = True
) -> Scan:
    """Return the scan with derived channels added.

    Parameters
    ----------
    scan : Scan
    wanted : names, optional
        Those that are needed; every one if not said.
    offset, background : bool
        Of A cos(phase) and A sin(phase): see `corescout.response.with_response`.
    """
    names = set(derived_channels(scan) if wanted is None else wanted) - set(scan.channels)
    if not names:
        return scan
    if names & set(dart_channels(scan)):
        scan = _with_dart(scan)
    lock_in = lock_in_pairs(scan)
    complete = _with_lock_in(scan)
    responses = names & set(derivable(complete))
    if names & set(lock_in) or (responses - set(derivable(scan))):
        scan = complete
    return with_response(scan, offset=offset, background=background) if responses else scan


def lock_in_pairs(scan: Scan) -> dict[str, tuple[str, str]]:
    """Amplitude and phase of each pair of a lock-in's X and Y, which share all but that."""
    pairs: dict[str, tuple[str, str]] = {}
    for x, role in scan.roles.items():
        if "in-phase" not in role:
            continue
        partner = role.replace("in-phase", "quadrature")
        direction = scan.directions.get(x)
        y = next(
            (
                n
                for n, r in scan.roles.items()
                if r == partner and scan.directions.get(n) == direction
            ),
            None,
        )
        if y is not None:
            pairs |= {_lock_in_name(x, kind): (x, y) for kind in ("Amplitude", "Phase")}
    return pairs


def _lock_in_name(x: str, kind: str) -> str:
    """Name of a part: "LI_Demod_1_XTrace" gives "LI_Demod_1_AmplitudeTrace"."""
    for pattern, new in (
        (r"([_ ])X(?=$|[_ ]|Trace|Retrace)", rf"\g<1>{kind}"),
        (r"LIX", f"LI{kind}"),
    ):
        if re.search(pattern, x):
            return re.sub(pattern, new, x, count=1)
    return f"{kind} {x}"


def _with_lock_in(scan: Scan) -> Scan:
    channels, units, roles = dict(scan.channels), dict(scan.units), dict(scan.roles)
    directions, pairs = dict(scan.directions), lock_in_pairs(scan)
    if not pairs:
        return scan
    for name, (x, y) in pairs.items():
        if name in channels:
            continue
        is_phase = "Phase" in name
        real, imaginary = scan.channels[x], scan.channels[y]
        values = np.rad2deg(np.arctan2(imaginary, real)) if is_phase else np.hypot(real, imaginary)
        channels[name] = values.astype(np.float32)
        units[name] = "deg" if is_phase else scan.units[x]
        roles[name] = scan.roles[x].replace("in-phase", "phase" if is_phase else "amplitude")
        if x in directions:
            directions[name] = directions[x]
    return replace(scan, channels=channels, units=units, roles=roles, directions=directions)


def _with_dart(scan: Scan) -> Scan:
    channels, units, roles = dict(scan.channels), dict(scan.units), dict(scan.roles)
    directions, warnings = dict(scan.directions), list(scan.warnings)
    for name, needs in dart_channels(scan).items():
        if name in channels:
            continue
        channels[name], doubts = corrected_amplitude(scan, needs)
        first = needs.amplitudes[0]
        units[name], roles[name] = scan.units[first], "amplitude SHO"
        if first in directions:
            directions[name] = directions[first]
        warnings += [f"{name}: {text}" for text in doubts]
    return replace(
        scan, channels=channels, units=units, roles=roles, directions=directions,
        warnings=tuple(warnings),
    )  # fmt: skip

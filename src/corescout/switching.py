"""Hysteresis loops of SS-PFM: the response on and off field, a point for each pulse."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Measurement
from corescout.readers.asylum_force import ON_FIELD
from corescout.response import fit_response

_ON = " on field"
_SETTLING = 0.25  # of each plateau that is left out at its start: the lock-in still settles


def switching_loops(curve: Measurement) -> dict[str, Measurement]:
    """Return the loops of a curve with pulses, "on field" and "off field".

    Parameters
    ----------
    curve : Measurement
        Over the bias (n,), with the channel "On field" of `corescout.read_measurement`.

    Returns
    -------
    dict of str to Measurement
        Axis (m,): the bias of each pulse, in V. Channels: the mean of every channel of the curve
        over the pulse, or over the rest that follows it, without the first quarter of either; and
        "response", A cos(phase), turned onto the axis of switching, where an amplitude and a phase
        were recorded. The off-field loop lacks the electrostatic force of the bias (Jesse et al.,
        Appl. Phys. Lett. 88, 062908, 2006).

    Raises
    ------
    InputError
        If the curve has no pulses.
    """
    if ON_FIELD not in curve.channels:
        raise InputError(
            "a curve whose bias is a row of pulses",
            f"the channels {', '.join(curve.channels)} over {curve.axis_name}",
            "measure with an SS-PFM waveform; a swept bias is a loop already",
        )
    pulses = _pulses(np.asarray(curve.channels[ON_FIELD]) > 0.5)
    bias = np.array([_level(curve.axis, on) for on, _ in pulses])
    loops = {}
    for kind, which in (("on field", 0), ("off field", 1)):
        channels = {
            name: np.array([_level(values, pulse[which]) for pulse in pulses])
            for name, values in curve.channels.items()
            if name != ON_FIELD
        }
        units = {name: curve.units.get(name, "") for name in channels}
        response = _response(channels)
        if response is not None:
            name, values = response
            channels = {"response": values, **channels}
            units["response"] = units[name]
        loops[kind] = replace(curve, axis=bias, channels=channels, units=units)
    return loops


def loop_of(curve: Measurement) -> Measurement:
    """Return the loop that a curve holds: itself, or of pulses the off-field loop.

    Returns
    -------
    Measurement
        Of a curve with pulses the channels of the off-field loop, "response" first where an
        amplitude and a phase were recorded, then those of the on-field loop under the same names
        and " on field"; the axis is the bias of each pulse.
    """
    if ON_FIELD not in curve.channels:
        return curve
    loops = switching_loops(curve)
    off, on = loops["off field"], loops["on field"]
    return replace(
        off,
        channels={**off.channels, **{f"{n}{_ON}": v for n, v in on.channels.items()}},
        units={**off.units, **{f"{n}{_ON}": u for n, u in on.units.items()}},
    )


def _pulses(on: NDArray[np.bool_]) -> list[tuple[slice, slice]]:
    """Each pulse and the rest that follows it, as slices of the points; both hold some."""
    edges = np.flatnonzero(np.diff(on.astype(int))) + 1
    bounds = [0, *edges.tolist(), len(on)]
    pieces = [(slice(a, b), bool(on[a])) for a, b in pairwise(bounds)]
    return [
        (piece, rest)
        for (piece, is_on), (rest, is_rest_on) in pairwise(pieces)
        if is_on and not is_rest_on
    ]


def _level(values: NDArray[np.float64], part: slice) -> float:
    """Mean over a plateau without its start."""
    start = part.start + int(_SETTLING * (part.stop - part.start))
    known = np.asarray(values[start : part.stop])
    known = known[np.isfinite(known)]
    return float(known.mean()) if known.size else float("nan")


def _response(
    channels: dict[str, NDArray[np.float64]],
) -> tuple[str, NDArray[np.float64]] | None:
    """The amplitude's name, and A cos(phase) along the axis of switching."""
    amplitude = next((n for n in channels if n.startswith("Amp")), None)
    phase = next((n for n in channels if n.startswith("Phas")), None)
    if amplitude is None or phase is None:
        return None
    fit = fit_response(channels[amplitude], channels[phase])
    turned = np.deg2rad(channels[phase] - fit.offset_deg)
    return amplitude, np.asarray(channels[amplitude] * np.cos(turned))

"""The piezoresponse as one signed number: A cos(phase) and A sin(phase), derived from a scan.

The lock-in's phase has an arbitrary offset, and the drive couples electrostatically into the
signal. Both are fitted on the complex response R = A exp(i phase) and removed. The stored channels
are kept as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import Scan

COS, SIN = "ACosPhase", "ASinPhase"


@dataclass(frozen=True)
class ResponseFit:
    """What is removed from a complex response.

    Attributes
    ----------
    offset_deg : float
        Phase of the switching response, in (-90, 90]; up and down lie at 0 and 180 degrees after.
    background : complex
        Response that does not switch, in the unit of the amplitude: the part of the median that is
        perpendicular to the switching axis. Along the axis it cannot be told from unequal areas of
        up and down domains, and is left.
    """

    offset_deg: float
    background: complex


def fit_response(amplitude: NDArray[np.floating], phase_deg: NDArray[np.floating]) -> ResponseFit:
    """Fit offset and background.

    The axis is the principal axis of R about its mean m: offset = arg(sum (R - m)^2) / 2.

    Parameters
    ----------
    amplitude : (H, W), any unit
    phase_deg : (H, W), degrees, wrapped anyhow
    """
    response = _complex(amplitude, phase_deg)
    known = response[np.isfinite(response)]
    if known.size == 0:
        return ResponseFit(0.0, 0j)
    axis = 0.5 * np.angle(np.sum((known - known.mean()) ** 2))
    turned = known * np.exp(-1j * axis)
    across = 1j * float(np.median(turned.imag))
    return ResponseFit(float(np.rad2deg(axis)), complex(across * np.exp(1j * axis)))


def derivable(scan: Scan) -> dict[str, tuple[str, str]]:
    """Names of the channels that can be derived, with the amplitude and phase that they need."""
    pairs: dict[str, tuple[str, str]] = {}
    for amplitude, role in scan.roles.items():
        if not role.startswith("amplitude"):
            continue
        partner = role.replace("amplitude", "phase")
        direction = scan.directions.get(amplitude)
        for phase, other in scan.roles.items():
            if other == partner and scan.directions.get(phase) == direction:
                pairs |= {_derived_name(amplitude, k): (amplitude, phase) for k in (COS, SIN)}
    return pairs


def with_response(scan: Scan, *, offset: bool = True, background: bool = True) -> Scan:
    """Return the scan with A cos(phase) and A sin(phase) of each amplitude and phase added.

    Parameters
    ----------
    scan : Scan
    offset, background : bool
        Whether the fitted offset and background are removed; the fit stands in the metadata.
    """
    channels, units, roles = dict(scan.channels), dict(scan.units), dict(scan.roles)
    directions, metadata = dict(scan.directions), dict(scan.metadata)
    for name, (amplitude, phase) in derivable(scan).items():
        if name in scan.channels:
            continue
        fit = fit_response(scan.channels[amplitude], scan.channels[phase])
        response = _complex(scan.channels[amplitude], scan.channels[phase])
        response = response - (fit.background if background else 0)
        response = response * np.exp(-1j * np.deg2rad(fit.offset_deg if offset else 0.0))
        part = response.real if COS in name else response.imag
        channels[name] = part.astype(np.float32)
        units[name] = scan.units[amplitude]
        lateral = scan.roles[amplitude].partition("lateral")
        kind = "response" if COS in name else "quadrature"
        roles[name] = f"{kind} {''.join(lateral[1:])}".strip()
        if amplitude in directions:
            directions[name] = directions[amplitude]
        metadata[f"{name} phase offset (deg)"] = fit.offset_deg if offset else 0.0
        metadata[f"{name} background"] = str(fit.background if background else 0j)
    return replace(
        scan, channels=channels, units=units, roles=roles, directions=directions, metadata=metadata
    )


def response_on(scan: Scan, channel: str) -> NDArray[np.complex128] | None:
    """Return the complex response (H, W) of a channel, turned onto the real axis.

    Offset and background are taken off as in `with_response`. None for a channel that is no
    vertical or lateral amplitude with a phase of its own, nor derived from one.
    """
    pairs = derivable(scan)
    pair = next((p for name, p in pairs.items() if channel in (name, p[0])), None)
    if pair is None:
        return None
    amplitude, phase = (scan.channels[name] for name in pair)
    fit = fit_response(amplitude, phase)
    turned = (_complex(amplitude, phase) - fit.background) * np.exp(
        -1j * np.deg2rad(fit.offset_deg)
    )
    return np.asarray(turned)


def _derived_name(amplitude: str, kind: str) -> str:
    return amplitude.replace("Amplitude", kind) if "Amplitude" in amplitude else kind + amplitude


def _complex(
    amplitude: NDArray[np.floating], phase_deg: NDArray[np.floating]
) -> NDArray[np.complex128]:
    phase = np.deg2rad(np.asarray(phase_deg, dtype=np.float64))
    return np.asarray(np.asarray(amplitude, dtype=np.float64) * np.exp(1j * phase))

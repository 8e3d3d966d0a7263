"""DART: the response of a tip on a resonance, from its amplitude and phase at two frequencies.

The contact resonance is a simple harmonic oscillator (SHO) with resonance f0, quality factor Q and
a drive D = A_drive exp(i phi_drive), the piezoresponse without the resonance's gain. At the two
drives

    R_k = A_k exp(i phi_k) = f0^2 D / (f0^2 - f_k^2 + i f_k f0 / Q),   k = 1, 2.

Gannepalli, Yablon, Tsou, Proksch, Nanotechnology 22, 355705 (2011), solve it for the four unknowns
in closed form. Here it is written in complex numbers, in which it is linear. With r = R_1 / R_2,
a = f0^2 and g = f0 / Q,

    r (a - f_1^2 + i f_1 g) = a - f_2^2 + i f_2 g,

two real equations for a and g, and D = R_1 (a - f_1^2 + i f_1 g) / a.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import Scan

NAME = "SHOAmplitude"
WIDTH = "DFRTFrequencyWidth"  # of Asylum's note: distance of the two drives in Hz
_MOST_FAILED = 0.5


@dataclass(frozen=True)
class Oscillator:
    """The oscillator under each pixel (H, W); NaN where the four numbers belong to none.

    Attributes
    ----------
    amplitude : (H, W)
        A_drive, in the unit of the amplitudes.
    phase_deg : (H, W)
        phi_drive.
    frequency_hz, quality : (H, W)
        f0 and Q.
    """

    amplitude: NDArray[np.float64]
    phase_deg: NDArray[np.float64]
    frequency_hz: NDArray[np.float64]
    quality: NDArray[np.float64]


@dataclass(frozen=True)
class DartChannels:
    """Names of the channels of a DART scan, and the distance of its two drives.

    Attributes
    ----------
    amplitudes, phases : tuple of str
        At the lower and at the upper drive.
    frequency : str
    width_hz : float
    """

    amplitudes: tuple[str, str]
    phases: tuple[str, str]
    frequency: str
    width_hz: float


def solve_oscillator(
    amplitudes: tuple[NDArray[np.floating], NDArray[np.floating]],
    phases_deg: tuple[NDArray[np.floating], NDArray[np.floating]],
    frequencies_hz: tuple[NDArray[np.floating], NDArray[np.floating]],
) -> Oscillator:
    """Solve for the oscillator, pixel by pixel.

    Parameters
    ----------
    amplitudes : two of (H, W), any unit
    phases_deg : two of (H, W), degrees, against the drive
    frequencies_hz : two of (H, W), Hz

    Returns
    -------
    Oscillator
        A lock-in may count the phase either way: of R and its conjugate, that is solved whose Q is
        positive in more pixels. Pixels with Q or f0^2 not positive are missing.
    """
    ways = [_solve(amplitudes, phases_deg, frequencies_hz, sense) for sense in (1, -1)]
    return max(ways, key=lambda found: int(np.isfinite(found.amplitude).sum()))


def _solve(
    amplitudes: tuple[NDArray[np.floating], NDArray[np.floating]],
    phases_deg: tuple[NDArray[np.floating], NDArray[np.floating]],
    frequencies_hz: tuple[NDArray[np.floating], NDArray[np.floating]],
    sense: int,
) -> Oscillator:
    """Solve with phases counted in one sense, 1 or -1."""
    f1, f2 = (np.asarray(f, dtype=np.float64) for f in frequencies_hz)
    r1, r2 = (
        np.asarray(a, dtype=np.float64) * np.exp(1j * sense * np.deg2rad(np.asarray(p, float)))
        for a, p in zip(amplitudes, phases_deg, strict=True)
    )
    with np.errstate(all="ignore"):
        r = r1 / r2
        p, q = r.real, r.imag
        # real: (p - 1) a - q f1 g = p f1^2 - f2^2;  imaginary: q a + (p f1 - f2) g = q f1^2
        determinant = (p - 1) * (p * f1 - f2) + q * q * f1
        right = p * f1**2 - f2**2
        a = (right * (p * f1 - f2) + q * f1 * q * f1**2) / determinant
        g = ((p - 1) * q * f1**2 - q * right) / determinant
        drive = r1 * (a - f1**2 + 1j * f1 * g) / a
        frequency = np.sqrt(a)
        quality = frequency / g
    is_one = np.isfinite(drive) & (a > 0) & (g > 0)
    shown = [np.abs(drive), sense * np.rad2deg(np.angle(drive)), frequency, quality]
    return Oscillator(*(np.where(is_one, values, np.nan) for values in shown))


def dart_channels(scan: Scan) -> dict[str, DartChannels]:
    """Derived channels of a DART scan by name, with what each needs; none without a drive width."""
    width = _number(scan.metadata, WIDTH)
    found: dict[str, DartChannels] = {}
    if width is None or width <= 0:
        return found
    for first, role in scan.roles.items():
        if role != "amplitude 1":
            continue
        direction = scan.directions.get(first)
        others = [
            by_role(scan, wanted, direction)
            for wanted in ("amplitude 2", "phase 1", "phase 2", "frequency")
        ]
        second, phase1, phase2, frequency = others
        if second and phase1 and phase2 and frequency:
            name = NAME + {"trace": "Trace", "retrace": "Retrace"}.get(direction or "", "")
            found[name] = DartChannels((first, second), (phase1, phase2), frequency, width)
    return found


def oscillator_of(scan: Scan, channels: DartChannels) -> Oscillator:
    """Solve the pixels of a DART scan.

    The frequency channel is taken as the middle of the two drives. If it were the lower drive, both
    drives would be off by half their distance, and with them f0; A_drive changes by about
    width / (2 f0), some per cent, since it depends on differences of frequencies.
    """
    middle = np.asarray(scan.channels[channels.frequency], dtype=np.float64)
    return solve_oscillator(
        (scan.channels[channels.amplitudes[0]], scan.channels[channels.amplitudes[1]]),
        (scan.channels[channels.phases[0]], scan.channels[channels.phases[1]]),
        (middle - channels.width_hz / 2, middle + channels.width_hz / 2),
    )


def corrected_amplitude(
    scan: Scan, channels: DartChannels
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """A_drive (H, W) of a DART scan, and what is in doubt about it."""
    found = oscillator_of(scan, channels)
    doubts = [
        f"{channels.frequency!r} is taken as the middle of drives {channels.width_hz:g} Hz apart"
    ]
    failed = 1 - float(np.isfinite(found.amplitude).mean())
    if failed > 0:
        doubts.append(f"{failed:.1%} of the pixels fit no oscillator and are missing")
    if failed > _MOST_FAILED:
        doubts.append("the drives or their phases are not what the file says: do not use it")
    return found.amplitude.astype(np.float32), tuple(doubts)


def by_role(scan: Scan, role: str, direction: str | None) -> str | None:
    """Name of the first channel of a role and a way; None where there is none."""
    return next(
        (n for n, r in scan.roles.items() if r == role and scan.directions.get(n) == direction),
        None,
    )


def _number(metadata: Mapping[str, object], key: str) -> float | None:
    try:
        value = float(str(metadata[key]))
    except (KeyError, ValueError):
        return None
    return value if math.isfinite(value) else None

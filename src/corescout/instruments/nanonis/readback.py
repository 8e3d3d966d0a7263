"""What was set at a controller is read back: what it made of it is refused, with both values.

A command that is answered is not one that was carried out: a controller may coerce a value, keep
another, or be changed by a person in between. NaN is no value, and holds.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from corescout.data import Measurement
from corescout.data.counted import counted
from corescout.instruments.nanonis.client import RefusedError
from corescout.instruments.protocol import Contact, InstrumentError, SpectrumSettings

BIAS_V = 10e-3  # within which a bias is the one that was set
_FLOAT32 = 2e-6  # relative: what is told as float32 is the same
_LEAST_M = 1e-12
_NOISE_READINGS, _NOISE_TURN_S = 8, 0.01
_REST_M = 2e-9  # a way that is no motion, where nothing else is known
_MOVES = 3.0  # times the noise, between the means of the first and the last readings
KEEP_SPEED = 1  # of Scan.SpeedSet: the linear speed, whatever the size of the frame
Say = Callable[..., list[Any]]


@dataclass(frozen=True)
class Wiring:
    """From volts at the tip to volts of the controller, and back; here and nowhere else.

    Attributes
    ----------
    gain : float
        Of an amplifier between controller and tip.
    at : {"tip", "sample"}
        What the controller's bias is applied to. Volts of plans, limits and measurements are those
        of the tip against the sample.
    """

    gain: float = 1.0
    at: Literal["tip", "sample"] = "tip"

    @property
    def factor(self) -> float:
        """Volts at the tip for one volt of the controller."""
        return self.gain if self.at == "tip" else -self.gain

    def controller_v(self, tip_v: float) -> float:
        """Return what the controller is told."""
        return tip_v / self.factor + 0.0  # 0 V has no sign

    def tip_v(self, controller_v: float) -> float:
        """Return what the controller's bias is at the tip."""
        return float(controller_v) * self.factor + 0.0

    def measured(self, curve: Measurement) -> Measurement:
        """A curve over the controller's bias, as one over that of the tip."""
        if self.factor == 1.0 or curve.axis_unit != "V":
            return curve
        return replace(curve, axis=np.asarray(curve.axis) * self.factor)

    def __str__(self) -> str:
        return (
            f"biases are those of the tip against the sample; the controller applies its own to the"
            f" {self.at} with a gain of {self.gain:g}: +1 V at the tip is"
            f" {self.controller_v(1.0):+g} V there"
        )


def check_bias(say: Say, wanted_v: float) -> None:
    """Hold the controller's bias against what it should be (InstrumentError)."""
    (found_v,) = say("Bias.Get")
    if not abs(found_v - wanted_v) <= BIAS_V:
        raise InstrumentError(f"the bias reads {found_v:g} V, and {wanted_v:g} V was set")


def check_speed(say: Say, wanted_m_per_s: float) -> None:
    """Hold the speed of moves against what was set: the same, and in force (InstrumentError)."""
    found, custom = say("FolMe.SpeedGet")
    if not _same(found, wanted_m_per_s) or not custom:
        of = "" if custom else " (and the speed of scans is used instead of it)"
        raise InstrumentError(
            f"the speed of moves reads {found * 1e6:g} µm/s{of}, and"
            f" {wanted_m_per_s * 1e6:g} µm/s was set"
        )


def check_sweep(say: Say, start_v: float, end_v: float) -> None:
    """Hold the limits of a spectrum against what was set (InstrumentError)."""
    found = say("BiasSpectr.LimitsGet")
    if not all(_same(f, w, 1e-6) for f, w in zip(found, (start_v, end_v), strict=True)):
        raise InstrumentError(
            f"the limits of the spectrum read {found[0]:g} to {found[1]:g} V, and {start_v:g} to"
            f" {end_v:g} V were set"
        )


def check_curve(curve: Measurement, start_v: float, end_v: float) -> None:
    """Hold the sweep that came against the one that was asked for (InstrumentError)."""
    if curve.axis_unit != "V" or len(curve.axis) == 0:
        return
    low, high = float(np.nanmin(curve.axis)), float(np.nanmax(curve.axis))
    slack = BIAS_V + 0.01 * abs(end_v - start_v)
    if not (min(start_v, end_v) - slack <= low and high <= max(start_v, end_v) + slack):
        raise InstrumentError(
            f"the spectrum ran from {low:g} to {high:g} V, and {start_v:g} to {end_v:g} V was set"
        )


def check_frame(found: Sequence[float], wanted: Sequence[float]) -> None:
    """Hold a scan frame against the one that was set (InstrumentError)."""
    slack_m = max(_LEAST_M, _FLOAT32 * max(map(abs, wanted[:4])))
    lengths = all(abs(f - w) <= slack_m for f, w in zip(found[:4], wanted[:4], strict=True))
    if not (lengths and abs(found[4] - wanted[4]) <= 1e-4):
        raise InstrumentError(
            f"the scan frame reads {_frame_words(found)}, and {_frame_words(wanted)} was set"
        )


def hold_scan_speed(say: Say, largest_m_per_s: float, width_m: float) -> list[Any]:
    """Slow a scan down to a speed, unless it is slower; return what it was.

    Raises
    ------
    InstrumentError
        If the controller scans faster all the same.
    """
    before = say("Scan.SpeedGet")
    if _scan_speed(before, width_m) <= largest_m_per_s * (1 + _FLOAT32):
        return before
    line_s = width_m / largest_m_per_s
    say("Scan.SpeedSet", largest_m_per_s, largest_m_per_s, line_s, line_s, KEEP_SPEED, 1.0)
    found = _scan_speed(say("Scan.SpeedGet"), width_m)
    if not found <= largest_m_per_s * (1 + _FLOAT32):
        raise InstrumentError(
            f"the scan speed reads {found * 1e6:g} µm/s, and {largest_m_per_s * 1e6:g} µm/s was set"
        )
    return before


def restore_scan_speed(say: Say, before: Sequence[Any]) -> None:
    """Give the scan speed back; what is kept constant is told in other numbers than it is set."""
    forward, backward, forward_s, backward_s, keeps_time, ratio = before
    say("Scan.SpeedSet", forward, backward, forward_s, backward_s, 1 + int(keeps_time), ratio)


def measure_noise(read: Callable[[], Sequence[float]]) -> float:
    """Measure the noise of a position that is read while the tip rests.

    The standard deviation of one coordinate, from the differences between one reading and the next:
    ``sqrt(mean(|d|^2) / 4)`` (von Neumann), so that creep counts little. A tip that goes on in one
    direction does not rest; it is looked at twice.

    Parameters
    ----------
    read : callable
        Reads the position in metres.

    Raises
    ------
    InstrumentError
        If the position cannot be read, or the tip moves.
    """
    for _ in range(2):
        places = np.array([_place(read) for _ in range(_NOISE_READINGS)])
        steps = np.diff(places, axis=0)
        noise_m = float(np.sqrt(np.mean(np.sum(steps**2, axis=1)) / 4))
        first, last = np.array_split(places, 2)
        way_m = float(np.linalg.norm(last.mean(axis=0) - first.mean(axis=0)))
        if way_m <= max(_REST_M, _MOVES * noise_m):
            return noise_m
    raise InstrumentError(f"the tip moves: {way_m * 1e9:.3g} nm within {len(places)} readings")


def _place(read: Callable[[], Sequence[float]]) -> tuple[float, float]:
    time.sleep(_NOISE_TURN_S)
    x, y = map(float, read())
    if not (math.isfinite(x) and math.isfinite(y)):
        raise InstrumentError("the position of the tip cannot be read")
    return x, y


def read_contact(say: Say, wiring: Wiring, error_signal: int | None, modulator: int) -> Contact:
    """Read feedback, Z, error signal and AC drive; what is not known to the controller is None."""
    (on,) = _perhaps(say, "ZCtrl.OnOffGet") or (None,)
    (z_m,) = _perhaps(say, "ZCtrl.ZPosGet") or (None,)
    low_m = high_m = math.nan
    if z_m is not None:
        found = _perhaps(say, "ZCtrl.LimitsGet")
        if found is None:
            z_range_m = say("Piezo.RangeGet")[2]
            found = [z_range_m / 2, -z_range_m / 2]
        high_m, low_m = found
    error = None if error_signal is None else say("Signals.ValGet", error_signal, 1)[0]
    (setpoint,) = _perhaps(say, "ZCtrl.SetpntGet") or (None,)
    return Contact(
        None if on is None else bool(on), z_m, low_m, high_m, error, setpoint,
        _ac_peak_v(say, wiring, modulator),
    )  # fmt: skip


def read_spectrum(say: Say) -> SpectrumSettings:
    """Read how long a spectrum takes as it is set, its points, and what happens to Z."""
    properties, timing = _perhaps(say, "BiasSpectr.PropsGet"), _perhaps(say, "BiasSpectr.TimingGet")
    advanced = _perhaps(say, "BiasSpectr.AdvPropsGet")
    said, points, seconds = [], None, None
    if properties is not None:
        _, sweeps, backward, count = properties[:4]
        ways = 2 if backward else 1
        points = int(count) * max(1, int(sweeps)) * ways
        said.append(
            f"spectra as set at the controller: {counted(int(count), 'point')},"
            f" {counted(int(sweeps), 'sweep')}, backward sweep {'on' if backward else 'off'}"
        )
    if timing is not None:
        averaging, offset_m, initial, _, settling, integration, end, control = map(float, timing)
        if points is not None:
            seconds = points * (settling + integration) + averaging + initial + end + control
            said.append(f"a spectrum takes {seconds:.3g} s")
        if offset_m:
            said.append(f"Z is offset by {offset_m * 1e9:.3g} nm during a spectrum")
    if advanced is not None:
        reset, hold = advanced[:2]
        said.append(
            f"Z is {'on hold' if hold else 'under feedback'} during a spectrum; the bias"
            f" {'returns to where it was' if reset else 'stays'} at its end"
        )
    if seconds is None:
        said.append("the controller does not tell how long a spectrum takes: it is timed")
    return SpectrumSettings(seconds, points, tuple(said))


def _ac_peak_v(say: Say, wiring: Wiring, modulator: int) -> float | None:
    """Peak of the modulation at the tip; the amplitude is taken as the peak."""
    if modulator == 0:
        return None
    on = _perhaps(say, "LockIn.ModOnOffGet", modulator)
    if on is None:
        return None
    if not on[0]:
        return 0.0
    amplitude = _perhaps(say, "LockIn.ModAmpGet", modulator)
    return None if amplitude is None else abs(float(amplitude[0]) * wiring.gain)


def _perhaps(say: Say, name: str, *arguments: Any) -> list[Any] | None:
    """Results, None where the controller says that it has no such thing. Silence is an error."""
    try:
        return say(name, *arguments)
    except RefusedError:
        return None


def _scan_speed(said: Sequence[Any], width_m: float) -> float:
    """The larger of what a line is told to run at and what its time makes of its length.

    Infinite where it is not known: no number, one below 0, or a way with neither speed nor time.
    """
    forward, backward, forward_s, backward_s = map(float, said[:4])
    if not all(math.isfinite(v) and v >= 0 for v in (forward, backward, forward_s, backward_s)):
        return math.inf
    ways = ((forward, forward_s), (backward, backward_s))
    return max(max(v, width_m / t if t > 0 else 0.0) or math.inf for v, t in ways)


def _same(found: float, wanted: float, least: float = 0.0) -> bool:
    return abs(found - wanted) <= least + _FLOAT32 * abs(wanted)


def _frame_words(frame: Sequence[float]) -> str:
    x, y, width, height, angle = frame
    return (
        f"{width * 1e9:.6g} x {height * 1e9:.6g} nm around X {x * 1e9:.6g} nm, Y {y * 1e9:.6g} nm"
        f" at {angle:g} deg"
    )

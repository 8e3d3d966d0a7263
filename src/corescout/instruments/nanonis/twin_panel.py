"""What a PFM operator's client reads and sets at the twin besides motion: panels of the software.

What the twin has is answered as it is and what can be set is kept; what it has not (a second
sweep, a Z offset, a modulator beyond the first) is refused in words.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from corescout.data import ScanFrame
from corescout.data.target import SPECTRUM_DEFAULTS
from corescout.instruments.nanonis.codec import COMMANDS, Layout

if TYPE_CHECKING:
    from corescout.instruments.nanonis.twin_commands import TwinCommands

N_SIGNALS, N_SLOTS = 128, 24
BIAS_SIGNAL, Z_SIGNAL = 24, 30  # where the maker's software has them
Z_RANGE_M = 1e-6
_OFF, _ON = 1, 2  # of ZCtrl.StatusGet
_MOST_POINTS = 100_000


def _layout(arguments: str, results: str = "") -> Layout:
    return Layout(tuple(arguments.split()), tuple(results.split()))


# Layouts as the maker's own client has them, of commands that only the twin's side needs.
_ONLY_HERE: dict[str, Layout] = {
    "Signals.InSlotsGet": _layout("", "names i32s"),
    "Signals.MeasNamesGet": _layout("", "names"),
    "Signals.CalibrGet": _layout("i32", "f32 f32"),
    "Signals.RangeGet": _layout("i32", "f32 f32"),
    "Signals.ValsGet": _layout("i32s u32", "f32s"),
    "Scan.PropsGet": _layout("", "u32 u32 u32 str str names i32s i32 i32 u32"),
    "Scan.PropsSet": _layout("u32 u32 u32 str str names u32"),
    "Scan.XYPosGet": _layout("u32", "f32 f32"),
    "FolMe.PSOnOffGet": _layout("", "u32"),
    "Bias.CalibrGet": _layout("", "f32 f32"),
    "Bias.RangeGet": _layout("", "names u16"),
    "BiasSpectr.PropsSet": _layout("u16 i32 u16 i32 f32 u16 u16"),
    "BiasSpectr.AdvPropsSet": _layout("u16 u16 u16 u16"),
    "BiasSpectr.TimingSet": _layout("f32 f32 f32 f32 f32 f32 f32 f32"),
    "BiasSpectr.ChsGet": _layout("", "i32s names"),
    "BiasSpectr.AltZCtrlGet": _layout("", "u16 f32 f32"),
    "BiasSpectr.ZOffRevertGet": _layout("", "u16"),
    "BiasSpectr.MLSModeGet": _layout("", "str"),
    "BiasSpectr.MLSLockinPerSegGet": _layout("", "u32"),
    "BiasSpectr.DigSyncGet": _layout("", "u16"),
    "ZCtrl.OnOffSet": _layout("u32"),
    "ZCtrl.LimitsEnabledGet": _layout("", "u32"),
    "ZCtrl.CtrlListGet": _layout("", "names i32"),
    "LockIn.ModOnOffSet": _layout("i32 u32"),
    "LockIn.ModAmpSet": _layout("i32 f32"),
    "LockIn.ModPhasFreqGet": _layout("i32", "f64"),
    "LockIn.ModSignalGet": _layout("i32", "i32"),
    "LockIn.ModHarmonicGet": _layout("i32", "i32"),
    "LockIn.ModPhasGet": _layout("i32", "f32"),
    "LockIn.DemodSignalGet": _layout("i32", "i32"),
    "LockIn.DemodHarmonicGet": _layout("i32", "i32"),
    "LockIn.DemodPhasGet": _layout("i32", "f32"),
    "Pattern.PropsGet": _layout("", "names str str f32 u32"),
}
LAYOUTS: dict[str, Layout] = {**_ONLY_HERE, **COMMANDS}
# What never changes at the twin.
_ALWAYS: dict[str, tuple[Any, ...]] = {
    "Signals.MeasNamesGet": (["Bias calc (V)", "Response (m)"],),
    "FolMe.PSOnOffGet": (0,),
    "Bias.CalibrGet": (1.0, 0.0),
    "Bias.RangeGet": (["300 V"], 0),
    "BiasSpectr.ZOffRevertGet": (0,),
    "BiasSpectr.MLSModeGet": ("Linear",),
    "BiasSpectr.MLSLockinPerSegGet": (0,),
    "BiasSpectr.DigSyncGet": (0,),
    "ZCtrl.LimitsGet": (Z_RANGE_M / 2, -Z_RANGE_M / 2),
    "ZCtrl.LimitsEnabledGet": (0,),
    "ZCtrl.CtrlListGet": (["Deflection"], 0),
}
# Of the one modulator and the one demodulator, whose number is asked for.
_OF_THE_FIRST: dict[str, tuple[Any, ...]] = {
    "LockIn.ModPhasFreqGet": (300e3,),
    "LockIn.ModSignalGet": (BIAS_SIGNAL,),
    "LockIn.ModHarmonicGet": (1,),
    "LockIn.ModPhasGet": (0.0,),
    "LockIn.DemodSignalGet": (0,),
    "LockIn.DemodHarmonicGet": (1,),
    "LockIn.DemodPhasGet": (0.0,),
}


class TwinPanel:
    """Settings of scan, spectrum, feedback and lock-in. Called with one command at a time."""

    def __init__(self, commands: TwinCommands) -> None:
        self._commands, self._twin = commands, commands.twin
        self._keeps_time = True
        self._series, self._comment = "scan", ""
        self._modulated, self._ac_v = True, 1.0
        self.feedback, self.withdrawn = True, False
        self.n_points = int(SPECTRUM_DEFAULTS["n_points"])
        self.point_s = SPECTRUM_DEFAULTS["seconds"] / self.n_points
        self._settling_s = 0.0

    def answer(self, name: str) -> Callable[..., Any] | None:
        """What answers a command; None if nothing here does."""
        if name in _ALWAYS:
            return lambda: _ALWAYS[name]
        if name in _OF_THE_FIRST:
            return lambda number: self._of_the_first(number, _OF_THE_FIRST[name])
        found: Callable[..., Any] | None = getattr(self, "_" + name.replace(".", "_").lower(), None)
        return found

    # -- signals ---------------------------------------------------------------------------

    def signal_names(self) -> list[str]:
        """The channels of the surface first, then Bias and Z where the maker has them."""
        units = self._twin.surface.scan.units
        names = [f"{name} ({units[name]})" for name in self._commands.channels]
        names += [f"Internal {i}" for i in range(len(names), N_SIGNALS)]
        for index, name in ((BIAS_SIGNAL, "Bias (V)"), (Z_SIGNAL, "Z (m)")):
            if index >= len(self._commands.channels):
                names[index] = name
        return names

    def _signals_namesget(self) -> tuple[Any, ...]:
        return (self.signal_names(),)

    def _signals_inslotsget(self) -> tuple[Any, ...]:
        return self.signal_names()[:N_SLOTS], list(range(N_SLOTS))

    def _signals_calibrget(self, index: int) -> tuple[Any, ...]:
        self._check_signal(index)
        return 1.0, 0.0

    def _signals_rangeget(self, index: int) -> tuple[Any, ...]:
        self._check_signal(index)
        if self.signal_names()[index] == "Z (m)":
            return Z_RANGE_M / 2, -Z_RANGE_M / 2
        return 10.0, -10.0

    def _signals_valget(self, index: int, newest: int) -> tuple[Any, ...]:
        """A channel as the tip sees it now, the bias, or Z."""
        self._check_signal(index)
        names = self.signal_names()
        if index < len(self._commands.channels):
            return (self._seen()[self._commands.channels[index]],)
        if names[index] == "Bias (V)":
            return (self._twin.status().bias_v,)
        if names[index] == "Z (m)":
            return self._zctrl_zposget()
        raise ValueError(f"signal {index} ({names[index]}) is not connected at the twin")

    def _signals_valsget(self, indexes: Sequence[int], newest: int) -> tuple[Any, ...]:
        return ([self._signals_valget(int(index), newest)[0] for index in indexes],)

    def _check_signal(self, index: int) -> None:
        if not 0 <= index < N_SIGNALS:
            raise ValueError(f"expected a signal from 0 to {N_SIGNALS - 1}, found {index}")

    def _seen(self) -> dict[str, float]:
        pitch = self._twin.sample.frame.pitch_m
        point = ScanFrame((1, 1), pitch, self._twin.status().at_m or (0.0, 0.0))
        rng = np.random.default_rng(0)
        image = self._twin.sample.seen(point, [self._twin.seconds()], rng)
        return {name: float(values[0, 0]) for name, values in image.items()}

    # -- scan ------------------------------------------------------------------------------

    def _scan_speedget(self) -> tuple[Any, ...]:
        """A line goes forward and back at one speed."""
        time_s = self._twin.line_s / 2
        speed = self._commands.frame.size_m[0] / time_s
        return speed, speed, time_s, time_s, int(self._keeps_time), 1.0

    def _scan_speedset(
        self, forward: float, backward: float, forward_s: float, backward_s: float,
        keep: int, ratio: float,
    ) -> None:  # fmt: skip
        if keep not in (0, 1, 2):
            raise ValueError(f"expected to keep 0, 1 or 2, found {keep}")
        if ratio not in (0.0, 1.0):
            raise ValueError("the twin scans back as fast as forward: a ratio of 1")
        keeps_time = {0: self._keeps_time, 1: False, 2: True}[keep]
        time_s = forward_s if keeps_time else self._commands.frame.size_m[0] / (forward or math.inf)
        if not 1e-6 <= time_s <= 1e6:
            raise ValueError(f"expected a line that takes some time, found {time_s:g} s")
        self._keeps_time = keeps_time
        self._twin.line_s = 2 * time_s

    def frame_changed(self, old_width_m: float, width_m: float) -> None:
        """With the linear speed kept, a wider frame takes longer."""
        if not self._keeps_time:
            self._twin.line_s *= width_m / old_width_m

    def _scan_propsget(self) -> tuple[Any, ...]:
        """Single scans that are not saved (2: off); no module adds parameters."""
        return 0, 0, 2, self._series, self._comment, [], [], 0, 0, 0

    def _scan_propsset(
        self, continuous: int, bouncy: int, autosave: int, series: str, comment: str,
        modules: Sequence[str], autopaste: int,
    ) -> None:  # fmt: skip
        if continuous == 1 or bouncy == 1 or autosave in (1, 2) or autopaste in (1, 2):
            raise ValueError("the twin scans one frame at a time and saves none")
        self._series, self._comment = series or self._series, comment

    def _scan_xyposget(self, newest: int) -> tuple[Any, ...]:
        return self._twin.status().at_m or (0.0, 0.0)

    # -- bias spectra ----------------------------------------------------------------------

    @property
    def spectrum_s(self) -> float:
        """How long a spectrum takes."""
        return max(1e-3, (self._settling_s + self.point_s) * self.n_points)

    def _biasspectr_propsget(self) -> tuple[Any, ...]:
        """One sweep of `n_points` forward and as many back."""
        channels, fixed = ["Bias calc (V)", "Response (m)"], ["X (m)", "Y (m)"]
        return 0, 1, 1, self.n_points // 2, channels, ["Sweep Start", "Sweep End"], fixed

    def _biasspectr_propsset(
        self, save_all: int, sweeps: int, backward: int, points: int, z_offset_m: float,
        autosave: int, dialog: int,
    ) -> None:  # fmt: skip
        if sweeps not in (0, 1) or backward == 2 or z_offset_m != 0:
            raise ValueError("the twin sweeps once, forward and back, without a Z offset")
        if points != 0 and not 2 <= points <= _MOST_POINTS:
            raise ValueError(f"expected 2 to {_MOST_POINTS} points, found {points}")
        self.n_points = 2 * points or self.n_points

    def _biasspectr_advpropsget(self) -> tuple[Any, ...]:
        """The bias returns to where it was, Z is on hold, the lock-in runs."""
        return 1, 1, 0, 1

    def _biasspectr_advpropsset(self, reset: int, hold: int, final_z: int, lockin: int) -> None:
        if reset == 2 or hold == 2 or final_z == 1 or lockin == 2:
            raise ValueError("the twin resets the bias, holds Z and runs the lock-in in a spectrum")

    def _biasspectr_limitsget(self) -> tuple[Any, ...]:
        return self._commands.limits_v

    def _biasspectr_timingget(self) -> tuple[Any, ...]:
        return 0.0, 0.0, 0.0, 1000.0, self._settling_s, self.point_s, 0.0, 0.0

    def _biasspectr_timingset(
        self, averaging_s: float, z_offset_m: float, initial_s: float, slew: float,
        settling_s: float, integration_s: float, end_s: float, control_s: float,
    ) -> None:  # fmt: skip
        if any(value != 0 for value in (averaging_s, z_offset_m, initial_s, end_s, control_s)):
            raise ValueError("a spectrum of the twin has settling and integration times alone")
        point_s = settling_s + integration_s
        if not (settling_s >= 0 and integration_s > 0 and point_s * self.n_points <= 3600):
            raise ValueError(f"expected up to an hour of spectrum, found {point_s:g} s a point")
        self._settling_s, self.point_s = settling_s, integration_s

    def _biasspectr_chsget(self) -> tuple[Any, ...]:
        return [0], self.signal_names()[:1]

    def _biasspectr_altzctrlget(self) -> tuple[Any, ...]:
        return 0, self._twin.setpoint, 0.0

    # -- bias, Z, lock-in, pattern ---------------------------------------------------------

    def _zctrl_onoffget(self) -> tuple[Any, ...]:
        return (int(self.feedback),)

    def _zctrl_onoffset(self, on: int) -> None:
        self.feedback = bool(on)
        self.withdrawn = self.withdrawn and not on

    def _zctrl_statusget(self) -> tuple[Any, ...]:
        return (_ON if self.feedback else _OFF,)

    def _zctrl_zposget(self) -> tuple[Any, ...]:
        """The surface is flat: half way, or withdrawn to the upper end."""
        return (Z_RANGE_M / 2 if self.withdrawn else 0.0,)

    def _zctrl_withdraw(self, wait: int, timeout_ms: int) -> None:
        self.feedback, self.withdrawn = False, True

    def _zctrl_setpntget(self) -> tuple[Any, ...]:
        return (self._twin.setpoint,)

    def _lockin_modonoffget(self, number: int) -> tuple[Any, ...]:
        self._check_first(number)
        return (int(self._modulated),)

    def _lockin_modonoffset(self, number: int, on: int) -> None:
        self._check_first(number)
        self._modulated = bool(on)

    def _lockin_modampget(self, number: int) -> tuple[Any, ...]:
        self._check_first(number)
        return (self._ac_v,)

    def _lockin_modampset(self, number: int, amplitude_v: float) -> None:
        self._check_first(number)
        if not 0 <= amplitude_v <= 10:
            raise ValueError(f"expected an amplitude of 0 to 10 V, found {amplitude_v:g}")
        self._ac_v = amplitude_v

    def _pattern_propsget(self) -> tuple[Any, ...]:
        kind = "Bias Spectroscopy"
        return [kind], kind, "", 0.0, 0

    def _of_the_first(self, number: int, results: tuple[Any, ...]) -> tuple[Any, ...]:
        self._check_first(number)
        return results

    def _check_first(self, number: int) -> None:
        if number != 1:
            raise ValueError(f"the twin has one modulator and one demodulator, found {number}")

"""What each command does to the microscope: motion, bias, Z, marks, the system."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .microscope import Microscope, RefusedError
from .signals import AMPLITUDE, BIAS, CURRENT


class Call:
    """A command under way: the microscope, and whether its client has left."""

    def __init__(self, microscope: Microscope, gone: Callable[[], bool]) -> None:
        self.microscope, self.gone = microscope, gone

    def wait(self, until: Callable[[], float | None], timeout_ms: int) -> bool:
        timeout_s = None if timeout_ms < 0 else timeout_ms / 1000 * self.microscope.clock.scale
        return self.microscope.wait(until, timeout_s, self.gone)


Answer = Callable[..., tuple | None]
ANSWERS: dict[str, Answer] = {}


def answers(name: str) -> Callable[[Answer], Answer]:
    """Register what answers a command: a function of the `Call` and the arguments."""

    def register(answer: Answer) -> Answer:
        ANSWERS[name] = answer
        return answer

    return register


def _constant(name: str, *results: Any) -> None:
    ANSWERS[name] = lambda call, *_: results


# The system
@answers("Util.VersionGet")
def _version(call: Call) -> tuple:
    return call.microscope.settings.version


@answers("Util.SessionPathGet")
def _session(call: Call) -> tuple:
    return (call.microscope.settings.session_path,)


@answers("Piezo.RangeGet")
def _range(call: Call) -> tuple:
    return call.microscope.settings.range_m


@answers("Signals.NamesGet")
def _names(call: Call) -> tuple:
    return (call.microscope.settings.names,)


@answers("Signals.InSlotsGet")
def _slots(call: Call) -> tuple:
    s = call.microscope.settings
    return [s.names[i] for i in s.slots], list(s.slots)


@answers("Signals.ValGet")
def _value(call: Call, index: int, newest: int) -> tuple:
    if not 0 <= index < 128:
        raise RefusedError(f"signal {index} does not exist")
    return (call.microscope.value(index),)


@answers("Signals.ValsGet")
def _values(call: Call, indexes: list[int], newest: int) -> tuple:
    return ([_value(call, index, newest)[0] for index in indexes],)


@answers("Current.Get")
def _current(call: Call) -> tuple:
    return (call.microscope.value(CURRENT),)


# Motion
@answers("FolMe.XYPosGet")
@answers("Scan.XYPosGet")
def _position(call: Call, newest: int) -> tuple:
    return call.microscope.position_m()


@answers("FolMe.XYPosSet")
def _move(call: Call, x_m: float, y_m: float, wait: int) -> None:
    m = call.microscope
    m.move_to(x_m, y_m)
    if wait:
        m.wait(lambda: None if m.at_rest() else m.xy.ends_at, None, call.gone)


@answers("FolMe.SpeedGet")
def _speed(call: Call) -> tuple:
    return call.microscope.speed_m_s, int(call.microscope.custom_speed)


@answers("FolMe.SpeedSet")
def _set_speed(call: Call, speed_m_s: float, custom: int) -> None:
    if not speed_m_s > 0:
        raise RefusedError(f"a speed of {speed_m_s} m/s is not possible")
    call.microscope.speed_m_s, call.microscope.custom_speed = speed_m_s, bool(custom)


@answers("FolMe.Stop")
def _stop_move(call: Call) -> None:
    call.microscope.stop_move()


# Bias
@answers("Bias.Get")
def _bias(call: Call) -> tuple:
    return (call.microscope.bias_v(),)


@answers("Bias.Set")
def _set_bias(call: Call, volts: float) -> None:
    if not abs(volts) <= 10:
        raise RefusedError(f"a bias of {volts} V is out of range")
    call.microscope.set_bias(volts)


# Z
@answers("ZCtrl.StatusGet")
def _z_status(call: Call) -> tuple:
    return (call.microscope.z_status(),)


@answers("ZCtrl.OnOffGet")
def _z_on(call: Call) -> tuple:
    return (int(call.microscope.z_status() == 2),)


@answers("ZCtrl.OnOffSet")
def _set_z_on(call: Call, on: int) -> None:
    call.microscope.feedback = bool(on)
    call.microscope.withdrawn = call.microscope.withdrawn and not on


@answers("ZCtrl.ZPosGet")
def _z(call: Call) -> tuple:
    return (call.microscope.z_m(),)


@answers("ZCtrl.SetpntGet")
def _setpoint(call: Call) -> tuple:
    return (call.microscope.setpoint,)


@answers("ZCtrl.SetpntSet")
def _set_setpoint(call: Call, value: float) -> None:
    call.microscope.setpoint = value


@answers("ZCtrl.LimitsGet")
def _z_limits(call: Call) -> tuple:
    half = call.microscope.settings.range_m[2] / 2
    return half, -half


@answers("ZCtrl.Withdraw")
def _withdraw(call: Call, wait: int, timeout_ms: int) -> None:
    call.microscope.withdraw()


# Lock-in
@answers("LockIn.ModOnOffGet")
def _lockin(call: Call, number: int) -> tuple:
    return (int(call.microscope.ac_on and number == 1),)


@answers("LockIn.ModOnOffSet")
def _set_lockin(call: Call, number: int, on: int) -> None:
    call.microscope.ac_on = bool(on) if number == 1 else call.microscope.ac_on


@answers("LockIn.ModAmpGet")
def _amplitude(call: Call, number: int) -> tuple:
    return (call.microscope.ac_v if number == 1 else 0.0,)


@answers("LockIn.ModAmpSet")
def _set_amplitude(call: Call, number: int, amplitude: float) -> None:
    if number == 1:
        call.microscope.ac_v = amplitude


# Marks
@answers("Marks.PointsDraw")
def _draw(call: Call, n: int, x: list, y: list, texts: list[str], colours: list[int]) -> None:
    call.microscope.marks += list(zip(x, y, texts, strict=True))


@answers("Marks.PointsErase")
def _erase(call: Call, index: int) -> None:
    call.microscope.marks = (
        [] if index < 0 else [m for i, m in enumerate(call.microscope.marks) if i != index]
    )


_CONSTANT = {
    "Util.RTFreqGet": (20000.0,),
    "Util.AcqPeriodGet": (0.02,),
    "Signals.CalibrGet": (1.0, 0.0),
    "Signals.RangeGet": (10.0, -10.0),
    "Piezo.TiltGet": (0.0, 0.0),
    "Piezo.SensGet": (5e-7, 5e-7, 2e-8),
    "FolMe.OversamplGet": (10, 0.005),
    "FolMe.PSOnOffGet": (0,),
    "Bias.CalibrGet": (1.0, 0.0),
    "Bias.RangeGet": (["10 V"], 0),
    "ZCtrl.GainGet": (1e-12, 5e-5, 2e-8),
    "ZCtrl.LimitsEnabledGet": (0,),
    "ZCtrl.HomePropsGet": (1, 1e-7),
    "ZCtrl.SwitchOffDelayGet": (0.0,),
    "ZCtrl.TipLiftGet": (0.0,),
    "ZCtrl.WithdrawRateGet": (1e-6,),
    "ZCtrl.CtrlListGet": (["Deflection", "Current"], 0),
    "LockIn.ModSignalGet": (BIAS,),
    "LockIn.ModPhasRegGet": (1,),
    "LockIn.ModHarmonicGet": (1,),
    "LockIn.ModPhasGet": (0.0,),
    "LockIn.ModPhasFreqGet": (350e3,),
    "LockIn.DemodSignalGet": (AMPLITUDE,),
    "LockIn.DemodHarmonicGet": (1,),
    "LockIn.DemodHPFilterGet": (0, 0.0),
    "LockIn.DemodLPFilterGet": (4, 500.0),
    "LockIn.DemodPhasRegGet": (1,),
    "LockIn.DemodPhasGet": (0.0,),
    "LockIn.DemodSyncFilterGet": (0,),
    "LockIn.DemodRTSignalsGet": (1,),
    "SafeTip.OnOffGet": (0,),
    "Signals.MeasNamesGet": (["Current (A)", "Bias (V)", "Amplitude (m)", "Phase (deg)"],),
}
for _name, _results in _CONSTANT.items():
    _constant(_name, *_results)

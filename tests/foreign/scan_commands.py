"""What the commands of scans, spectra and patterns do."""

from __future__ import annotations

import math

import numpy as np

from .commands import ANSWERS, Call, answers
from .microscope import RefusedError
from .settings import Frame
from .signals import AMPLITUDE, BIAS, PHASE

__all__ = ["ANSWERS"]  # those of `commands` and these


@answers("Scan.FrameGet")
def _frame(call: Call) -> tuple:
    f = call.microscope.scanner.frame
    return f.x_m, f.y_m, f.width_m, f.height_m, f.angle_deg


@answers("Scan.FrameSet")
def _set_frame(call: Call, *frame: float) -> None:
    if not (all(map(math.isfinite, frame)) and frame[2] > 0 and frame[3] > 0):
        raise RefusedError(f"the frame {frame} is not possible")
    call.microscope.scanner.set_frame(Frame(*frame))


@answers("Scan.BufferGet")
def _buffer(call: Call) -> tuple:
    scanner = call.microscope.scanner
    return list(scanner.channels), scanner.pixels, scanner.lines


@answers("Scan.BufferSet")
def _set_buffer(call: Call, channels: list[int], pixels: int, lines: int) -> None:
    scanner = call.microscope.scanner
    most = 24 if call.microscope.settings.by_slot else 128
    if scanner.running or any(not 0 <= c < most for c in channels):
        raise RefusedError("the scan buffer cannot be set so now")
    scanner.channels = list(channels) or scanner.channels
    scanner.pixels = max(16, round(pixels / 16) * 16) if pixels > 0 else scanner.pixels
    scanner.lines = lines if lines > 0 else scanner.lines


@answers("Scan.Action")
def _action(call: Call, action: int, direction: int) -> None:
    m = call.microscope
    if action == 0:
        t = m.settle()
        if m.spectroscopy.running(t) or m.spectroscopy.pattern_runs(t):
            raise RefusedError("no scan while a spectrum or a pattern runs")
        m.scanner.start(direction)
    elif action in (1, 2, 3):
        {1: m.scanner.stop, 2: m.scanner.pause, 3: m.scanner.resume}[action]()
    elif action == 6:
        m.move_to(m.scanner.frame.x_m, m.scanner.frame.y_m)
    elif action not in (4, 5):
        raise RefusedError(f"scan action {action} does not exist")


@answers("Scan.StatusGet")
def _running(call: Call) -> tuple:
    return (int(call.microscope.scanner.running),)


@answers("Scan.WaitEndOfScan")
def _end_of_scan(call: Call, timeout_ms: int) -> tuple:
    scanner = call.microscope.scanner
    if not scanner.running and call.microscope.settings.wait_when_idle == "return":
        return 0, scanner.saved
    before = (scanner.passes_done, scanner.stops)

    def due() -> float | None:
        return scanner.pass_ends() if (scanner.passes_done, scanner.stops) == before else None

    ended = call.wait(due, timeout_ms)
    return int(not ended), scanner.saved if ended and scanner.passes_done > before[0] else ""


@answers("Scan.WaitEndOfLine")
def _end_of_line(call: Call, timeout_ms: int) -> tuple:
    scanner = call.microscope.scanner
    before = scanner.lines_done

    def due() -> float | None:
        return scanner.next_line_ends() if scanner.lines_done == before else None

    ended = call.wait(due, timeout_ms)
    return int(not ended), scanner.last_line, 1, scanner.passes_done


@answers("Scan.FrameDataGrab")
def _grab(call: Call, channel: int, forward: int) -> tuple:
    scanner, s = call.microscope.scanner, call.microscope.settings
    if channel not in scanner.channels or forward not in (0, 1):
        raise RefusedError(f"channel {channel} is not acquired")
    if not scanner.lines_done and s.grab_before_scan == "error":
        raise RefusedError("there are no scan data yet")
    image = scanner.image(channel, forward)
    if scanner.direction == 1 and s.rows == "top":
        image = image[::-1]
    return s.names[s.slots[channel] if s.by_slot else channel], image.copy(), scanner.direction


@answers("Scan.PropsGet")
def _props(call: Call) -> tuple:
    s = call.microscope.scanner
    return (
        int(s.continuous),
        int(s.bouncy),
        0 if s.autosave else 2,
        s.series,
        s.comment,
        [],
        [],
        0,
        0,
        0,
    )


@answers("Scan.PropsSet")
def _set_props(
    call: Call,
    continuous: int,
    bouncy: int,
    autosave: int,
    series: str,
    comment: str,
    modules: list,
    paste: int,
) -> None:
    s = call.microscope.scanner
    s.continuous = {1: True, 2: False}.get(continuous, s.continuous)
    s.bouncy = {1: True, 2: False}.get(bouncy, s.bouncy)
    s.autosave = {1: True, 2: True, 3: False}.get(autosave, s.autosave)
    s.series, s.comment = series or s.series, comment


@answers("Scan.SpeedGet")
def _scan_speed(call: Call) -> tuple:
    s = call.microscope.scanner
    return s.forward_m_s, s.forward_m_s * s.ratio, *s.line_times_s(), int(s.keep_time), s.ratio


@answers("Scan.SpeedSet")
def _set_scan_speed(call: Call, *speed: float) -> None:
    call.microscope.scanner.set_speed(*speed)


# Spectra
@answers("BiasSpectr.Open")
def _open(call: Call) -> None:
    call.microscope.spectroscopy.open = True


@answers("BiasSpectr.Start")
def _start(call: Call, data: int, base_name: str) -> tuple:
    m = call.microscope
    t = m.settle()
    if m.scanner.running or m.spectroscopy.running(t) or m.spectroscopy.pattern_runs(t):
        raise RefusedError("no spectrum while a scan, a spectrum or a pattern runs")
    spectrum = m.spectroscopy.start()
    if not data:
        return [], np.zeros((0, 0)), []
    m.wait(lambda: None if spectrum.ended else spectrum.ends, None, call.gone)
    return m.spectroscopy.data(spectrum)


@answers("BiasSpectr.Stop")
def _stop(call: Call) -> None:
    call.microscope.spectroscopy.stop()


@answers("BiasSpectr.StatusGet")
def _spectrum_runs(call: Call) -> tuple:
    return (int(call.microscope.spectroscopy.running(call.microscope.settle())),)


@answers("BiasSpectr.LimitsGet")
def _limits(call: Call) -> tuple:
    return call.microscope.spectroscopy.limits_v


@answers("BiasSpectr.LimitsSet")
def _set_limits(call: Call, start: float, end: float) -> None:
    call.microscope.spectroscopy.limits_v = (start, end)


@answers("BiasSpectr.TimingGet")
def _timing(call: Call) -> tuple:
    s = call.microscope.spectroscopy
    z = (s.z_averaging_s, s.z_offset_m, s.initial_settling_s, s.slew_v_s)
    return *z, s.settling_s, s.integration_s, s.end_settling_s, s.z_control_s


@answers("BiasSpectr.TimingSet")
def _set_timing(call: Call, *timing: float) -> None:
    s = call.microscope.spectroscopy
    s.z_averaging_s, s.z_offset_m, s.initial_settling_s, s.slew_v_s = timing[:4]
    s.settling_s, s.integration_s, s.end_settling_s, s.z_control_s = timing[4:]


@answers("BiasSpectr.PropsGet")
def _spectrum_props(call: Call) -> tuple:
    s = call.microscope.spectroscopy
    names = (
        s.data(s.spectra[-1])[0] if s.spectra else ["Bias calc (V)", "Amplitude (m)", "Phase (deg)"]
    )
    return (
        0,
        s.sweeps,
        int(s.backward),
        s.points,
        names,
        ["Sweep Start", "Sweep End"],
        ["X (m)", "Y (m)", "Z (m)"],
    )


@answers("BiasSpectr.PropsSet")
def _set_spectrum_props(
    call: Call, save_all: int, sweeps: int, back: int, points: int, z_m: float, *_: int
) -> None:
    s = call.microscope.spectroscopy
    s.sweeps, s.points, s.z_offset_m = sweeps or s.sweeps, points or s.points, z_m
    s.backward = {1: True, 2: False}.get(back, s.backward)


@answers("BiasSpectr.AdvPropsGet")
def _advanced(call: Call) -> tuple:
    s = call.microscope.spectroscopy
    return int(s.reset_bias), int(s.z_hold), int(s.record_final_z), int(s.lockin_run)


@answers("BiasSpectr.AdvPropsSet")
def _set_advanced(call: Call, reset: int, hold: int, final_z: int, lockin: int) -> None:
    s, switch = call.microscope.spectroscopy, {1: True, 2: False}
    s.reset_bias, s.z_hold = switch.get(reset, s.reset_bias), switch.get(hold, s.z_hold)
    s.record_final_z, s.lockin_run = (
        switch.get(final_z, s.record_final_z),
        switch.get(lockin, s.lockin_run),
    )


@answers("BiasSpectr.ChsGet")
def _channels(call: Call) -> tuple:
    slots, names = call.microscope.settings.slots, call.microscope.settings.names
    recorded = [slots.index(i) for i in (BIAS, AMPLITUDE, PHASE)]
    return recorded, [names[slots[i]] for i in recorded]


@answers("BiasSpectr.ChsSet")
def _set_channels(call: Call, channels: list[int]) -> None:
    raise RefusedError("the recorded channels are fixed on this controller")


_CONSTANT: dict[str, tuple] = {
    "BiasSpectr.AltZCtrlGet": (0, 1.0, 0.2),
    "BiasSpectr.ZOffRevertGet": (1,),
    "BiasSpectr.MLSModeGet": ("Linear",),
    "BiasSpectr.MLSLockinPerSegGet": (0,),
    "BiasSpectr.DigSyncGet": (0,),
    "BiasSpectr.TTLSyncGet": (0, 1, 0.0, 0.0),
}
for _name, _results in _CONSTANT.items():
    answers(_name)(lambda call, *_, results=_results: results)


# Patterns
@answers("Pattern.CloudSet")
def _set_cloud(call: Call, active: int, n: int, x: list[float], y: list[float]) -> None:
    call.microscope.spectroscopy.cloud_m = list(zip(x, y, strict=True))


@answers("Pattern.CloudGet")
def _cloud(call: Call) -> tuple:
    cloud = call.microscope.spectroscopy.cloud_m
    return len(cloud), [x for x, _ in cloud], [y for _, y in cloud]


@answers("Pattern.PropsSet")
def _set_pattern(
    call: Call, experiment: str, base_name: str, path: str, delay_s: float, save: int
) -> None:
    s = call.microscope.spectroscopy
    s.experiment, s.base_name = experiment or s.experiment, base_name or s.base_name


@answers("Pattern.PropsGet")
def _pattern(call: Call) -> tuple:
    s = call.microscope.spectroscopy
    return ["Bias Spectroscopy", "Z Spectroscopy"], s.experiment, "", 0.0, 0


@answers("Pattern.ExpOpen")
def _open_pattern(call: Call) -> None:
    call.microscope.spectroscopy.pattern_open = True


@answers("Pattern.ExpStart")
def _start_pattern(call: Call, pattern: int) -> None:
    m = call.microscope
    t = m.settle()
    if not m.spectroscopy.pattern_open:
        raise RefusedError("open the pattern experiment first")
    if pattern not in (0, 3) or not m.spectroscopy.cloud_m:
        raise RefusedError("only a cloud of points can be measured here")
    if m.scanner.running or m.spectroscopy.running(t) or m.spectroscopy.pattern_runs(t):
        raise RefusedError("something runs already")
    m.spectroscopy.start_pattern()


@answers("Pattern.ExpPause")
def _pause_pattern(call: Call, pause: int) -> None:
    raise RefusedError("a pattern cannot be paused on this controller")


@answers("Pattern.ExpStop")
def _stop_pattern(call: Call) -> None:
    call.microscope.spectroscopy.stop_pattern()


@answers("Pattern.ExpStatusGet")
def _pattern_runs(call: Call) -> tuple:
    return (int(call.microscope.spectroscopy.pattern_runs(call.microscope.settle())),)

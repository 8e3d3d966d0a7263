"""What a PFM operator's own client asks of a controller, with nanonis-spm, and whether it is right.

Run as a script on a port (``python pfm_client.py 6501``) it says what was wrong and exits with 1.
It asks, sets, reads back what it set, and puts everything back; it moves the tip nowhere.
"""

from __future__ import annotations

import contextlib
import io
import math
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any

from nanonis_spm import Nanonis

Answer = list[Any]


class _Nanonis(Nanonis):
    """nanonis-spm that keeps the last answer: it misreads errors that come without results."""

    def send(self, *request: Any) -> Any:
        self.body = bytes(super().send(*request))
        return self.body

    def error_text(self) -> str:
        for size in range(len(self.body) - 7):
            text = len(self.body) - size
            if self.body[text - 8 : text] == struct.pack(">Ii", 1, size):
                return self.body[text:].decode("cp1252")
        return ""


class Client:
    """nanonis-spm with errors that raise, and bytes where its own reading is wrong."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 20)
        self.spm = _Nanonis(self._socket)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()

    def __call__(self, method: str, *arguments: Any) -> Answer:
        """Call a method of nanonis-spm; its answer without the count that it puts into tuples."""
        with contextlib.redirect_stdout(io.StringIO()):  # it prints the errors that it finds
            error, _body, values = getattr(self.spm, method)(*arguments)
        if error:
            raise RuntimeError(error)
        return values

    def refusal(self, method: str, *arguments: Any) -> str:
        """The text of the error that a call brings; "" if it brings none."""
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.suppress(struct.error, IndexError, TypeError),  # it misreads some of them
        ):
            getattr(self.spm, method)(*arguments)
        return self.spm.error_text()

    def raw(self, name: str) -> bytes:
        """The body of an answer to a command without arguments."""
        with contextlib.redirect_stdout(io.StringIO()):
            return bytes(self.spm.send(name, [], []))


def near(found: float, wanted: float) -> bool:
    return math.isclose(found, wanted, rel_tol=1e-5, abs_tol=1e-15)


def _set_and_read(client: Client, get: tuple, put: Callable[[float], tuple], value: float) -> bool:
    """Set a value, read it back, set the old one again."""
    before = client(*get)[0]
    client(*put(value))
    found = client(*get)[0]
    client(*put(before))
    return near(found, value) and near(client(*get)[0], before)


# Each check gives "" or what is wrong. -------------------------------------------------------


def scan_properties(client: Client) -> str:
    """Scan.PropsGet, from its bytes: nanonis-spm 1.0.9 cannot read it."""
    body = client.raw("Scan.PropsGet")
    continuous, bouncy, autosave, size = struct.unpack_from(">IIIi", body)
    at = 16 + size
    (size,) = struct.unpack_from(">i", body, at)
    at += 4 + size
    n_bytes, _count = struct.unpack_from(">ii", body, at)
    at += 8 + n_bytes
    (n,) = struct.unpack_from(">i", body, at)
    at += 4 + 4 * n + 8
    autopaste, status, error = struct.unpack_from(">IIi", body, at)
    known = continuous in (0, 1) and bouncy in (0, 1) and autosave in (0, 1, 2) and autopaste < 4
    return "" if known and status == 0 and error == 0 and at + 12 == len(body) else repr(body)


def scan_speed(client: Client) -> str:
    """Line time and linear speed belong together; what is set is read back."""
    width = client("Scan_FrameGet")[2]
    before = client("Scan_SpeedGet")
    forward, _, forward_s, backward_s, keep, ratio = before
    if not (near(forward * forward_s, width) and near(backward_s * ratio, forward_s)):
        return f"{before} does not fit a width of {width}"
    client("Scan_SpeedSet", 0.0, 0.0, 3 * forward_s, 3 * backward_s, 2, ratio)
    slower = client("Scan_SpeedGet")
    client("Scan_SpeedSet", forward, forward * ratio, forward_s, backward_s, 1, ratio)
    linear = client("Scan_SpeedGet")
    client("Scan_SpeedSet", forward, forward * ratio, forward_s, backward_s, keep + 1, ratio)
    right = near(slower[0] * 3, forward) and slower[4] == 1 and near(linear[0], forward)
    return "" if right and linear[4] == 0 and client("Scan_SpeedGet") == before else f"{slower}"


def frame_and_buffer(client: Client) -> str:
    """Frame and buffer come back as set; pixels are coerced to multiples of 16."""
    frame = client("Scan_FrameGet")
    _, (*channels,), pixels, lines = client("Scan_BufferGet")
    numbers = [int(c[0]) for c in channels]
    client("Scan_FrameSet", frame[0], frame[1], frame[2] / 2, frame[3] / 2, 15.0)
    half = client("Scan_FrameGet")
    client("Scan_FrameSet", *frame)
    client("Scan_BufferSet", numbers[1:2], 50, 40)
    one = client("Scan_BufferGet")
    client("Scan_BufferSet", numbers, pixels, lines)
    if not (near(half[2], frame[2] / 2) and near(half[4], 15.0)):
        return f"the frame reads {half}"
    if one[0] != 1 or [int(c[0]) for c in one[1]] != numbers[1:2] or one[2:4] != [48, 40]:
        return f"the buffer reads {one}"
    back = client("Scan_BufferGet")
    return "" if [int(c[0]) for c in back[1]] == numbers else f"the buffer reads {back}"


def signals(client: Client) -> str:
    """128 names; the slots name signals of them; values are what the other getters say."""
    names = client("Signals_NamesGet")[2]
    body = client.raw("Signals.InSlotsGet")
    size, count = struct.unpack_from(">ii", body)
    (n,) = struct.unpack_from(">i", body, 8 + size)
    indexes = struct.unpack_from(f">{n}i", body, 12 + size)
    slots, at = [], 8
    for _ in range(count):
        (length,) = struct.unpack_from(">i", body, at)
        slots.append(body[at + 4 : at + 4 + length].decode("cp1252"))
        at += 4 + length
    if len(names) != 128 or slots != [names[i] for i in indexes] or count != 24:
        return f"slots {slots} at {indexes}"
    bias = client("Signals_ValGet", names.index("Bias (V)"), 1)[0]
    z = client("Signals_ValGet", names.index("Z (m)"), 1)[0]
    low, high = sorted(client("Signals_RangeGet", names.index("Z (m)")))
    if not near(bias, client("Bias_Get")[0]) or not low <= z <= high:
        return f"bias {bias}, Z {z} in {low} to {high}"
    several = client("Signals_ValsGet", [names.index("Bias (V)"), names.index("Z (m)")], 1)
    acquired = int(client("Scan_BufferGet")[1][0][0])
    value = client("Signals_ValGet", acquired, 1)[0]
    calibrated = client("Signals_CalibrGet", acquired)[0] != 0
    right = several[0] == 2 and math.isfinite(value) and calibrated
    return "" if right else f"values {several}, {value}"


def feedback(client: Client) -> str:
    """The Z controller is on, Z within its limits; it can be switched, and says so."""
    status, on = client("ZCtrl_StatusGet")[0], client("ZCtrl_OnOffGet")[0]
    high, low = client("ZCtrl_LimitsGet")
    z, setpoint = client("ZCtrl_ZPosGet")[0], client("ZCtrl_SetpntGet")[0]
    names, active = client("ZCtrl_CtrlListGet")[2:4]
    limited = client("ZCtrl_LimitsEnabledGet")[0]
    if (status, on) != (2, 1) or not low < z < high or not math.isfinite(setpoint):
        return f"status {status}, on {on}, Z {z} in {low} to {high}, set-point {setpoint}"
    if not 0 <= active < len(names) or limited not in (0, 1):
        return f"controllers {names}, {active} is active"
    client("ZCtrl_OnOffSet", 0)
    off = (client("ZCtrl_StatusGet")[0], client("ZCtrl_OnOffGet")[0])
    client("ZCtrl_OnOffSet", 1)
    return "" if off == (1, 0) and client("ZCtrl_OnOffGet")[0] == 1 else f"switched off: {off}"


def lock_in(client: Client) -> str:
    """The AC drive: on, its amplitude, frequency, harmonic and signal."""
    if client("LockIn_ModOnOffGet", 1)[0] != 1:
        return "the modulator is off"
    amplitude = ("LockIn_ModAmpGet", 1)
    if not _set_and_read(client, amplitude, lambda v: ("LockIn_ModAmpSet", 1, v), 0.25):
        return "the amplitude does not read back"
    client("LockIn_ModOnOffSet", 1, 0)
    off = client("LockIn_ModOnOffGet", 1)[0]
    client("LockIn_ModOnOffSet", 1, 1)
    names = client("Signals_NamesGet")[2]
    for method in ("LockIn_ModSignalGet", "LockIn_DemodSignalGet"):
        if not 0 <= client(method, 1)[0] < len(names):
            return method
    numbers = [client(f"LockIn_{name}Get", 1)[0] for name in ("ModHarmonic", "DemodHarmonic")]
    phases = [client(f"LockIn_{name}Get", 1)[0] for name in ("ModPhas", "DemodPhas")]
    right = off == 0 and numbers == [1, 1] and all(map(math.isfinite, phases))
    return "" if right and client("LockIn_ModPhasFreqGet", 1)[0] > 1e3 else f"{numbers}, {phases}"


def bias(client: Client) -> str:
    """The bias is set and read back; what no controller has is refused."""
    if not _set_and_read(client, ("Bias_Get",), lambda v: ("Bias_Set", v), 1.25):
        return "the bias does not read back"
    client("Bias_CalibrGet")
    ranges = client("Bias_RangeGet")
    if not 0 <= ranges[3] < ranges[1]:
        return f"range {ranges}"
    return "" if client.refusal("Bias_Set", 1e4) else "10 kV is taken"


def spectrum(client: Client) -> str:
    """Limits, points and times of a spectrum are set and read back, and it has a status."""
    before = client("BiasSpectr_LimitsGet")
    client("BiasSpectr_LimitsSet", -1.5, 2.5)
    limits = client("BiasSpectr_LimitsGet")
    client("BiasSpectr_LimitsSet", *before)
    if not (near(limits[0], -1.5) and near(limits[1], 2.5)):
        return f"limits read {limits}"
    points, timing = client("BiasSpectr_PropsGet")[3], client("BiasSpectr_TimingGet")
    client("BiasSpectr_PropsSet", 0, 0, 0, 20, 0.0, 0, 0)
    set_points = client("BiasSpectr_PropsGet")[3]
    client("BiasSpectr_PropsSet", 0, 0, 0, points, 0.0, 0, 0)
    client("BiasSpectr_TimingSet", *timing[:5], 0.004, *timing[6:])
    set_timing = client("BiasSpectr_TimingGet")
    client("BiasSpectr_TimingSet", *timing)
    if set_points != 20 or not near(set_timing[5], 0.004):
        return f"{set_points} points, times {set_timing}"
    advanced = client("BiasSpectr_AdvPropsGet")
    mode = client("BiasSpectr_MLSModeGet")[1]
    zero_or_one = [client(f"BiasSpectr_{name}Get")[0] for name in ("ZOffRevert", "AltZCtrl")]
    zero_or_one += [client(f"BiasSpectr_{name}Get")[0] for name in ("MLSLockinPerSeg", "DigSync")]
    channels = client("BiasSpectr_ChsGet")
    right = set(advanced) | set(zero_or_one) <= {0, 1} and channels[0] >= 1 and mode == "Linear"
    running = client.raw("BiasSpectr.StatusGet")[:4]  # nanonis-spm reads no result of it
    return "" if right and running == bytes(4) else f"{advanced} {zero_or_one} {mode} {channels}"


def motion(client: Client) -> str:
    """Position by both commands, speed set and read back."""
    x, y = client("FolMe_XYPosGet", 1)
    for there, here in zip(client("Scan_XYPosGet", 1), (x, y), strict=True):
        if abs(there - here) > 2e-9:
            return f"{there} is not {here}"
    if client("FolMe_PSOnOffGet")[0] not in (0, 1):
        return "point and shoot"

    def put(speed_m_s: float) -> tuple:
        return "FolMe_SpeedSet", speed_m_s, 1

    return "" if _set_and_read(client, ("FolMe_SpeedGet",), put, 3e-7) else "speed"


def the_rest(client: Client) -> str:
    """Pattern and session; and what is unknown is an error body."""
    pattern = client("Pattern_PropsGet")
    if pattern[4] not in pattern[2] or "Bias Spectroscopy" not in pattern[2]:
        return "no bias spectroscopy among the experiments of a pattern"
    if client("Pattern_ExpStatusGet")[0] or client("Scan_StatusGet")[0]:
        return "something runs"
    if not all(r > 0 for r in client("Piezo_RangeGet")) or not client("Signals_MeasNamesGet")[1]:
        return "range, measurement names"
    for method in ("Util_Lock", "PLLSignalAnlzr_Open", "Motor_StepCounterGet", "Osci1T_Run"):
        arguments = (0, 0, 0) if method.startswith("Motor") else ()
        if not client.refusal(method, *arguments):
            return f"{method} is taken"
    return ""


CHECKS = (
    scan_properties, scan_speed, frame_and_buffer, signals, feedback, lock_in, bias, spectrum,
    motion, the_rest,
)  # fmt: skip


def ask_everything(port: int) -> dict[str, str]:
    """What each check found wrong; empty if all is right."""
    wrong = {}
    with Client(port) as client:
        for check in CHECKS:
            try:
                said = check(client)
            except Exception as error:  # noqa: BLE001 - a client that stumbles is what is looked for
                said = f"{type(error).__name__}: {error}"
            if said:
                wrong[check.__name__] = said
    return wrong


if __name__ == "__main__":
    found = ask_everything(int(sys.argv[1]))
    for name, said in found.items():
        sys.stdout.write(f"{name}: {said}\n")
    sys.exit(bool(found))

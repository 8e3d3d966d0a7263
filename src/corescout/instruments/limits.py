"""What an instrument may be told. Without limits nothing is armed; nothing is ever clamped."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from corescout.data import InputError
from corescout.instruments.messages import VALUES, Message

SMALLEST_FRAME_M = 1e-10
Emergency = Literal["halt", "halt_and_zero_bias"]


@dataclass(frozen=True)
class Limits:
    """Bounds of an instrument profile; every one is named in its file.

    Attributes
    ----------
    x_m, y_m : tuple of float
        Travel box, (lowest, highest).
    largest_step_m : float
        Of one move.
    largest_speed_m_per_s : float
        Of a tip that travels.
    largest_bias_v : float
        Absolute, of spectra.
    longest_spectrum_s : float
    most_targets : int
        Of one plan.
    readback_tolerance_m : float
        Between where the tip was sent and where it says that it is.
    rotation_verified : bool
        Whether a marker check has shown which way this instrument turns its frames; without it
        rotated frames are refused.
    emergency : {"halt", "halt_and_zero_bias"}
        What stop does: in contact-mode PFM the DC bias goes to zero as well; under current feedback
        that would crash the tip.
    setpoint : tuple of float or None
        (lowest, highest) of the feedback, in the instrument's own unit: where it is named, the
        instrument must report one inside before and during a run. Nothing ever changes it.
    """

    x_m: tuple[float, float]
    y_m: tuple[float, float]
    largest_step_m: float
    largest_speed_m_per_s: float
    largest_bias_v: float
    longest_spectrum_s: float
    most_targets: int
    readback_tolerance_m: float
    rotation_verified: bool
    emergency: Emergency
    setpoint: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        for name in ("x_m", "y_m", *(("setpoint",) if self.setpoint is not None else ())):
            low, high = getattr(self, name)
            if not (math.isfinite(low) and math.isfinite(high) and low < high):
                raise ValueError(f"{name}: expected (lowest, highest), found {(low, high)}")
        for name in ("largest_step_m", "largest_speed_m_per_s", "longest_spectrum_s",
                     "readback_tolerance_m", "most_targets"):  # fmt: skip
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise ValueError(f"{name}: expected a positive number, found {getattr(self, name)}")
        if not (math.isfinite(self.largest_bias_v) and self.largest_bias_v >= 0):
            raise ValueError(f"largest_bias_v: expected 0 or more, found {self.largest_bias_v}")
        if self.emergency not in ("halt", "halt_and_zero_bias"):
            raise ValueError(f"emergency: expected halt or halt_and_zero_bias: {self.emergency!r}")

    def setpoint_problem(self, setpoint: float | None) -> str | None:
        """Say what is wrong with the set-point that an instrument reports; None if nothing is."""
        if self.setpoint is None:
            return None
        low, high = self.setpoint
        if setpoint is None:
            return "the limits bound the set-point, and the instrument does not report it"
        if not low <= setpoint <= high:
            return f"the set-point {setpoint:g} lies outside {low:g} to {high:g}"
        return None

    def violations(
        self, message: Message, at_m: tuple[float, float] | None, bias_v: float
    ) -> tuple[str, ...]:
        """Say in words what of a message is not allowed, given where the tip is and its bias.

        A position that is not known, a value that is missing, superfluous or not finite is a
        violation.
        """
        expected = VALUES.get(message.kind)
        if expected is None:
            return (f"{message.kind!r} is nothing that may be said",)
        if set(message.values) != expected:
            return (f"{message.kind}: expected {sorted(expected)}, found {sorted(message.values)}",)
        numbers = message.values.values()
        if not all(isinstance(v, int | float) and math.isfinite(v) for v in numbers):
            return (f"{message.kind}: a value is not a finite number",)
        check = getattr(self, f"_{message.kind}")
        return tuple(check(message.values, at_m, bias_v))

    def farthest_from(self, xy_m: tuple[float, float]) -> tuple[float, float]:
        """Return the corner of the travel box that is farthest from a place."""
        x, y = (
            low if value - low > high - value else high
            for value, (low, high) in zip(xy_m, (self.x_m, self.y_m), strict=True)
        )
        return x, y

    def _bias(self, v: Any, at_m: Any, bias_v: float) -> list[str]:
        return _above("bias", abs(v["bias_v"]), self.largest_bias_v, "V")

    def _speed(self, v: Any, at_m: Any, bias_v: float) -> list[str]:
        if v["speed_m_per_s"] <= 0:
            return ["speed: expected more than 0 m/s"]
        return _above("speed", v["speed_m_per_s"], self.largest_speed_m_per_s, "m/s")

    def _mark(self, v: Any, at_m: Any, bias_v: float) -> list[str]:
        return self._inside(v["x_m"], v["y_m"])

    def _move(self, v: Any, at_m: tuple[float, float] | None, bias_v: float) -> list[str]:
        found = self._inside(v["x_m"], v["y_m"])
        if bias_v != 0:
            found.append(f"a move at {bias_v:g} V: the tip travels at 0 V")
        if at_m is None:
            return [*found, "a move from an unknown position"]
        step = math.hypot(v["x_m"] - at_m[0], v["y_m"] - at_m[1])
        return found + _above("step", step, self.largest_step_m, "m")

    def _spectrum(self, v: Any, at_m: Any, bias_v: float) -> list[str]:
        largest = max(abs(v["bias_start_v"]), abs(v["bias_end_v"]))
        found = _above("spectrum bias", largest, self.largest_bias_v, "V")
        found += _above("spectrum", v["seconds"], self.longest_spectrum_s, "s")
        if v["n_points"] < 2 or v["seconds"] <= 0:
            found.append("a spectrum needs 2 points and some time")
        return found

    def _zoom(self, v: Any, at_m: Any, bias_v: float) -> list[str]:
        found = [] if bias_v == 0 else [f"a scan at {bias_v:g} V: frames are scanned at 0 V"]
        if v["angle_rad"] and not self.rotation_verified:
            found.append("a rotated frame, before a marker check has shown which way it turns")
        if v["size_m"] < SMALLEST_FRAME_M:
            return [*found, f"a frame of {v['size_m']:.3g} m: smaller than an atom"]
        c, s = abs(math.cos(v["angle_rad"])), abs(math.sin(v["angle_rad"]))
        half = 0.5 * v["size_m"] * (c + s)
        for x, y in ((-half, -half), (half, half)):
            found += self._inside(v["x_m"] + x, v["y_m"] + y)
        return found

    def _inside(self, x_m: float, y_m: float) -> list[str]:
        found = []
        for axis, value, (low, high) in (("X", x_m, self.x_m), ("Y", y_m, self.y_m)):
            if not low <= value <= high:
                found.append(f"{axis} {value:.6g} m lies outside {low:.6g} to {high:.6g} m")
        return found


def load_limits(path: str | Path) -> Limits:
    """Read the table ``[limits]`` of a TOML file.

    Raises
    ------
    InputError
        If it is absent, a bound is missing, unknown or cannot be.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))["limits"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise InputError(
            "a TOML file with a table [limits]", f"{path} ({error})", "see docs/instruments.md"
        ) from error
    return limits_of_table(table, path.name)


def limits_of_table(table: Mapping[str, Any], where: str) -> Limits:
    """Make limits of the table of a profile; `where` is named in errors.

    Raises
    ------
    InputError
        If a bound is missing, unknown or cannot be.
    """
    names = {f.name for f in fields(Limits)}
    needed = {f.name for f in fields(Limits) if f.default is MISSING}
    if not needed <= set(table) <= names:
        missing, extra = sorted(needed - set(table)), sorted(set(table) - names)
        raise InputError(
            "every limit by its name", f"missing {missing}, unknown {extra}", f"correct {where}"
        )
    try:
        values: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in table.items()
        }
        return Limits(**values)
    except (TypeError, ValueError) as error:
        raise InputError("limits that can be", str(error), f"correct {where}") from error


def _above(what: str, value: float, bound: float, unit: str) -> list[str]:
    return [f"{what} {value:.6g} {unit} exceeds {bound:.6g} {unit}"] if value > bound else []

"""What an instrument may be told. Without limits nothing is armed; nothing is ever clamped."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass

from corescout.data import InputError
from corescout.data.bounds import regular_file
from corescout.instruments.messages import VALUES, Message
from corescout.instruments.protocol import Contact
from corescout.instruments.visit_plan import is_number
from corescout.quantities import si_value

SMALLEST_FRAME_M = 1e-10
_RAIL_SHARE = 0.01  # of the range of Z: nearer to its end is at the rail
MOST_POINTS = 65536  # of a spectrum
# Beyond these a number is more likely a slip of the unit than meant.
_ABSURD: dict[str, tuple[float, str]] = {
    "x_m": (1e-3, "m"), "y_m": (1e-3, "m"), "largest_step_m": (1e-3, "m"),
    "largest_speed_m_per_s": (1e-3, "m/s"), "largest_scan_speed_m_per_s": (1e-3, "m/s"),
    "largest_bias_v": (300.0, "V"), "longest_spectrum_s": (3600.0, "s"),
    "readback_tolerance_m": (1e-6, "m"),
}  # fmt: skip
# What any text can raise as TOML: also thousands of digits, or brackets within brackets.
NO_TOML = (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError, OverflowError, RecursionError)
Emergency = Literal["halt", "halt_and_zero_bias"]
Metres = Annotated[float, BeforeValidator(partial(si_value, unit="m"))]
Volts = Annotated[float, BeforeValidator(partial(si_value, unit="V"))]
Seconds = Annotated[float, BeforeValidator(partial(si_value, unit="s"))]
MetresPerSecond = Annotated[float, BeforeValidator(partial(si_value, unit="m/s"))]
Above0 = Field(gt=0, allow_inf_nan=False)
From0 = Field(ge=0, allow_inf_nan=False)


@dataclass(frozen=True, config=ConfigDict(strict=True, extra="forbid", allow_inf_nan=False))
class Limits:
    """Bounds of an instrument profile; every one is named in its file.

    Numbers are SI, or texts with a unit: "2 um", "5 V". A value beyond 1 mm, 1 mm/s, 300 V, one
    hour, or a tolerance beyond 1 um needs `confirmed`.

    Attributes
    ----------
    x_m, y_m : tuple of float
        Travel box, (lowest, highest).
    largest_step_m : float
        Of one move, and to the farthest corner of a frame.
    largest_speed_m_per_s : float
        Of a tip that travels.
    largest_bias_v : float
        At the tip: |DC| and the peak of the AC drive together.
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
    largest_scan_speed_m_per_s : float or None
        Of a frame of a plan; `largest_speed_m_per_s` if not named.
    ac_peak_v : float
        Peak of an AC drive at the tip that the instrument does not tell of.
    error_band : tuple of float or None
        (lowest, highest) of the feedback's error signal; where it is named, the instrument must
        report one inside before every target.
    most_points : int
        Of a spectrum.
    after_hold : {"stay", "withdraw"}
        What happens to the tip when the session has held for `after_hold_minutes`: it stays in
        contact, or is withdrawn if it is known to rest at 0 V.
    after_hold_minutes : float
    confirmed : bool
        Whether a value that looks absurd is meant.
    """

    x_m: tuple[Metres, Metres]
    y_m: tuple[Metres, Metres]
    largest_step_m: Annotated[Metres, Above0]
    largest_speed_m_per_s: Annotated[MetresPerSecond, Above0]
    largest_bias_v: Annotated[Volts, From0]
    longest_spectrum_s: Annotated[Seconds, Above0]
    most_targets: Annotated[int, Field(gt=0, le=10_000)]
    readback_tolerance_m: Annotated[Metres, Above0]
    rotation_verified: bool
    emergency: Emergency
    setpoint: tuple[float, float] | None = None
    largest_scan_speed_m_per_s: Annotated[MetresPerSecond, Above0] | None = None
    ac_peak_v: Annotated[Volts, From0] = 0.0
    error_band: tuple[float, float] | None = None
    most_points: Annotated[int, Field(ge=2, le=MOST_POINTS)] = 4096
    after_hold: Literal["stay", "withdraw"] = "stay"
    after_hold_minutes: Annotated[float, Above0] = 10.0
    confirmed: bool = False

    def __post_init__(self) -> None:
        for name in ("x_m", "y_m", "setpoint", "error_band"):
            pair = getattr(self, name)
            if pair is not None and not pair[0] < pair[1]:
                raise ValueError(f"{name}: expected (lowest, highest), found {pair}")
        for name, (most, unit) in _ABSURD.items():
            value = getattr(self, name)
            largest = max(map(abs, value)) if isinstance(value, tuple) else abs(value or 0.0)
            if largest > most and not self.confirmed:
                raise ValueError(
                    f"{name}: {largest:g} {unit} is more than {most:g} {unit}; is the unit right?"
                    " If it is meant, write confirmed = true beside it"
                )

    @property
    def scan_speed_m_per_s(self) -> float:
        """Largest speed of a frame."""
        return self.largest_scan_speed_m_per_s or self.largest_speed_m_per_s

    def setpoint_problem(self, setpoint: float | None) -> str | None:
        """Say what is wrong with the set-point that an instrument reports; None if nothing is."""
        return _outside("set-point", setpoint, self.setpoint)

    def contact_problem(self, contact: Contact) -> str | None:
        """Say why no target may be visited as the feedback stands; None if nothing is wrong.

        What the instrument does not tell at all is None and no problem, unless the limits bound it;
        what it tells and is no number is one.
        """
        if contact.feedback_on is False:
            return "the feedback is off: the tip is not held in contact"
        if contact.z_m is not None:
            margin_m = _RAIL_SHARE * abs(contact.z_high_m - contact.z_low_m)
            low_m, high_m = sorted((contact.z_low_m, contact.z_high_m))
            if not low_m + margin_m < contact.z_m < high_m - margin_m:
                return (
                    f"Z {contact.z_m * 1e9:.4g} nm is at a rail ({low_m * 1e9:.4g} to"
                    f" {high_m * 1e9:.4g} nm), or not known"
                )
        return _outside("error signal", contact.error, self.error_band) or (
            None if contact.setpoint is None else self.setpoint_problem(contact.setpoint)
        )

    def tip_v(self, dc_v: float, ac_peak_v: float = 0.0) -> float:
        """Largest voltage at the tip: |DC| and the larger AC peak of those known."""
        return abs(dc_v) + max(self.ac_peak_v, ac_peak_v)

    def violations(
        self,
        message: Message,
        at_m: tuple[float, float] | None,
        bias_v: float,
        ac_peak_v: float = 0.0,
    ) -> tuple[str, ...]:
        """Say in words what of a message is not allowed, given where the tip is and its bias.

        A position that is not known, a value that is missing, superfluous or not finite is a
        violation.
        """
        expected = VALUES.get(message.kind)
        if expected is None:
            return (f"unknown instrument message {message.kind!r}",)
        if set(message.values) != expected:
            return (f"{message.kind}: expected {sorted(expected)}, found {sorted(message.values)}",)
        if not all(map(is_number, message.values.values())):
            return (f"{message.kind}: a value is not a finite number",)
        if not is_number(ac_peak_v):
            return (f"{message.kind}: the peak of the AC drive is not known",)
        if at_m is not None and not all(map(is_number, at_m)):
            at_m = None
        check = getattr(self, f"_{message.kind}")
        return tuple(check(message.values, at_m, bias_v, ac_peak_v))

    def farthest_from(self, xy_m: tuple[float, float]) -> tuple[float, float]:
        """Return the corner of the travel box that is farthest from a place."""
        x, y = (
            low if value - low > high - value else high
            for value, (low, high) in zip(xy_m, (self.x_m, self.y_m), strict=True)
        )
        return x, y

    def _bias(self, v: Any, at_m: Any, bias_v: float, ac_v: float) -> list[str]:
        return _above("bias at the tip", self.tip_v(v["bias_v"], ac_v), self.largest_bias_v, "V")

    def _speed(self, v: Any, *_: Any) -> list[str]:
        if v["speed_m_per_s"] <= 0:
            return ["speed: expected more than 0 m/s"]
        return _above("speed", v["speed_m_per_s"], self.largest_speed_m_per_s, "m/s")

    def _mark(self, v: Any, *_: Any) -> list[str]:
        return self._inside(v["x_m"], v["y_m"])

    def _move(self, v: Any, at_m: tuple[float, float] | None, bias_v: float, _: float) -> list[str]:
        found = self._inside(v["x_m"], v["y_m"])
        if bias_v != 0:
            found.append(f"a move at {bias_v:g} V: the tip travels at 0 V")
        return found + self._step([(v["x_m"], v["y_m"])], at_m, "a move")

    def _spectrum(self, v: Any, at_m: Any, bias_v: float, ac_v: float) -> list[str]:
        largest_v = self.tip_v(max(abs(v["bias_start_v"]), abs(v["bias_end_v"])), ac_v)
        found = _above("spectrum bias at the tip", largest_v, self.largest_bias_v, "V")
        found += _above("spectrum", v["seconds"], self.longest_spectrum_s, "s")
        found += _above("spectrum", v["n_points"], self.most_points, "points")
        if v["n_points"] < 2 or v["seconds"] <= 0:
            found.append("a spectrum needs 2 points and some time")
        return found

    def _zoom(self, v: Any, at_m: tuple[float, float] | None, bias_v: float, _: float) -> list[str]:
        found = [] if bias_v == 0 else [f"a scan at {bias_v:g} V: frames are scanned at 0 V"]
        if v["angle_rad"] and not self.rotation_verified:
            found.append("a rotated frame, before a marker check has shown which way it turns")
        if v["speed_m_per_s"] <= 0:
            found.append("scan speed: expected more than 0 m/s")
        found += _above("scan speed", v["speed_m_per_s"], self.scan_speed_m_per_s, "m/s")
        if v["size_m"] < SMALLEST_FRAME_M:
            return [*found, f"a frame of {v['size_m']:.3g} m: smaller than an atom"]
        c, s = math.cos(v["angle_rad"]), math.sin(v["angle_rad"])
        half = 0.5 * v["size_m"]
        corners = [
            (v["x_m"] + half * (a * c + b * s), v["y_m"] + half * (b * c - a * s))
            for a in (-1, 1) for b in (-1, 1)
        ]  # fmt: skip
        outside = [self._inside(*corner) for corner in corners]
        found += next((words for words in outside if words), [])
        return found + self._step(corners, at_m, "a frame")

    def _step(
        self, places_m: list[tuple[float, float]], at_m: tuple[float, float] | None, what: str
    ) -> list[str]:
        """What is wrong with the way from where the tip is to the farthest of some places."""
        if at_m is None:
            return [f"{what} from an unknown position"]
        step_m = max(math.dist(at_m, place) for place in places_m)
        return _above("step", step_m, self.largest_step_m, "m")

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
        table = tomllib.loads(regular_file(path).read_text(encoding="utf-8"))["limits"]
    except (OSError, KeyError, *NO_TOML) as error:
        raise InputError(
            "a TOML file with a table [limits]", f"{path} ({type(error).__name__}: {error})"[:200],
            "see docs/instruments.md",
        ) from error  # fmt: skip
    return limits_of_table(table, path.name)


def limits_of_table(table: Mapping[str, Any], where: str) -> Limits:
    """Make limits of the table of a profile; `where` is named in errors.

    Raises
    ------
    InputError
        If a bound is missing, unknown or cannot be.
    """
    if not isinstance(table, Mapping):
        raise InputError("a table of limits", repr(table)[:80], f"correct {where}")
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
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        found = first["msg"].removeprefix("Value error, ")
        if name:
            found = f"{name}: {found}, found {str(first['input'])[:40]!r}"
        raise InputError("valid limits", found, f"correct {where}") from error


def _outside(what: str, value: float | None, band: tuple[float, float] | None) -> str | None:
    """Say what is wrong with a value that the limits bound, if they do."""
    if band is None:
        return None
    if value is None:
        return f"the limits bound the {what}, and the instrument does not report it"
    if not band[0] <= value <= band[1]:
        return f"the {what} {value:g} lies outside {band[0]:g} to {band[1]:g}"
    return None


def _above(what: str, value: float, bound: float, unit: str) -> list[str]:
    return [f"{what} {value:.6g} {unit} exceeds {bound:.6g} {unit}"] if value > bound else []

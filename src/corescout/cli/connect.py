"""`corescout connect NAME`: read what an instrument says, and change nothing."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corescout.cli.output import Json, print_json
from corescout.data import InputError
from corescout.data.errors import CorescoutError
from corescout.data.raised import raised_at

if TYPE_CHECKING:
    from corescout.data import ScanFrame
    from corescout.instruments import Instrument, Limits

NANONIS_PORT = 6501

Profiles = Annotated[
    Path | None, typer.Option(help="File of instrument profiles; your own by default.")
]


def connect(
    name: Annotated[
        str | None, typer.Argument(help="An instrument of the profiles; without it, their names.")
    ] = None,
    nanonis: Annotated[
        str | None, typer.Option(help="A Nanonis controller instead, as HOST or HOST:PORT.")
    ] = None,
    profiles: Profiles = None,
    as_json: Json = False,
) -> None:
    """Check a connection: reads only, and says what was understood."""
    from corescout.instruments import InstrumentError

    if name is None and nanonis is None:
        _say_names(profiles, as_json)
        return
    instrument, limits = _instrument(name, nanonis, profiles)
    try:
        instrument.connect()
        lines = understood(instrument, limits)
        if as_json:
            known = instrument.capabilities
            print_json({"name": known.name, "address": known.address, "understood": lines})
        else:
            typer.echo("\n".join(lines))
    except InstrumentError as error:
        raise InputError("an instrument that answers", str(error), "see docs/instruments.md") from (
            error
        )
    except CorescoutError:
        raise
    except Exception as error:
        module = type(instrument).__module__
        if module.partition(".")[0] == "corescout":
            raise
        raise InputError(
            f"an instrument of {module} that answers",
            f"{type(error).__name__}: {error}{raised_at(error, type(instrument).connect)}",
            "tell its authors; nothing was moved or changed",
        ) from error
    finally:
        instrument.close()


def understood(instrument: Instrument, limits: Limits | None) -> list[str]:
    """Say line by line what was read from an instrument, for a person to confirm."""
    from corescout.instruments.protocol import Describing

    capabilities, status = instrument.capabilities, instrument.status()
    lines = [f"{capabilities.name} ({capabilities.address})"]
    if status.at_m is not None:
        lines.append(f"tip: {_place(status.at_m)}, bias {status.bias_v:g} V")
        if not all(map(math.isfinite, (*status.at_m, status.bias_v))):
            lines.append("  this is no number: no plan can be armed")
    frame = None
    if isinstance(instrument, Describing):
        found = instrument.describe()
        lines += [*found.said, *_frame_lines(found.frame)]
        names = ", ".join(f"{n} ({u})" if u else n for n, u in found.channels.items())
        lines.append(f"channels: {names or 'none'}")
        frame = found.frame
    lines += _limit_lines(limits, frame)
    lines += [f"note: {warning}" for warning in capabilities.warnings()]
    lines.append("read only: nothing was moved or changed. Compare with the instrument's own view.")
    return lines


def host_and_port(text: str, default_port: int = NANONIS_PORT) -> tuple[str, int]:
    """Read HOST or HOST:PORT; the four ports in a row must exist."""
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = text, str(default_port)
    if not host or not port.isdigit() or not 0 < int(port) <= 65532:
        raise InputError("HOST or HOST:PORT", repr(text), "such as 127.0.0.1:6501")
    return host, int(port)


def _instrument(
    name: str | None, nanonis: str | None, profiles: Path | None
) -> tuple[Instrument, Limits | None]:
    from corescout.instruments.nanonis import NanonisInstrument
    from corescout.instruments.profiles import open_instrument

    if name is not None and nanonis is not None:
        raise InputError("a name or --nanonis", "both", "give one of them")
    if nanonis is not None:
        return NanonisInstrument(*host_and_port(nanonis)), None
    return open_instrument(name or "", profiles)


def _say_names(profiles: Path | None, as_json: bool) -> None:
    from corescout.folders import profiles_file
    from corescout.instruments.profiles import profile_names

    names = profile_names(profiles)
    if as_json:
        print_json({"file": str(profiles or profiles_file()), "instruments": names})
        return
    typer.echo("\n".join(names) or f"no instruments in {profiles or profiles_file()}")


def _frame_lines(frame: ScanFrame | None) -> list[str]:
    if frame is None:
        return ["frame: unknown"]
    (rows, columns), (width, height) = frame.shape_px, frame.size_m
    degrees = frame.angle_rad * 57.29577951308232
    corners = {"top left": (0, 0), "top right": (0, columns - 1),
               "bottom left": (rows - 1, 0), "bottom right": (rows - 1, columns - 1)}  # fmt: skip
    return [
        f"frame: {columns} x {rows} px, {width * 1e9:.6g} x {height * 1e9:.6g} nm around"
        f" {_place(frame.center_m)}, turned by {degrees:g} deg (clockwise positive)",
        *(f"  {name} pixel: {_place(frame.to_m(px))}" for name, px in corners.items()),
        *(f"  assumed: {what}" for what in frame.assumed),
    ]


def _limit_lines(limits: Limits | None, frame: ScanFrame | None) -> list[str]:
    if limits is None:
        return ["limits: none; nothing can be armed"]
    (x0, x1), (y0, y1) = limits.x_m, limits.y_m
    lines = [
        f"limits: X {x0 * 1e6:g} to {x1 * 1e6:g} µm, Y {y0 * 1e6:g} to {y1 * 1e6:g} µm, bias to"
        f" {limits.largest_bias_v:g} V; marker check of the rotation"
        f" {'recorded' if limits.rotation_verified else 'not done'}"
    ]
    if frame is not None:
        rows, columns = frame.shape_px
        corners = frame.to_m([(0, 0), (0, columns - 1), (rows - 1, 0), (rows - 1, columns - 1)])
        inside = all(x0 <= x <= x1 and y0 <= y <= y1 for x, y in corners)
        lines.append(f"  the frame lies {'within' if inside else 'partly OUTSIDE'} them")
    return lines


def _place(xy_m: object) -> str:
    x, y = (float(v) for v in xy_m)  # type: ignore[attr-defined]
    return f"X {x * 1e9:.2f} nm, Y {y * 1e9:.2f} nm"

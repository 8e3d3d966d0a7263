"""`corescout targets RUN`: choose targets of a finished run again."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from corescout.cli.options import Measured, Measurements
from corescout.cli.output import Json
from corescout.data import InputError, Result, Target
from corescout.data.counted import counted
from corescout.data.sentences import ended
from corescout.quantities import bias_v, length_m

if TYPE_CHECKING:
    from corescout.instruments import Limits
    from corescout.steering import Suggestion


class TargetChoice(StrEnum):
    """Which points are wanted."""

    core = "core"
    boundary = "boundary"
    novel = "novel"


class TargetFormat(StrEnum):
    """How they are written."""

    csv = "csv"
    json = "json"
    arcmd = "arcmd"


class ActionName(StrEnum):
    """What is done at a target."""

    mark = "mark"
    spectrum = "spectrum"
    zoom = "zoom"


def targets(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    per_type: Annotated[int, typer.Option(min=1, help="Targets of each type.")] = 5,
    spacing: Annotated[str | None, typer.Option(help="Least distance, such as 100nm.")] = None,
    margin: Annotated[
        str | None, typer.Option(help="Distance from the edge of the scan, such as 50nm.")
    ] = None,
    avoid: Annotated[
        Path | None,
        typer.Option(help="Places measured before: CSV with columns x_m, y_m, or a journal.jsonl."),
    ] = None,
    avoid_radius: Annotated[
        str | None,
        typer.Option(
            help="Distance from these, such as 200nm; by default what a journal says of the domains"
            " that were written, or the spacing."
        ),
    ] = None,
    choice: Annotated[
        TargetChoice,
        typer.Option(help="Clearest examples, least certain ones, or least known ones."),
    ] = TargetChoice.core,
    diversity: Annotated[
        float, typer.Option(min=0, max=1, help="0: the clearest; 1: as different as possible.")
    ] = 0.3,
    action: Annotated[
        ActionName, typer.Option(help="Action at each target (json and arcmd).")
    ] = ActionName.mark,
    bias: Annotated[
        str | None, typer.Option(help="Largest bias of spectra, such as 5V: from - to + of it.")
    ] = None,
    frame_size: Annotated[
        str | None, typer.Option(help="Side of the frames of a zoom, such as 200nm.")
    ] = None,
    file_format: Annotated[
        TargetFormat, typer.Option("--format", help="How to write.")
    ] = TargetFormat.csv,
    instrument: Annotated[
        str | None, typer.Option(help="Instrument of the profiles whose limits must allow them.")
    ] = None,
    profiles: Annotated[
        Path | None, typer.Option(help="File of instrument profiles; your own by default.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; printed by default.")] = None,
    measurements: Measurements = None,
    measured: Measured = None,
    goal: Annotated[
        str | None,
        typer.Option(help="map, types, extremes or surprise; several as map=1,types=0.5."),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Targets that --goal proposes.")] = 10,
    error: Annotated[
        float | None, typer.Option(help="That --goal asks for; a tenth of the range by default.")
    ] = None,
    reference_every: Annotated[
        int, typer.Option(min=0, help="Loops of --goal between two at the reference area; 0: none.")
    ] = 0,
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw what --property depends on, input by input (.png), with --goal."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Choose the targets of a finished run again, by type or by what was measured (--goal).

    CSV comes by number, JSON and .arcmd in the order of the visits. Commands that move a tip
    (.arcmd with --action spectrum) need the limits of --instrument.
    """
    from corescout.runs import read_run
    from corescout.whole import write_whole

    if as_json and file_format is TargetFormat.arcmd:
        raise InputError("--json or --format arcmd", "both", "leave one out")
    file_format = TargetFormat.json if as_json else file_format
    result = read_run(run)
    limits = None if instrument is None else _limits(instrument, profiles)
    settings = _settings(action, bias, frame_size)
    steering = (measurements, measured, goal)
    if any(option is not None for option in steering):
        found = _steered(result, steering, (batch, reference_every), error, margin, avoid_radius,
                         limits, action, settings)  # fmt: skip
        chosen: Sequence[Target] = found.targets
        if plot is not None:
            _plot(found, plot)
    else:
        chosen = _by_type(result, per_type, spacing, margin, avoid, avoid_radius, choice, diversity)
    text = _text(result, chosen, file_format, action, settings, limits)
    if out is None:
        sys.stdout.write(text)
    else:
        write_whole(out, text)


def _by_type(
    result: Result,
    per_type: int,
    spacing: str | None,
    margin: str | None,
    avoid: Path | None,
    avoid_radius: str | None,
    choice: TargetChoice,
    diversity: float,
) -> Sequence[Target]:
    from corescout.plan import TargetPlan
    from corescout.targets import targets_of

    places, keep_m = _places(avoid) if avoid else ([], None)
    plan = TargetPlan(
        per_type=per_type,
        spacing_m=length_m(spacing, "--spacing") if spacing else keep_m,
        margin_m=length_m(margin, "--margin") if margin else 0.0,
        avoid_m=length_m(avoid_radius, "--avoid-radius") if avoid_radius else keep_m,
        choice=choice.value,
        diversity=diversity,
    )
    chosen = targets_of(result, plan, places)
    if not chosen:
        typer.echo("no core point keeps the margin and the distance asked for", err=True)
    return chosen


def _steered(
    result: Result,
    steering: tuple[Path | None, str | None, str | None],
    how_many: tuple[int, int],
    error: float | None,
    margin: str | None,
    avoid_radius: str | None,
    limits: Limits | None,
    action: ActionName,
    settings: dict[str, float],
) -> Suggestion:
    """Targets by what was measured; how things stand is said beside."""
    from corescout.instruments.target_export import allowed_places
    from corescout.steering import goals_of, measured_values, suggest

    measurements, name, goal = steering
    if measurements is None:
        raise InputError(
            "--measurements FILE with --goal and --property", "none", "give the table of loops"
        )
    radius_m = length_m(avoid_radius, "--avoid-radius") if avoid_radius else None
    values = measured_values(measurements, result, name or "coercive_bias_v")
    wanted = goals_of(goal or "map")
    inside = allowed_places(
        result, limits, action.value, settings, length_m(margin, "--margin") if margin else 0.0
    )
    count, reference_every = how_many
    found = suggest(
        result, values, wanted, count, error=error, radius_m=radius_m, allowed=inside,
        reference_every=reference_every,
    )  # fmt: skip
    for line in found.lines:
        typer.echo(line, err=True)
    return found


def _plot(found: Suggestion, path: Path) -> None:
    """Draw the property against each input."""
    from corescout.steering.figure import inputs_figure, png_bytes
    from corescout.whole import write_whole

    if found.prediction is None:
        typer.echo("nothing is drawn before there are enough loops", err=True)
        return
    write_whole(path, png_bytes(inputs_figure(found.prediction)))
    typer.echo(f"plot: {path}", err=True)


def _text(
    result: Result,
    chosen: Sequence[Target],
    file_format: TargetFormat,
    action: ActionName,
    settings: dict[str, float],
    limits: Limits | None,
) -> str:
    from corescout.exports import turn_doubt
    from corescout.instruments.target_export import export_text
    from corescout.targets import Way, way_through

    start = None if result.scan.frame is None else result.scan.frame.center_m
    chosen = [t.with_action(action.value, settings) for t in chosen]
    way = way_through(chosen, start)
    words = way.words()
    if file_format is TargetFormat.csv:  # by number
        way = Way(tuple(chosen), way.length_m)
    text = export_text(result, way, file_format.value, limits)
    typer.echo(words, err=True)
    checked = limits is not None and limits.rotation_verified
    doubt = turn_doubt(result.scan.frame)
    if file_format is TargetFormat.arcmd and doubt and not checked:
        typer.echo(ended(doubt), err=True)
    return text


def _limits(name: str, profiles: Path | None) -> Limits:
    from corescout.instruments.profiles import open_instrument

    _, limits = open_instrument(name, profiles)
    if limits is None:
        raise InputError(f"limits in the profile of {name}", "none", "write them there")
    return limits


def _settings(action: ActionName, bias: str | None, frame_size: str | None) -> dict[str, float]:
    """What is said about the action, with its units."""
    if bias is not None and action is not ActionName.spectrum:
        raise InputError("--action spectrum with --bias", f"--action {action.value}", "add it")
    if frame_size is not None and action is not ActionName.zoom:
        raise InputError("--action zoom with --frame-size", f"--action {action.value}", "add it")
    if action is ActionName.zoom:
        if frame_size is None:
            raise InputError("a size of the frames", "none", "give --frame-size, such as 200nm")
        return {"size_m": length_m(frame_size, "--frame-size")}
    if action is ActionName.spectrum and bias is not None:
        largest_v = bias_v(bias, "--bias")
        return {"bias_start_v": -largest_v, "bias_end_v": largest_v}
    return {}


def _places(path: Path) -> tuple[list[tuple[float, float]], float | None]:
    """Places (x, y) in metres that a file tells; a file that tells none is said to be wrong.

    Beside them the distance in metres to keep from what was written there, where a journal says
    how large that was, as a watch keeps it; else None.
    """
    from corescout.instruments.journal import last_state
    from corescout.instruments.written import usual_radius_m
    from corescout.steering import WRITTEN_RADII
    from corescout.whole import read_journal

    radius_m = None
    try:
        if path.suffix == ".jsonl":
            entries = read_journal(path)
            if not entries:
                raise ValueError("no line of a journal in it")
            state = last_state(entries)
            found = [place for place in state.begun.values() if place is not None]
            radius_m = usual_radius_m(state.written_m)
        else:
            with path.open(encoding="utf-8-sig", newline="") as file:  # Excel begins with a mark
                table = csv.DictReader(file)
                if not {"x_m", "y_m"} <= set(table.fieldnames or ()):
                    raise ValueError(f"its columns are {table.fieldnames}")
                found = [(float(row["x_m"]), float(row["y_m"])) for row in table]
        if not np.isfinite(found).all():
            raise ValueError("a place that is no number")
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise InputError(
            "a CSV file with numbers in columns x_m and y_m, or a journal.jsonl",
            f"{path} ({type(error).__name__}: {error})"[:300],
            "export it from Corescout, or rename its columns",
        ) from error
    keep_m = None if radius_m is None else WRITTEN_RADII * radius_m
    by = "" if keep_m is None else f"; what was written there asks for {keep_m * 1e9:.0f} nm"
    typer.echo(f"{counted(len(found), 'place')} of {path.name} avoided{by}", err=True)
    return found, keep_m

"""`corescout targets RUN`: choose targets of a finished run anew."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from corescout.cli.quantities import length_m
from corescout.data import InputError, Result, Target

SPEED_M_PER_S = 1e-6  # of a tip that travels, for the estimate of the time


class Choice(StrEnum):
    """Which points are wanted."""

    core = "core"
    boundary = "boundary"
    novel = "novel"


class Format(StrEnum):
    """How they are written."""

    csv = "csv"
    json = "json"
    arcmd = "arcmd"


class ActionName(StrEnum):
    """What is done at a target."""

    mark = "mark"
    spectrum = "spectrum"


def targets(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    per_type: Annotated[int, typer.Option(min=1, help="Targets of each type.")] = 5,
    spacing: Annotated[str | None, typer.Option(help="Least distance, such as 100nm.")] = None,
    margin: Annotated[
        str | None, typer.Option(help="Distance from the edge of the scan, such as 50nm.")
    ] = None,
    avoid: Annotated[
        Path | None, typer.Option(help="CSV with columns x_m, y_m of places measured before.")
    ] = None,
    avoid_radius: Annotated[
        str | None, typer.Option(help="Distance from these, such as 200nm; else the spacing.")
    ] = None,
    choice: Annotated[
        Choice, typer.Option(help="Clearest examples, least certain ones, or least known ones.")
    ] = Choice.core,
    diversity: Annotated[
        float, typer.Option(min=0, max=1, help="0: the clearest; 1: as unlike as can be.")
    ] = 0.3,
    action: Annotated[
        ActionName, typer.Option(help="What is done there (json and arcmd).")
    ] = ActionName.mark,
    file_format: Annotated[Format, typer.Option("--format", help="How to write.")] = Format.csv,
    out: Annotated[Path | None, typer.Option(help="File to write; else it is printed.")] = None,
) -> None:
    """Choose targets: CSV by priority, JSON and .arcmd in the order of the visits."""
    from corescout.plan import TargetPlan
    from corescout.runs import read_run

    result = read_run(run)
    plan = TargetPlan(
        per_type=per_type,
        spacing_m=length_m(spacing, "--spacing") if spacing else None,
        margin_m=length_m(margin, "--margin") if margin else 0.0,
        avoid_m=length_m(avoid_radius, "--avoid-radius") if avoid_radius else None,
        choice=choice.value,
        diversity=diversity,
    )
    chosen = _choose(result, plan, _places(avoid) if avoid else [])
    text = _text(result, chosen, file_format, action)
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8", newline="\n")


def _choose(
    result: Result, plan: object, measured: list[tuple[float, float]]
) -> tuple[Target, ...]:
    import numpy as np

    from corescout.plan import TargetPlan
    from corescout.targets import choose_targets

    return choose_targets(
        result.scan,
        np.asarray(result.patches.center_yx_px),
        np.asarray(result.fit.latents.mean),
        result.mixture,
        np.asarray(result.type_of_component),
        result.core_points,
        TargetPlan.model_validate(plan),
        measured,
    )


def _text(result: Result, chosen: Sequence[Target], file_format: Format, action: ActionName) -> str:
    from dataclasses import asdict, replace

    from corescout.exports import arcmd_text
    from corescout.runs.tables import targets_csv, to_json
    from corescout.targets import length_m as way_m
    from corescout.targets import route

    order, length = list(range(len(chosen))), None
    if chosen and result.scan.frame is not None:
        places = [t.xy_m or (0.0, 0.0) for t in chosen]
        start = result.scan.frame.center_m
        order = [int(i) for i in route(places, start)]
        length = way_m(places, start, order)
        seconds = length / SPEED_M_PER_S
        typer.echo(
            f"{len(chosen)} targets; the way is {length * 1e6:.2f} um, {seconds:.0f} s at"
            f" {SPEED_M_PER_S * 1e6:g} um/s",
            err=True,
        )
    if file_format is Format.csv:
        return targets_csv(chosen).decode()
    visits = [replace(chosen[i], action=action.value) for i in order]
    if file_format is Format.arcmd:
        return arcmd_text(visits)
    frame = None if result.scan.frame is None else asdict(result.scan.frame)
    table = {"scan_uid": result.scan.uid, "frame": frame, "way_m": length}
    return to_json({**table, "targets": [asdict(t) for t in visits]}).decode()


def _places(path: Path) -> list[tuple[float, float]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [(float(row["x_m"]), float(row["y_m"])) for row in csv.DictReader(file)]
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise InputError(
            "a CSV file with numbers in columns x_m and y_m",
            f"{path} ({type(error).__name__}: {error})",
            "export it from Corescout, or rename its columns",
        ) from error

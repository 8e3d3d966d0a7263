"""`corescout export RUN`: maps of a finished run, or its model, for other programs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from corescout.cli.output import Json, print_written
from corescout.data import InputError


class ExportFormat(StrEnum):
    """What other programs read."""

    nsid = "nsid"
    gsf = "gsf"


def export(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write; RUN/maps by default.")] = None,
    format: Annotated[
        ExportFormat, typer.Option(help="NSID HDF5 in one file, or a Gwyddion .gsf for each map.")
    ] = ExportFormat.nsid,
    pyroved: Annotated[
        Path | None,
        typer.Option(
            help="Write the model as a state dict of pyroved's iVAE instead of maps; where pyroved"
            " has no such model, its counterpart is trained."
        ),
    ] = None,
    script: Annotated[
        Path | None,
        typer.Option(help="Write a Python script that repeats the run instead of maps."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write maps of type, codes and angle on the scan's pixels."""
    from corescout.exports import result_maps, write_gsf, write_model, write_nsid, write_script
    from corescout.runs import read_run

    if pyroved is not None and script is not None:
        raise InputError("--pyroved or --script", "both", "give one after the other")
    result = read_run(run)
    if pyroved is not None:
        written = write_model(result, pyroved, lambda text: typer.echo(text, err=True))
        print_written([*written], as_json)
        return
    if script is not None:
        print_written([write_script(result, script)], as_json)
        return
    maps = result_maps(result)
    folder = out or run / "maps"
    folder.mkdir(parents=True, exist_ok=True)
    if format is ExportFormat.nsid:
        print_written([write_nsid(maps, folder / "maps.h5")], as_json)
    else:
        print_written(write_gsf(maps, folder, stem="map"), as_json)

"""`corescout export RUN`: maps of a finished run, or its model, for other programs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from corescout.data import InputError


class Format(StrEnum):
    """What other programs read."""

    nsid = "nsid"
    gsf = "gsf"


def export(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    out: Annotated[Path | None, typer.Option(help="Folder; RUN/maps if not said.")] = None,
    format: Annotated[
        Format, typer.Option(help="NSID HDF5 in one file, or a Gwyddion .gsf for each map.")
    ] = Format.nsid,
    pyroved: Annotated[
        Path | None,
        typer.Option(help="Write the model as a state dict of pyroved's iVAE instead of maps."),
    ] = None,
    script: Annotated[
        Path | None,
        typer.Option(help="Write a Python script that repeats the run instead of maps."),
    ] = None,
) -> None:
    """Write maps of type, codes and angle on the scan's pixels."""
    from corescout.exports import result_maps, write_gsf, write_model, write_nsid, write_script
    from corescout.runs import read_run

    if pyroved is not None and script is not None:
        raise InputError("--pyroved or --script", "both", "give one after the other")
    result = read_run(run)
    if pyroved is not None:
        for path in write_model(result, pyroved):
            typer.echo(path)
        return
    if script is not None:
        typer.echo(write_script(result, script))
        return
    maps = result_maps(result)
    folder = out or run / "maps"
    folder.mkdir(parents=True, exist_ok=True)
    if format is Format.nsid:
        written = [write_nsid(maps, folder / "maps.h5")]
    else:
        written = write_gsf(maps, folder, stem="map")
    for path in written:
        typer.echo(path)

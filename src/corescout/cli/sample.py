"""`corescout sample`: a scan to try, generated or fetched once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from corescout.cli.output import Json, print_json, print_written


def sample(
    name: Annotated[
        str, typer.Argument(help="Sample to write; 'list' names them. 'surface' is generated.")
    ] = "surface",
    size: Annotated[int, typer.Option(min=64, max=4096, help="Pixels of a side (surface).")] = 128,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the generated surface.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write; scan.h5, or the sample's own name, by default."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a scan to try: generated here, or fetched once and kept."""
    from corescout.samples import SAMPLES, write_sample

    if name != "list":
        print_written([write_sample(name, out, size_px=size, seed=seed)], as_json)
    elif as_json:
        print_json({n: s.title for n, s in SAMPLES.items()})
    else:
        width = max(map(len, SAMPLES))
        for key, known in SAMPLES.items():
            typer.echo(f"{key:<{width}}  {known.title}")

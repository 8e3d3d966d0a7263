"""`corescout apply RUN FILE`: the representation of a finished run on another scan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from corescout.cli import options
from corescout.cli.running import print_result
from corescout.quantities import length_m


def apply(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    file: Annotated[Path, typer.Argument(help="Another scan.")],
    pixel_size: options.PixelSize = None,
    out: options.Out = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Find the types of a finished run on another scan.

    Without training: its window, grey levels and network are kept.
    """
    from corescout.pipeline import apply as apply_result
    from corescout.pipeline import save
    from corescout.readers import read_scan
    from corescout.runs import check_writable, default_folder, read_run

    result = read_run(run)
    pitch_m = length_m(pixel_size, "--pixel-size") if pixel_size else None
    scan = read_scan(file, pixel_size_m=pitch_m)
    folder = check_writable(out or default_folder(file), overwrite=overwrite)
    applied = apply_result(result, scan)
    save(applied, folder, overwrite=overwrite, log=f"{applied.why}\n")
    print_result(applied, folder)

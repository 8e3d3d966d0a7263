"""`corescout apply RUN FILE`: the representation of a finished run on another scan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from corescout.cli import options
from corescout.cli.output import Json
from corescout.cli.running import print_result


def apply(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    file: Annotated[Path, typer.Argument(help="Another scan.")],
    pixel_size: options.PixelSize = None,
    channel_map: options.ChannelMap = None,
    as_measured: Annotated[
        bool,
        typer.Option(
            "--as-measured",
            help="Of a scan of the same place: another gain or a blunter tip are not matched.",
        ),
    ] = False,
    out: options.Out = None,
    overwrite: options.Overwrite = False,
    as_json: Json = False,
) -> None:
    """Find the types of a finished run on another scan.

    Without training: its window, grey levels and network are kept. Of the same place
    another gain and a blunter tip are told and matched.
    """
    from corescout.interactive.calls import apply as apply_result
    from corescout.pipeline import save
    from corescout.runs import check_writable, default_folder, read_run

    result = read_run(run)
    folder = check_writable(out or default_folder(file), overwrite=overwrite)
    applied = apply_result(
        result,
        file,
        pitch=pixel_size,
        channel_map=options.read_channel_map(channel_map),
        match_instrument=not as_measured,
    )
    save(applied, folder, overwrite=overwrite, log=f"{applied.verdict}\n")
    print_result(applied, folder, as_json)

"""`corescout info FILE`: what a scan file holds and how it was read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from corescout.cli import options
from corescout.data.printable import one_line


def info(
    file: Annotated[Path, typer.Argument(help="A scan.")],
    channel: options.Channel = None,
    metadata: Annotated[bool, typer.Option("--metadata", help="The vendor's, too.")] = False,
) -> None:
    """Print place, channels, doubts and what was assumed."""
    from corescout.description import VENDOR, describe
    from corescout.readers import read_scan

    scan = read_scan(file)
    scan.channel(channel)
    for title, rows in describe(scan, channel or scan.default_channel).items():
        if title == VENDOR and not metadata:
            continue
        typer.echo(title)
        for key, value in rows:
            typer.echo(f"  {one_line(key):<22} {one_line(value)}")

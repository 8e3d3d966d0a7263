"""`corescout info FILE`: what a scan file holds and how it was read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from corescout.cli import options
from corescout.cli.output import Json, print_json
from corescout.data.printable import one_line


def info(
    file: Annotated[Path, typer.Argument(help="A scan.")],
    channel: options.Channel = None,
    metadata: Annotated[bool, typer.Option("--metadata", help="The vendor's, too.")] = False,
    as_json: Json = False,
) -> None:
    """Print place, channels, doubts and what was assumed."""
    from corescout.derived import full_name
    from corescout.description import VENDOR, describe
    from corescout.readers import read_scan

    scan = read_scan(file, channel=channel)
    name = full_name(scan, channel) if channel else scan.default_channel
    known = describe(scan, name)
    shown = {t: rows for t, rows in known.items() if rows and (metadata or t != VENDOR)}
    if as_json:
        print_json({"sha256": scan.file_sha256, **{t: [*map(list, r)] for t, r in shown.items()}})
        return
    for title, rows in shown.items():
        typer.echo(title)
        for key, value in rows:
            typer.echo(f"  {one_line(key):<22} {one_line(value)}")

"""`corescout report RUN`: write the report of a run again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from corescout.cli.output import Json, print_json
from corescout.data import InputError


def report(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for report.html; the run's own by default.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write report.html of a finished run."""
    from corescout.report import write_report
    from corescout.runs import read_run

    result = read_run(run)
    folder = out or run
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = write_report(result, folder)
    except OSError as error:
        raise InputError(
            f"a writable folder: {folder}",
            error.strerror or str(error),
            "choose another with --out",
        ) from error
    if as_json:
        print_json({"report": str(path)})
    else:
        sys.stdout.write(f"report: {path}\n")

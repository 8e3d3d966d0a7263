"""What commands print for programs: one JSON value on stdout, all else on stderr."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from corescout.data import Result

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def print_json(value: object) -> None:
    """Print a value as JSON; NaN becomes null."""
    from corescout.runs.tables import to_json

    sys.stdout.write(to_json(value).decode())


def print_written(paths: list[Path], as_json: bool) -> None:
    """Print the paths that were written, one a line, or as JSON."""
    if as_json:
        print_json({"written": [str(path) for path in paths]})
        return
    for path in paths:
        typer.echo(path)


def result_table(result: Result, folder: Path) -> dict[str, object]:
    """Return what a run decided and where it is, as JSON values."""
    from corescout.runs.tables import decision_table, target_table

    table = target_table(result.targets, result.scan, result.types)
    return {
        "run": str(folder),
        "report": str(folder / "report.html"),
        **decision_table(result),
        "n_core_points": len(result.core_points),
        "targets": table["targets"],
    }

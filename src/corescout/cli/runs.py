"""`corescout runs`: the runs of a folder; two of them compared; what may be removed; hashes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from corescout.cli.output import Json, print_json
from corescout.data import InputError
from corescout.data.counted import counted
from corescout.data.printable import one_line

runs = typer.Typer(
    name="runs",
    help="Run folders: list, show, compare, verify, prune.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Run = Annotated[Path, typer.Argument(help="The folder of a run.")]
Folder = Annotated[Path, typer.Argument(help="A folder with runs in it, at any depth.")]
_COLUMNS = ("run", "scan", "date", "state", "choice", "types", "evidence", "trials")


@runs.command("list")
def list_runs(folder: Folder = Path(), as_json: Json = False) -> None:
    """List the runs below a folder, finished or not."""
    from corescout.runs.listing import as_row, find_runs, row_of

    rows = [as_row(row_of(run)) for run in find_runs(folder)]
    if as_json:
        print_json(rows)
    elif not rows:
        typer.echo(f"no runs in {folder}; 'corescout explore FILE' makes one")
    else:
        _print(_COLUMNS, [[str(row[c]) for c in _COLUMNS] for row in rows])


@runs.command("show")
def show(run: Run, as_json: Json = False) -> None:
    """Say what a run found, or how far an unfinished one is."""
    from corescout.cli.output import result_table
    from corescout.interactive.views import summary
    from corescout.runs import is_run, is_unfinished, read_run
    from corescout.runs.listing import as_row, row_of

    if not is_run(run) and is_unfinished(run):
        row = row_of(run)
        if as_json:
            print_json(as_row(row))
            return
        typer.echo(
            f"{row.scan}: not finished, {counted(row.trials, 'trial')} kept since {row.date};"
            f" go on with corescout explore --resume {run}"
        )
        return
    result = read_run(run)
    if as_json:
        print_json(result_table(result, run))
    else:
        sys.stdout.write(f"{summary(result)}\n")


@runs.command("compare")
def compare(run: Run, other: Run, as_json: Json = False) -> None:
    """Compare two runs: what differs in the plans, the choice, the types on shared key points."""
    from corescout.runs.listing import compare_runs

    found = compare_runs(run, other)
    if as_json:
        print_json(found)
        return
    plan = found["plan"]
    assert isinstance(plan, dict)
    rows = [[name, *map(str, values)] for name, values in plan.items()]
    for name in ("choice", "types", "evidence"):
        values = found[name]
        assert isinstance(values, list)
        rows.append([name, *values])
    _print(("setting", "first", "second"), rows)
    ami, shared = found["ami_of_types"], found["shared_key_points"]
    said = "the runs share no key point" if ami is None else f"AMI {ami:.2f} of the types"
    typer.echo(said if ami is None else f"{said} on {shared} key points that both have")


@runs.command("verify")
def verify(
    folders: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Runs, or folders.")],
    as_json: Json = False,
) -> None:
    """Hold the files of runs against the hashes in their journals."""
    from corescout.runs import listing

    found = {str(r): listing.verify(r) for f in folders for r in listing.find_runs(f)}
    if not found:
        raise InputError("a run", ", ".join(map(str, folders)), "give the folder of one")
    if as_json:
        print_json(found)
    else:
        for run, wrong in found.items():
            typer.echo(one_line(f"{run}: {'; '.join(wrong) or 'whole'}"))
    if any(found.values()):
        raise typer.Exit(1)


@runs.command("prune")
def prune(
    folder: Folder,
    keep: Annotated[
        list[Path] | None, typer.Option(help="A run to leave as it is; several times for several.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Remove the files of single trials of finished runs, which only --from needs.

    Results, reports, journals and unfinished explorations stay.
    """
    from corescout.runs import listing

    kept = {path.resolve() for path in keep or ()}
    strange = [path for path in kept if not path.is_dir()]
    if strange:
        raise InputError("runs to keep", f"{strange[0]}, which is none", "check --keep")
    freed = {
        str(run): listing.prune(run)
        for run in listing.find_runs(folder)
        if run.resolve() not in kept
    }
    if as_json:
        print_json(freed)
        return
    typer.echo(f"{sum(freed.values()) / 1e6:.1f} MB freed in {len(freed)} runs")


def _print(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    shown = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *shown, strict=True)]
    for row in (columns, *shown):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(f"{line.rstrip()}\n")

"""`corescout bench NAME`: measurements that are too slow or too noisy for the tests."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from corescout.data import InputError


def bench(
    name: Annotated[str, typer.Argument(help="Which; 'list' names them.")] = "list",
    scan: Annotated[
        Path | None, typer.Argument(help="A scan to measure on; a folder for fuzz.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller and rougher.")] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the figures to a file as well.")
    ] = None,
) -> None:
    """Measure, print the figures, and exit with 1 when a bar is missed."""
    from corescout.bench import BENCHES

    if name == "list":
        sys.stdout.write("\n".join(sorted(BENCHES)) + "\n")
        return
    if name not in BENCHES:
        raise InputError(f"one of {', '.join(sorted(BENCHES))}", repr(name), "choose one of these")
    report = import_module(BENCHES[name]).run(scan, quick=quick)
    lines = [f"{key}: {value}" for key, value in report.values.items()]
    lines += [
        f"{'met' if report.met(bar) else 'MISSED'}: {bar.key} {bar.relation} {bar.bound:g}"
        for bar in report.bars
    ]
    lines += [f"note: {note}" for note in report.notes]
    sys.stdout.write("\n".join(lines) + "\n")
    if json_file is not None:
        json_file.write_text(json.dumps(dict(report.values), indent=2) + "\n", encoding="utf-8")
    if not report.passed:
        raise typer.Exit(1)

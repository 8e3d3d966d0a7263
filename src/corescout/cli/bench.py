"""`corescout bench NAME`: measurements that are too slow or too noisy for the tests."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import corescout
from corescout.data import InputError

if TYPE_CHECKING:
    from benchmarks import BenchReport


def bench(
    name: Annotated[
        str, typer.Argument(help="Measurement to run; 'list' names them, 'all' runs them.")
    ] = "list",
    scan: Annotated[
        Path | None, typer.Argument(help="A scan to measure on; a folder for fuzz.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller and rougher.")] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the figures to a file as well.")
    ] = None,
) -> None:
    """Measure, print the figures, and exit with 1 when a bar is missed. Needs a checkout."""
    benches = _benches()
    if name == "list":
        sys.stdout.write("\n".join(sorted(benches)) + "\n")
        return
    if name != "all" and name not in benches:
        known = ", ".join([*sorted(benches), "all"])
        raise InputError(f"one of {known}", repr(name), "choose one of these")
    figures: dict[str, object] = {}
    passed = True
    for one in sorted(benches) if name == "all" else [name]:
        # a scan or folder that is given is for the one measurement that was named
        report = import_module(benches[one]).run(None if name == "all" else scan, quick=quick)
        if name == "all":
            sys.stdout.write(f"\n== {one}\n")
        sys.stdout.write(_table(report))
        sys.stdout.flush()
        figures |= (
            {f"{one}_{k}": v for k, v in report.values.items()} if name == "all" else report.values
        )
        passed = passed and report.passed
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if not passed:
        raise typer.Exit(1)


def _benches() -> dict[str, str]:
    """Modules of the measurements by name; they stand beside `src`, so only a checkout has them."""
    checkout = Path(corescout.__file__).resolve().parents[2]
    if not (checkout / "benchmarks" / "outcome.py").is_file():
        raise InputError(
            "a checkout of Corescout, which holds the measurements in benchmarks/",
            f"an installed package in {checkout}",
            "get the source with git, install it with pip install -e . and repeat the command",
        )
    if str(checkout) not in sys.path:
        sys.path.insert(0, str(checkout))
    from benchmarks import BENCHES

    return BENCHES


def _table(report: BenchReport) -> str:
    width = max(map(len, report.values))
    lines = [f"{key:<{width}}  {value}" for key, value in report.values.items()]
    lines += [
        f"{'met' if report.met(bar) else 'MISSED'}: {bar.key} {bar.relation} {bar.bound:g}"
        for bar in report.bars
    ]
    lines += [f"note: {note}" for note in report.notes]
    return "\n".join(lines) + "\n"

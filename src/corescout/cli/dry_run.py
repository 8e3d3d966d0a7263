"""`--dry-run`: what an exploration would try, and what that costs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from corescout.cli.output import print_json
from corescout.data.counted import counted

if TYPE_CHECKING:
    from corescout.data import Scan
    from corescout.plan import Plan
    from corescout.search.dry_run import DryRun


def print_dry_run(scan: Scan, plan: Plan, workers: int | None, as_json: bool) -> None:
    """Find the key points, and print the candidates with their cost; nothing is written."""
    from corescout.preparation import plan_on, prepare
    from corescout.search.dry_run import dry_run
    from corescout.vae import single_threaded

    with single_threaded():
        plan = plan_on(plan, scan)
        found = dry_run(prepare(scan, plan), plan, workers)
    if as_json:
        print_json(asdict(found))
        return
    for line in _lines(found):
        typer.echo(line)
    if plan.search.method != "grid":
        typer.echo(f"{plan.search.method} proposes others as costly as these, by what it finds")


def _lines(found: DryRun) -> list[str]:
    width = max(len(p.candidate.label) for p in found.candidates)
    lines = [
        f"{counted(found.n_keypoints, 'key point')}, channel {', '.join(found.channels)}",
        *(
            f"{p.candidate.label:<{width}}  {p.share:6.1%}  {_time(p.seconds):>8}"
            for p in found.candidates
        ),
        f"{counted(len(found.candidates), 'candidate')},"
        f" {counted(found.n_repeats, 'repeat')} of finalists,"
        f" up to {counted(found.n_surrogates, 'surface')} without types",
        f"about {_time(found.seconds)} on {counted(found.workers, 'thread')},"
        " as this machine is busy now",
    ]
    if found.consensus_s:
        lines.append(f"{_time(found.consensus_s)} of it to find the types of all that vote")
    if found.budget_s is not None and found.budget_s < found.seconds:
        lines.append(f"the budget of {_time(found.budget_s)} cuts that short")
    return [*lines, "nothing was tried and nothing was written"]


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

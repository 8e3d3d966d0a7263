"""`corescout demo`: the whole road on a generated surface whose types are known."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corescout.cli import options
from corescout.cli.running import explore_and_save, print_result

if TYPE_CHECKING:
    from corescout.plan import Plan


def demo(
    preset: options.Preset = options.PresetName.live,
    seed: options.Seed = None,
    windows: options.Windows = None,
    invariances: options.Invariances = None,
    workers: options.Workers = None,
    live: Annotated[
        bool, typer.Option("--live", help="On the digital twin, from first scan to loops.")
    ] = False,
    out: options.Out = None,
    overwrite: options.Overwrite = False,
    verbose: options.Verbose = False,
) -> None:
    """Explore a generated surface and compare with its truth."""
    from corescout.runs import check_writable
    from corescout.surfaces import generate_surface
    from corescout.surfaces.truth import compare

    plan = options.make_plan(preset, windows=windows, invariances=invariances, seed=seed)
    if live:
        _live(plan, out or Path("corescout-demo-live"), overwrite=overwrite)
        return
    folder = check_writable(out or Path("corescout-demo.corescout"), overwrite=overwrite)
    surface = generate_surface(seed=plan.seed)
    result = explore_and_save(
        surface.scan, plan, folder, workers=workers, overwrite=overwrite, verbose=verbose
    )
    print_result(result, folder)
    sys.stdout.write(f"truth: {compare(surface, result)}\n")


def _live(plan: Plan, folder: Path, *, overwrite: bool) -> None:
    """Run the experiment on the twin, under limits and with a policy that approves."""
    from corescout.live.demo import live_demo, prepare_folder

    prepare_folder(folder, overwrite=overwrite)
    experiment, _ = live_demo(folder, plan, lambda text: typer.echo(text, err=True))
    for kind in range(1, experiment.result.n_types + 1):
        loops = experiment.loops_of(kind)
        if loops:
            mean = sum(loop.coercive_v for loop in loops) / len(loops)
            typer.echo(f"type {kind}: {len(loops)} loops, coercive bias {mean:.2f} V")
    typer.echo(f"report: {folder / 'experiment.html'}")

"""`corescout demo`: the whole road on a generated surface whose types are known."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corescout.cli import options
from corescout.cli.dry_run import print_dry_run
from corescout.cli.output import Json, print_json, result_table
from corescout.cli.running import explore_and_save, print_answer, print_place
from corescout.cli.settings import Settings
from corescout.cli.where import Where
from corescout.data import InputError
from corescout.data.counted import counted

if TYPE_CHECKING:
    from corescout.plan import Plan


def demo(
    preset: options.PresetOption = None,
    plan_file: options.PlanFile = None,
    settings: Settings = None,
    seed: options.Seed = None,
    windows: options.Windows = None,
    invariances: options.Invariances = None,
    workers: options.Workers = None,
    live: Annotated[
        bool, typer.Option("--live", help="On the digital twin, from first scan to loops.")
    ] = False,
    out: options.Out = None,
    overwrite: options.Overwrite = False,
    dry_run: options.DryRun = False,
    as_json: Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Explore a generated surface and compare with its truth."""
    from corescout.runs import check_writable
    from corescout.surfaces import generate_surface
    from corescout.surfaces.truth import compare

    plan = options.make_plan(
        preset, plan_file, settings, windows=windows, invariances=invariances, seed=seed
    )
    if dry_run:
        print_dry_run(generate_surface(seed=plan.seed).scan, plan, workers, as_json)
        return
    if live:
        _live(plan, out or Path("corescout-demo-live"), overwrite=overwrite)
        return
    folder = check_writable(out or Path("corescout-demo.corescout"), overwrite=overwrite)
    surface = generate_surface(seed=plan.seed)
    result = explore_and_save(
        surface.scan,
        plan,
        folder,
        where=Where(workers),
        overwrite=overwrite,
        verbose=verbose,
        tell=None if as_json else print_answer,
    )
    truth = compare(surface, result)
    if as_json:
        print_json({**result_table(result, folder), "truth": str(truth)})
        return
    print_place(result, folder)
    sys.stdout.write(f"truth: {truth}\n")


def _live(plan: Plan, folder: Path, *, overwrite: bool) -> None:
    """Watch the twin, under limits and a policy, until one plan was carried out."""
    from corescout.data import Measurement
    from corescout.instruments.loops import fit_loop
    from corescout.instruments.twin_demo import demo_twin
    from corescout.live import Day, Policy
    from corescout.live.day.day import remove_day
    from corescout.live.loop.once import watch_once
    from corescout.plan import TargetPlan

    if folder.exists() and not overwrite:
        raise InputError(
            "a new folder", f"{folder} exists", "give another with --out, or --overwrite"
        )
    remove_day(folder)
    twin, limits = demo_twin(plan.seed)
    plan = plan.model_copy(update={"targets": TargetPlan(per_type=6)})
    policy = Policy("corescout demo", most_plans=1, most_targets=limits.most_targets)
    day = Day(folder)
    try:
        shown = watch_once(
            twin, limits, day, plan, policy, say=lambda text: typer.echo(text, err=True)
        )
    finally:
        day.close()
        twin.close()
    coercive_v: dict[int, list[float]] = {}
    for uid, came in shown.measurements.items():
        if isinstance(came, Measurement):
            coercive_v.setdefault(shown.type_of_target[uid], []).append(fit_loop(came).coercive_v)
    for number, values in sorted(coercive_v.items()):
        mean_v = sum(values) / len(values)
        typer.echo(f"type {number}: {counted(len(values), 'loop')}, coercive bias {mean_v:.2f} V")
    typer.echo(f"report: {folder / 'day.html'}")

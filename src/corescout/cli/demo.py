"""`corescout demo`: the whole road on a generated surface whose types are known."""

from __future__ import annotations

import sys
from pathlib import Path

from corescout.cli import options
from corescout.cli.running import explore_and_save, print_result


def demo(
    preset: options.Preset = options.PresetName.live,
    seed: options.Seed = None,
    windows: options.Windows = None,
    invariances: options.Invariances = None,
    workers: options.Workers = None,
    out: options.Out = None,
    overwrite: options.Overwrite = False,
    verbose: options.Verbose = False,
) -> None:
    """Explore a generated ferroelectric surface and compare with its truth."""
    from corescout.runs import check_writable
    from corescout.surfaces import generate_surface
    from corescout.surfaces.truth import compare

    plan = options.make_plan(preset, windows=windows, invariances=invariances, seed=seed)
    folder = check_writable(out or Path("corescout-demo.corescout"), overwrite=overwrite)
    surface = generate_surface(seed=plan.seed)
    result = explore_and_save(
        surface.scan, plan, folder, workers=workers, overwrite=overwrite, verbose=verbose
    )
    print_result(result, folder)
    sys.stdout.write(f"truth: {compare(surface, result)}\n")

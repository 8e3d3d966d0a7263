"""`corescout explore FILE`: from a scan to its types, core points and targets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from corescout.cli import options
from corescout.cli.dry_run import print_dry_run
from corescout.cli.output import Json
from corescout.cli.running import explore_and_save, print_result
from corescout.cli.settings import Settings


def explore(
    file: Annotated[Path, typer.Argument(help="A scan: .ibw, .h5, .npy, .tif, ...")],
    channel: options.Channels = None,
    preset: options.PresetOption = None,
    plan: options.PlanFile = None,
    allow_code: options.AllowCode = False,
    settings: Settings = None,
    windows: options.Windows = None,
    invariances: options.Invariances = None,
    detector: options.DetectorOption = None,
    reward: options.Reward = None,
    weights: options.Weights = None,
    objectives: options.Objectives = None,
    also: options.Also = None,
    latent_dims: options.LatentDims = None,
    baselines: options.Baselines = None,
    merging: options.MergingOption = None,
    seed: options.Seed = None,
    budget: options.Budget = None,
    workers: options.Workers = None,
    device: options.DeviceOption = None,
    pixel_size: options.PixelSize = None,
    repeat: Annotated[
        list[Path] | None,
        typer.Option("--repeat", help="A later scan of the same place: are its types the same?"),
    ] = None,
    out: options.Out = None,
    overwrite: options.Overwrite = False,
    dry_run: options.DryRun = False,
    as_json: Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Find the types in a scan, and where to measure next."""
    from corescout.readers import read_scan
    from corescout.runs import check_writable, default_folder

    made = options.make_plan(
        preset,
        plan,
        settings,
        channel=channel,
        windows=windows,
        invariances=invariances,
        detector=detector,
        reward=reward,
        weights=weights,
        objectives=objectives,
        also=also,
        latent_dims=latent_dims,
        baselines=baselines,
        merging=merging,
        seed=seed,
        budget=budget,
        device=device,
        pixel_size=pixel_size,
        allow_code=allow_code,
    )
    scan = read_scan(
        file, pixel_size_m=made.pixel_size_m, channel=made.channels[0] if made.channels else None
    )
    again = [
        read_scan(
            path,
            pixel_size_m=made.pixel_size_m,
            channel=made.channels[0] if made.channels else None,
        )
        for path in repeat or ()
    ]
    if dry_run:
        print_dry_run(scan, made, workers, as_json)
        return
    folder = check_writable(out or default_folder(file), overwrite=overwrite)
    result = explore_and_save(
        scan,
        made,
        folder,
        workers=workers,
        overwrite=overwrite,
        verbose=verbose,
        repeats=again,
    )
    print_result(result, folder, as_json)

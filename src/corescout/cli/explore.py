"""`corescout explore FILE`: from a scan to its types, core points and targets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from corescout.cli import options
from corescout.cli.dry_run import print_dry_run
from corescout.cli.output import Json
from corescout.cli.resume import resume_run, source_and_plan
from corescout.cli.running import explore_and_save, print_result
from corescout.cli.settings import Settings
from corescout.cli.where import Where
from corescout.data import InputError


def explore(
    file: Annotated[
        Path | None,
        typer.Argument(help="A scan: .ibw, .h5, .npy, .tif, ...; not needed with --resume."),
    ] = None,
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
    processes: options.ProcessesOption = False,
    cluster: options.Cluster = None,
    device: options.DeviceOption = None,
    pixel_size: options.PixelSize = None,
    out: options.Out = None,
    overwrite: options.Overwrite = False,
    resume: options.Resume = None,
    from_run: options.From = None,
    dry_run: options.DryRun = False,
    as_json: Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Find the types in a scan, and where to measure next."""
    given = [name for name, value in locals().items() if value not in (None, False, [])]
    where = Where(workers, processes, cluster)
    if resume is not None:
        resume_run(given, resume, file, where, as_json, verbose, allow_code)
        return
    from corescout.readers import read_scan
    from corescout.runs import check_writable, default_folder

    if from_run is not None:
        file, plan = source_and_plan(from_run, file, plan, preset)
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
    if file is None:
        raise InputError("a scan to explore", "none", "give a file, or --resume RUN")
    scan = read_scan(
        file, pixel_size_m=made.pixel_size_m, channel=made.channels[0] if made.channels else None
    )
    if dry_run:
        print_dry_run(scan, made, workers, as_json)
        return
    if from_run is not None and (out or default_folder(file)).resolve() == from_run.resolve():
        raise InputError("another place than the run of --from", f"{from_run}", "give --out")
    folder = check_writable(out or default_folder(file), overwrite=overwrite)
    result = explore_and_save(
        scan,
        made,
        folder,
        where=where,
        overwrite=overwrite,
        verbose=verbose,
        reuse=from_run,
    )
    print_result(result, folder, as_json)

"""`corescout explore FILE`: from a scan to its types, core points and targets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corescout.cli import options
from corescout.cli.dry_run import print_dry_run
from corescout.cli.output import Json
from corescout.cli.resume import resume_run, source_and_plan
from corescout.cli.running import explore_and_save, further_scans, print_answer, print_place
from corescout.cli.settings import Settings
from corescout.cli.where import Where
from corescout.data import InputError

if TYPE_CHECKING:
    from corescout.plan import Plan
    from corescout.vocabulary import PooledLevels


def explore(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE...",
            help="A scan: .ibw, .h5, .npy, .tif, ...; several, or a folder, for a series.",
        ),
    ] = None,
    channel: options.Channels = None,
    preset: options.PresetOption = None,
    plan: options.PlanFile = None,
    allow_code: options.AllowCode = False,
    settings: Settings = None,
    windows: options.Windows = None,
    search: options.SearchOption = None,
    trials: options.Trials = None,
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
    measurements: options.Measurements = None,
    measured: options.Measured = None,
    pixel_size: options.PixelSize = None,
    repeat: Annotated[
        list[Path] | None,
        typer.Option(
            "--repeat",
            help="A scan of the same place, a wider one or one beside it: are its types the same?"
            " Several may be given",
        ),
    ] = None,
    reversed_repeat: Annotated[
        list[Path] | None,
        typer.Option(
            "--reversed-repeat",
            help="A repeat with the slow axis reversed, where its file does not say so",
        ),
    ] = None,
    out: options.Out = None,
    overwrite: options.Overwrite = False,
    resume: options.Resume = None,
    from_run: options.From = None,
    match: options.Match = None,
    pooled: options.PooledOption = False,
    levels: options.LevelsOption = None,
    series: options.SeriesValues = None,
    dry_run: options.DryRun = False,
    as_json: Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Find the types in a scan, and where to measure next."""
    given = [name for name, value in locals().items() if value not in (None, False, [])]
    file = files[0] if files else None
    where = Where(workers, processes, cluster)
    if resume is not None:
        resume_run(given, resume, file, where, as_json, verbose, allow_code, repeat or (),
                   reversed_repeat or ())  # fmt: skip
        return
    if from_run is not None:
        file, plan = source_and_plan(from_run, file, plan, preset)
    made = options.make_plan(
        preset,
        plan,
        settings,
        channel=channel,
        windows=windows,
        search=search,
        trials=trials,
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
        measurements=measurements,
        measured=measured,
        pixel_size=pixel_size,
        allow_code=allow_code,
    )
    if len(files or ()) > 1 or (file is not None and (file.is_dir() or "*" in str(file))):
        if from_run is not None or dry_run:
            raise InputError("one scan for --from and --dry-run", "several", "give one file")
        _series(files or [], made, match, pooled, levels, series, where, out, overwrite,
                verbose, as_json)  # fmt: skip
        return
    if pooled or levels or match or series:
        found = "none" if file is None else f"one file, {file}" if file.exists() else f"no {file}"
        raise InputError(
            "a folder or several files for --pooled, --levels, --match and --series",
            found, "give the folder of the series",
        )  # fmt: skip
    if file is None:
        raise InputError("a scan to explore", "none", "give a file, or --resume RUN")
    from corescout.readers import read_scan
    from corescout.runs import check_writable, default_folder

    scan = read_scan(
        file, pixel_size_m=made.pixel_size_m, channel=made.channels[0] if made.channels else None
    )
    further = further_scans(made, repeat or (), reversed_repeat or ())
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
        further=further,
        tell=None if as_json else print_answer,
    )
    print_place(result, folder, as_json)


def _series(
    files: list[Path],
    plan: Plan,
    match: str | None,
    pooled: bool,
    levels: PooledLevels | None,
    values: Path | None,
    where: Where,
    out: Path | None,
    overwrite: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    from corescout.cli.series import FOLDER, SeriesOptions, explore_series
    from corescout.readers import SUFFIXES
    from corescout.series import find_files

    found = find_files(files, match, tuple(SUFFIXES))
    below = files[0] if files[0].is_dir() else found[0].parent
    explore_series(
        plan,
        SeriesOptions(
            files=tuple(found),
            out=out or below / FOLDER,
            where=where,
            pooled=pooled,
            levels=levels or "both",
            values=values,
            overwrite=overwrite,
            verbose=verbose,
            as_json=as_json,
        ),
    )

"""`corescout explore FOLDER`: every scan of it, or with --pooled one representation for all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from corescout.cli.output import print_json
from corescout.cli.running import explore_and_save, go_on
from corescout.cli.where import Where
from corescout.data import InputError, StoppedError

if TYPE_CHECKING:
    from corescout.data import Result, Scan
    from corescout.plan import Plan
    from corescout.series import Levels, Member, Pooling
    from corescout.vocabulary import PooledLevels

FOLDER = "corescout-series"
POOLED = "pooled-{}.corescout"  # the levels
T = TypeVar("T")


@dataclass(frozen=True)
class SeriesOptions:
    """How a series is explored.

    Attributes
    ----------
    files : tuple of Path
    pooled, overwrite, verbose, as_json : bool
    levels : {"both", "common", "own"}
        Grey levels of pooled scans.
    values : Path or None
        CSV of temperatures, voltages, ...
    out : Path
        Of the runs and the summary.
    where : Where
    """

    files: tuple[Path, ...]
    out: Path
    where: Where
    pooled: bool = False
    levels: PooledLevels = "both"
    values: Path | None = None
    overwrite: bool = False
    verbose: bool = False
    as_json: bool = False


def explore_series(plan: Plan, options: SeriesOptions) -> None:
    """Explore the scans, write runs, ``series.csv`` and ``series.html``, and say what was found.

    A file that cannot be read or explored is named with the reason and stops nothing.

    Raises
    ------
    InputError
        If no scan could be explored.
    """
    from corescout.series import read_values, write_summary

    name = ""
    values: Mapping[Path, float] = {}
    if options.values is not None:
        name, values = read_values(options.values, options.files)
    options.out.mkdir(parents=True, exist_ok=True)
    refused: dict[str, str] = {}
    scans = _read_all(plan, options.files, refused)
    ordered = _in_order(scans, options.files, values)
    by_name = {f.name: v for f, v in values.items()}
    notes: list[str] = []
    poolings: list[Pooling] = []
    members: Sequence[Member]
    if options.pooled:
        poolings = _pooled(ordered, plan, options, refused, by_name, notes)
        members = poolings[0].members
    else:
        members = _one_by_one(ordered, plan, options, refused, by_name)
    if not members:
        said = "; ".join(f"{n}: {why}" for n, why in refused.items())
        raise InputError("a scan that can be explored", f"none ({said})"[:600], "see above")
    page = write_summary(
        options.out, members, refused, value_name=name, poolings=poolings, notes=notes
    )
    _say(members, refused, page, options, poolings)


def _read_all(plan: Plan, files: Sequence[Path], refused: dict[str, str]) -> dict[str, Scan]:
    from corescout.readers import read_scan

    channel = plan.channels[0] if plan.channels else None
    found: dict[str, Scan] = {}
    for path in files:
        read = partial(read_scan, path, pixel_size_m=plan.pixel_size_m, channel=channel)
        scan = _tried(path.name, refused, read)
        if scan is not None:
            found[path.name] = scan
    return found


def _tried(name: str, refused: dict[str, str], work: Callable[[], T]) -> T | None:
    """Return what a scan gives; whatever is wrong with it is kept as the reason."""
    try:
        return work()
    except StoppedError:
        raise
    except Exception as error:  # noqa: BLE001 - a bad file in a folder of a hundred stops nothing
        refused[name] = str(error) if isinstance(error, InputError) else repr(error)[:200]
        sys.stderr.write(f"{name}: {refused[name]}\n")
        return None


def _in_order(
    scans: Mapping[str, Scan], files: Sequence[Path], values: Mapping[Path, float]
) -> dict[str, Scan]:
    """By value, else by time where every scan has one, else by name."""
    names = [f for f in files if f.name in scans]
    if values:
        names.sort(key=lambda f: values[f])
    elif all(scans[f.name].acquired_at is not None for f in names):
        names.sort(key=lambda f: scans[f.name].acquired_at.timestamp())  # type: ignore[union-attr]
    return {f.name: scans[f.name] for f in names}


def _one_by_one(
    scans: Mapping[str, Scan],
    plan: Plan,
    options: SeriesOptions,
    refused: dict[str, str],
    values: Mapping[str, float],
) -> list[Member]:
    members = []
    for name, scan in scans.items():
        folder = options.out / f"{name}.corescout"
        result = _tried(name, refused, partial(_explored, scan, plan, folder, options))
        if result is not None:
            members.append(_member(name, result, folder, scan, values))
    return members


def _explored(scan: Scan, plan: Plan, folder: Path, options: SeriesOptions) -> Result:
    """Explore a scan; one that is finished is taken, one that was interrupted goes on."""
    from corescout.runs import Record, is_run, is_unfinished, read_run

    where, verbose = options.where, options.verbose
    if not options.overwrite and is_unfinished(folder):
        record = Record(folder)
        if record.plan == plan and record.about["content_sha256"] == scan.content_sha256:
            return go_on(record, scan, where=where, verbose=verbose)
        record.close()
    if not options.overwrite and is_run(folder):
        found = read_run(folder)
        with Record(folder) as record:
            same = record.about["content_sha256"] == scan.content_sha256
            if same and record.plan == plan:
                return found
    return explore_and_save(
        scan, plan, folder, where=where, overwrite=options.overwrite, verbose=verbose
    )


def _pooled(
    scans: Mapping[str, Scan],
    plan: Plan,
    options: SeriesOptions,
    refused: dict[str, str],
    values: Mapping[str, float],
    notes: list[str],
) -> list[Pooling]:
    """With the grey levels that were asked for, those first that the series asks for."""
    from corescout.series import OTHER, preferred_levels

    first, why = preferred_levels(scans)
    wanted: list[Levels]
    if options.levels == "both":
        wanted = [first, OTHER[first]]
        notes += [why] if why else []
    else:
        wanted = [options.levels]
    found = [_pooled_with(wanted[0], scans, plan, options, refused, values, with_runs=True)]
    for levels in wanted[1:]:
        failed: dict[str, str] = {}
        with_these = partial(_pooled_with, levels, scans, plan, options, {}, values)
        other = _tried(f"{levels} grey levels", failed, with_these)
        found += [] if other is None else [other]
        notes += [f"{what}: {reason}" for what, reason in failed.items()]
    return found


def _pooled_with(
    levels: Levels,
    scans: Mapping[str, Scan],
    plan: Plan,
    options: SeriesOptions,
    refused: dict[str, str],
    values: Mapping[str, float],
    *,
    with_runs: bool = False,
) -> Pooling:
    from corescout.series import Pooling, pool

    pooled = pool(scans, plan, own_levels=levels == "own")
    refused.update(pooled.refused)
    for name, why in pooled.refused.items():
        sys.stderr.write(f"{name}: {why}\n")
    run = options.out / POOLED.format(levels)
    trained = _explored(pooled.scan, pooled.plan, run, options)
    members = []
    for name, scan in pooled.members.items():
        folder = options.out / f"{name}.corescout" if with_runs else None
        result = _tried(name, refused, partial(_applied, trained, scan, folder))
        if result is not None:
            members.append(_member(name, result, folder or run, scans[name], values))
    return Pooling(levels, trained, tuple(members))


def _applied(trained: Result, scan: Scan, folder: Path | None) -> Result:
    """The types of the series on one of its scans, with a run of its own where it has a folder."""
    from corescout.pipeline import apply, save

    found = apply(trained, scan, match_instrument=False)  # a series has levels of its own
    if folder is not None:
        save(found, folder, overwrite=True)
    return found


def _member(
    name: str, result: Result, folder: Path, scan: Scan, values: Mapping[str, float]
) -> Member:
    from corescout.series import Member

    channel = result.channels[0]
    read = scan if channel in scan.channels else result.scan
    return Member(
        name=name,
        result=result,
        run=str(folder),
        raw_median=float(np.nanmedian(read.channels[channel])),
        raw_unit=read.units[channel],
        value=values.get(name),
    )


def _say(
    members: Sequence[Member],
    refused: Mapping[str, str],
    page: Path,
    options: SeriesOptions,
    poolings: Sequence[Pooling],
) -> None:
    from corescout.series import members_that_do_not_fit, side_by_side

    strange = members_that_do_not_fit(members) if options.pooled else {}
    if options.as_json:
        print_json({
            "page": str(page),
            "table": str(page.with_name("series.csv")),
            "scans": {m.name: {"run": m.run, "types": m.counts, "value": m.value}
                      for m in members},
            "do_not_fit": strange,
            "levels": side_by_side(poolings),
            "refused": dict(refused),
        })  # fmt: skip
        return
    for member in members:
        why = f" (does not fit: {strange[member.name]})" if member.name in strange else ""
        sys.stdout.write(f"{member.name}: {member.result.types_in_words}{why}\n")
    for row in side_by_side(poolings) if len(poolings) > 1 else ():
        told = "grey levels {levels}: AMI of type and scan {ami_of_type_and_scan}"
        sys.stdout.write(f"{told.format(**row)}\n")
    for name, why in refused.items():
        sys.stdout.write(f"{name}: no result: {why}\n")
    sys.stdout.write(f"summary: {page}\n")

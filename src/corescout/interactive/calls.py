"""`corescout.explore`, `load` and `apply`: the pipeline as a script or a notebook calls it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from corescout import pipeline
from corescout.data import InputError, Result, Scan, StoppedError
from corescout.derived import with_derived
from corescout.further_scans import FurtherScan
from corescout.interactive.exploration import Exploration
from corescout.interactive.inputs import as_keypoints, as_plan, as_scan
from corescout.interactive.progress import shown, stop_on_interrupt
from corescout.pipeline import OnProgress
from corescout.plan import Plan
from corescout.runs import read_run


def explore(
    scan: Any,
    plan: Plan | str | None = None,
    *,
    pitch: str | float | None = None,
    channel: str | tuple[str, ...] | None = None,
    keypoints: Any = None,
    seed: int | None = None,
    rng: np.random.Generator | None = None,
    workers: int | None = None,
    progress: bool | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
    repeats: Sequence[Any] = (),
    reversed_repeats: Sequence[Any] = (),
) -> Exploration:
    """Find the representation in which a scan falls into few, well separated types.

    Parameters
    ----------
    scan : Scan, path, array, mapping, xarray.DataArray, xarray.Dataset or sidpy.Dataset
        See `corescout.as_scan`.
    plan : Plan or str, optional
        A plan, or the name of a preset; "live" if None.
    pitch : str or float, optional
        Pixel pitch such as "10nm", or in metres, where the scan says none.
    channel : str or tuple of str, optional
        Channels to analyse, instead of the plan's.
    keypoints : Keypoints or (N, 2) array, optional
        (row, column) on the scan's own pixels; found by the plan's detector if None.
    seed : int, optional
        Instead of the plan's: the same plan and seed give the same numbers.
    rng : numpy.random.Generator, optional
        Draws the seed.
    workers : int, optional
        Threads; the number of cores if None. The numbers do not depend on it.
    progress : bool, optional
        Show a bar; None: in a notebook and at an interactive prompt.
    on_progress : callable, optional
        Told a frozen `Progress` instead, at most ten times a second, on the calling thread.
    stop : threading.Event, optional
        Ends the work within about a second, as an interrupt does.
    repeats : sequence of scans, optional
        Of the same place, wider ones or ones beside it: what they exclude can raise the grade of
        the evidence, or lower it.
    reversed_repeats : sequence of scans, optional
        With the slow axis reversed, where their files do not say so.

    Raises
    ------
    InputError
        If the scan cannot be used; the text says what to do.
    StoppedError
        If it was interrupted; its `trials` are those that were finished.
    """
    made = as_plan(plan, channel, seed, rng)
    first = made.channels[0] if made.channels else None
    given = as_scan(scan, made.pixel_size_m if pitch is None else pitch, first)
    places = as_keypoints(keypoints, given)
    size = made.pixel_size_m if pitch is None else pitch
    further = [FurtherScan(as_scan(each, size, first)) for each in repeats]
    further += [FurtherScan(as_scan(each, size, first), "reversed") for each in reversed_repeats]
    with stop_on_interrupt(stop) as ended, shown(progress if on_progress is None else False) as bar:
        try:
            found = pipeline.explore(
                given, made, keypoints=places, workers=workers, on_progress=on_progress or bar,
                stop=ended, further=further,
            )  # fmt: skip
        except StoppedError as stopped:
            count = len(stopped.trials)
            said = f"stopped; the {count} finished candidates are the `trials` of this error"
            raise StoppedError(said, stopped.trials) from None
    return Exploration.of(found)


def load(run: str | Path) -> Exploration:
    """Open a finished run: what `save` or the command line wrote.

    Raises
    ------
    InputError
        If it is no finished run, a file is damaged, or a newer Corescout wrote it.
    """
    return Exploration.of(read_run(run))


def apply(
    result: Result,
    scan: Any,
    *,
    pitch: str | float | None = None,
    keypoints: Any = None,
    channel_map: Mapping[str, str] | None = None,
    match_instrument: bool = True,
) -> Exploration:
    """Find the types of a finished exploration on another scan, without training.

    Parameters
    ----------
    result : Result
    scan : Scan, path, array, ...
        See `corescout.as_scan`.
    pitch : str or float, optional
        Pixel pitch where the scan says none.
    keypoints : Keypoints or (N, 2) array, optional
        (row, column) on the scan's own pixels; found by the plan's detector if None.
    channel_map : mapping of str to str, optional
        From the channels of the run to those of the scan, where two vendors name them differently.
    match_instrument : bool
        Where the scan shows the same place, take another gain and another sharpness of the tip as
        changes of the microscope; False: of the sample.

    Raises
    ------
    InputError
        If the scan has no such channel, another unit, no scale while the exploration had one, or
        no key points.
    """
    first = result.channels[0]
    given = as_scan(scan, pitch, (channel_map or {}).get(first, first))
    given = with_channel_map(given, channel_map or {}, result)
    points = as_keypoints(keypoints, given)
    found = pipeline.apply(result, given, keypoints=points, match_instrument=match_instrument)
    return Exploration.of(found)


def with_channel_map(scan: Scan, channel_map: Mapping[str, str], result: Result) -> Scan:
    """Return a scan with its channels called as those of a run.

    Raises
    ------
    InputError
        If a channel is not there or is named twice.
    """
    for ours in channel_map:
        if ours not in result.channels:
            raise InputError(
                f"a channel of the run: {', '.join(result.channels)}", repr(ours),
                "map from the run's channel to the scan's",
            )  # fmt: skip
    if len(set(channel_map.values())) < len(channel_map):
        raise InputError("one channel of the scan for each", str(dict(channel_map)), "correct it")
    return with_names(scan, {theirs: ours for ours, theirs in channel_map.items()})


def with_names(scan: Scan, called: Mapping[str, str]) -> Scan:
    """Return a scan with channels called by other names; one that has such a name gives way.

    A channel that can be derived is computed first.

    Raises
    ------
    InputError
        If a channel is not there.
    """
    scan = with_derived(scan, called)
    for theirs in called:
        scan.channel(theirs)
    taken = set(called.values())
    names = {n: called.get(n, n) for n in scan.channels if n in called or n not in taken}

    def named(values: Mapping[str, Any]) -> dict[str, Any]:
        return {names[n]: v for n, v in values.items() if n in names}

    return replace(
        scan,
        channels=named(scan.channels),
        units=named(scan.units),
        roles=named(scan.roles),
        directions=named(scan.directions),
    )

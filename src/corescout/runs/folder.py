"""Write a run: built under a temporary name beside its place, then renamed."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corescout.consensus_arrays import consensus_arrays
from corescout.data import InputError, Result, Trial
from corescout.runs import layout
from corescout.runs.arrays import result_to_h5
from corescout.runs.record import is_unfinished
from corescout.runs.tables import (
    core_points_csv,
    decision_table,
    finest_pitch_m,
    key_points_csv,
    target_table,
    targets_csv,
    to_json,
    trial_table,
)
from corescout.runs.unfinished import OLD, building_prefix, keep_record, remove_unfinished

AddFiles = Callable[[Result, Path], object]


def default_folder(source: str | Path) -> Path:
    """Return where the run of a file goes: beside it, as ``NAME.corescout``."""
    path = Path(source)
    return path.with_name(path.name + layout.SUFFIX)


def check_writable(folder: str | Path, *, overwrite: bool = False) -> Path:
    """Return the folder as a path if a run can be written there; checked before any work.

    Raises
    ------
    InputError
        If it exists and `overwrite` is not set, is no run, or cannot be written.
    """
    target = Path(folder)
    try:
        remove_unfinished(target)
        if target.exists():
            _check_replaceable(target, overwrite)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=building_prefix(target), dir=target.parent):
            pass
    except OSError as error:
        raise InputError(
            f"a writable place for the run folder {target}",
            error.strerror or str(error),
            "choose another with --out",
        ) from error
    return target


def write_run(
    result: Result,
    folder: str | Path,
    *,
    overwrite: bool = False,
    log: str = "",
    add_files: Sequence[AddFiles] = (),
) -> Path:
    """Write a run folder, whole or not at all.

    Parameters
    ----------
    result : Result
    folder : path
        Its parent is made where it is missing.
    overwrite : bool
        Replace a run that is there.
    log : str
        Text for ``log.txt``.
    add_files : sequence of callables
        Each is given the result and the folder under construction, and adds files (the report).

    Raises
    ------
    InputError
        If the folder exists, or the disk is full or cannot be written.
    """
    files = {
        layout.PLAN: to_json(result.plan),
        layout.TRIALS: to_json(trial_table(result.trials)),
        layout.RESULT: result_to_h5(result),
        layout.WEIGHTS: _npz(_weights(result)),
        layout.DECISION: to_json(decision_table(result)),
        layout.KEY_POINTS: key_points_csv(result),
        layout.CORE_POINTS: core_points_csv(result),
        layout.TARGETS_CSV: targets_csv(result.targets, result.types, finest_pitch_m(result.scan)),
        layout.TARGETS_JSON: to_json(target_table(result.targets, result.scan, result.types)),
        layout.LOG: log.encode(),
    }
    with _replacing(Path(folder), overwrite) as building:
        _write_all(building, files)
        for add in add_files:
            add(result, building)
    return Path(folder)


def write_stopped(
    trials: Sequence[Trial],
    plan: Mapping[str, object],
    folder: str | Path,
    *,
    overwrite: bool = False,
    log: str = "",
) -> Path:
    """Keep what was finished of a run that was stopped: its plan, its trials and its log."""
    files = {
        layout.PLAN: to_json(plan),
        layout.TRIALS: to_json(trial_table(trials)),
        layout.LOG: log.encode(),
    }
    with _replacing(Path(folder), overwrite) as building:
        _write_all(building, files)
    return Path(folder)


def _write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        with (folder / name).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def _replacing(target: Path, overwrite: bool) -> Iterator[Path]:
    """Give a temporary sibling to build in; rename it to `target` when all went well."""
    check_writable(target, overwrite=overwrite)
    building = Path(tempfile.mkdtemp(prefix=building_prefix(target), dir=target.parent))
    try:
        yield building
        building.chmod(0o755)
        if target.exists():
            _check_replaceable(target, overwrite)
            _swap(building, target)
        else:
            building.rename(target)
    except OSError as error:
        raise InputError(
            f"room and the right to write the run folder {target}",
            error.strerror or str(error),
            "free some space or choose another place with --out",
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _swap(building: Path, target: Path) -> None:
    """Put a folder in the place of another; where that fails, the other one stays."""
    old = building.with_name(building.name + OLD)
    target.rename(old)
    try:
        building.rename(target)
    except OSError:
        old.rename(target)
        raise
    keep_record(old, target)
    shutil.rmtree(old, ignore_errors=True)


def _check_replaceable(target: Path, overwrite: bool) -> None:
    if not overwrite and is_unfinished(target):
        raise InputError(
            "a folder that does not exist yet",
            f"{target}, an exploration that was not finished",
            f"go on with it: corescout explore --resume {target}, or replace it with --overwrite",
        )
    if not overwrite:
        raise InputError(
            "a folder that does not exist yet",
            f"{target}",
            "choose another with --out, or replace it with --overwrite",
        )
    if not target.is_dir() or not _is_ours(target):
        raise InputError(
            "a run folder to overwrite",
            f"{target}, which Corescout did not write",
            "choose another place with --out",
        )


def _is_ours(folder: Path) -> bool:
    """An empty folder, or one of a finished or a stopped run."""
    known = (layout.PLAN, f"{layout.RECORD}/{layout.ABOUT}")
    return not any(folder.iterdir()) or any((folder / name).is_file() for name in known)


def _weights(result: Result) -> dict[str, NDArray[Any]]:
    """The winner's network, and those of all that vote."""
    own: dict[str, NDArray[Any]] = {n: np.asarray(w) for n, w in result.weights.items()}
    return own if result.votes is None else own | consensus_arrays(result.votes.consensus)


def _npz(weights: Mapping[str, NDArray[Any]]) -> bytes:
    memory = io.BytesIO()
    arrays: dict[str, Any] = {name: np.asarray(value) for name, value in weights.items()}
    np.savez(memory, **arrays)
    return memory.getvalue()

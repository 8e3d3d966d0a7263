"""Folders in which a command of the documentation finds what it names, one for each command."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from corescout.data import Scan
from corescout.exports import write_nsid
from corescout.plan import Plan
from corescout.runs import layout
from corescout.samples import SAMPLES, write_sample
from documentation.blocks import texts_of
from steering.measured_loops import measure_loops

N_LOOPS = 40
SMALL_PX, SAMPLE_PX = 96, 128
TUTORIAL = "docs/tutorials/series.md"  # has the table of values
KEPT_TRIALS = 6  # of the exploration that is gone on with


def write_loops(run: Path) -> Path:
    """Write `measurements.csv` beside a run of the generated scan, as a day at the twin does."""
    from corescout.instruments.twin import LOOPS
    from corescout.instruments.twin_loops import LoopField
    from corescout.runs import read_run
    from corescout.surfaces import generate_surface

    result = read_run(run)
    field = LoopField(generate_surface(result.scan.shape_px, seed=0), LOOPS, outliers=0.0, seed=1)
    return measure_loops(run.parent / "measurements.csv", result, field, N_LOOPS)


def copied(folder: Path, run: Path) -> None:
    """The scan and its run."""
    for name in ("scan.h5", "measurements.csv"):
        shutil.copy(run.parent / name, folder)
    shutil.copytree(run, folder / run.name)


def unfinished(folder: Path, run: Path) -> None:
    """The scan and an exploration of it that was killed: some of its trials, and no result."""
    copied(folder, run)
    record = folder / run.name / layout.RECORD
    for path in record.parent.iterdir():
        if path.is_file():
            path.unlink()
    lines = (record / layout.JOURNAL).read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if json.loads(line)["what"] != "decided"][: 1 + KEPT_TRIALS]
    (record / layout.JOURNAL).write_text("".join(kept), "utf-8")


def series(folder: Path, _run: Path, size_px: int = SMALL_PX) -> None:
    """Two scans and the value of each."""
    (folder / "scans").mkdir()
    for seed, name in enumerate(("cold.h5", "warm.h5")):
        write_sample("surface", folder / "scans" / name, size_px=size_px, seed=seed)
    (folder / "values.csv").write_text(texts_of(TUTORIAL)[0], "utf-8")


def series_of_the_tutorial(folder: Path, run: Path) -> None:
    """The scans that its own commands make."""
    series(folder, run, SAMPLE_PX)


def examples(folder: Path, run: Path) -> None:
    """What the examples below the help of the commands name."""
    from corescout.readers import read_scan

    copied(folder, run)
    image = read_scan(run.parent / "next.h5")
    np.save(folder / "image.npy", image.channel("Amplitude"))
    renamed = {"Amp": np.asarray(image.channel("Amplitude"))}
    write_nsid(Scan("other", renamed, units={"Amp": "m"}, frame=image.frame), folder / "other.h5")
    (folder / "plan.json").write_text(Plan.preset("live").model_dump_json(), "utf-8")
    (folder / "FOLDER").mkdir()


PRINTED: dict[str, str] = {}  # what the commands printed that made the run of all pages
# beginning of a command -> what is laid out before it; the first that fits counts
STAGES: dict[str, Callable[[Path, Path], None]] = {
    "corescout explore --resume": unfinished,
    "corescout explore --from": copied,
    "corescout explore scans --pooled --series values.csv --windows": series_of_the_tutorial,
    "corescout explore scans": series,
    "corescout runs": copied,
}


@contextmanager
def stage(command: str, run: Path, folder: Path) -> Iterator[None]:
    """Work in a folder of its own where the command needs one, else in that of the run."""
    lay_out = next((made for known, made in STAGES.items() if command.startswith(known)), None)
    if lay_out is None:
        yield
        return
    lay_out(folder, run)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield


@contextmanager
def fetched_before(data_dir: Path, folder: Path) -> Iterator[None]:
    """The film of `corescout sample pzt_film` in the cache, where it is looked for first."""
    name = Path(str(SAMPLES["pzt_film"].file)).name
    (folder / "corescout").mkdir()
    shutil.copy(next(data_dir.rglob(name)), folder / "corescout")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        patch.chdir(folder)
        yield


@contextmanager
def twin_that_serves(command: str) -> Iterator[None]:
    """The twin as the command of a page serves it, in a process of its own, until it listens."""
    words = command.split()[1:]
    process = subprocess.Popen(
        [sys.executable, "-m", "corescout", *words], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        while "only programs on this machine" not in (line := process.stdout.readline()):
            assert line, "the twin ended before it served"
        yield
    finally:
        process.kill()
        process.communicate()

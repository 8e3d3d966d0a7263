"""`bench open`: a scan of 4096 x 4096 pixels and eight channels, from the disk to a Scan."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.outcome import Bar, BenchReport
from corescout.data import Scan, ScanFrame

SIDE_PX, QUICK_SIDE_PX, N_CHANNELS, REPEATS = 4096, 512, 8, 3


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Write a large scan as NSID and as .npy, and time reading it; a scan that is given instead."""
    from corescout.readers import read_scan

    with tempfile.TemporaryDirectory() as folder:
        files = [scan] if scan is not None else _write(Path(folder), quick)
        values: dict[str, float] = {}
        for file in files:
            seconds = []
            for _ in range(REPEATS):
                started = time.perf_counter()
                read_scan(file)
                seconds.append(time.perf_counter() - started)
            values[f"open_{file.suffix[1:]}_s"] = round(median(seconds), 2)
    values["longest_open_s"] = max(values.values())
    return BenchReport("open", values, (Bar("longest_open_s", "<=", 2.0),))


def _write(folder: Path, quick: bool) -> list[Path]:
    from corescout.exports import write_nsid

    side = QUICK_SIDE_PX if quick else SIDE_PX
    image = np.random.default_rng(0).random((side, side), dtype=np.float32)
    channels = {f"Channel{i}": image + i for i in range(N_CHANNELS)}
    made = Scan(uid="large", channels=channels, frame=ScanFrame((side, side), (1e-9, 1e-9)))
    np.save(folder / "large.npy", np.stack(list(channels.values())))
    return [write_nsid(made, folder / "large.h5"), folder / "large.npy"]

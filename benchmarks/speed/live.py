"""`bench live`: how long a next scan takes, from its complete file to its targets.

Twenty scans of 256 x 256 pixels of the twin's sample under drift, written as files and read one
after another in one warm process: reading, quality, kind, registration with the scan before, types,
core points, novelty, advice, targets. With a scan given, that file is read twenty times instead.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.outcome import Bar, BenchReport
from corescout.data import Scan
from corescout.plan import Plan, TrainingPlan

if TYPE_CHECKING:
    from corescout.live.reading.next_scan import KnownRepresentation, Understood

SCANS, QUICK_SCANS = 20, 4
SIDE_PX = 256
MOST_P95_S = 1.0
DRIFT_M_PER_S = (0.02e-9, 0.01e-9)


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Measure twenty next scans; four with `quick`."""
    from corescout.live.reading.next_scan import trained
    from corescout.pipeline import explore
    from corescout.readers import read_scan

    count = QUICK_SCANS if quick else SCANS
    with tempfile.TemporaryDirectory() as folder:
        files = [scan] * (count + 1) if scan is not None else list(_files(Path(folder), count + 1))
        first = read_scan(files[0])
        began = time.perf_counter()
        result = explore(first, _plan())
        explored = time.perf_counter()
        known = trained(result)
        calibrated = time.perf_counter()
        _next(known, files[0], first)  # what is imported on first use is not the scan's
        seconds, cpu, shares, targets, before = [], [], [], [], first
        for file in files[1:]:
            started, cpu_before = time.perf_counter(), time.process_time()
            understood = _next(known, file, before)
            seconds.append(time.perf_counter() - started)
            cpu.append(time.process_time() - cpu_before)
            before = understood.scan
            if understood.novelty is not None:
                shares.append(understood.novelty.share)
            targets.append(len(understood.result.targets) if understood.result else 0)
    values = {
        "scans": count,
        "p50_s": round(float(np.median(seconds)), 3),
        "p95_s": round(float(np.percentile(seconds, 95)), 3),
        "most_s": round(max(seconds), 3),
        "cpu_p95_s": round(float(np.percentile(cpu, 95)), 3),
        "fewest_targets": min(targets),
        "novel_share": round(float(np.mean(shares)), 3) if shares else float("nan"),
        "explore_s": round(explored - began, 1),
        "calibrate_s": round(calibrated - explored, 1),
    }
    return BenchReport(
        "live",
        values,
        (Bar("p95_s", "<=", MOST_P95_S), Bar("fewest_targets", ">=", 1)),
        (f"{count} scans of {first.shape_px[1]} x {first.shape_px[0]} px, one warm process",),
    )


def _next(known: KnownRepresentation, file: Path, before: Scan) -> Understood:
    from corescout.live.reading.next_scan import understand
    from corescout.readers import read_scan
    from corescout.registration import register

    scan = read_scan(file)
    register(before, scan)
    return understand(known, scan, [before])


def _plan() -> Plan:
    """An exploration of some seconds: the time of the next scan does not depend on it."""
    plan = Plan.preset("live", windows_px=(9, 13), invariances=("r", "rt"))
    decision = plan.decision.model_copy(
        update={"seeds": 1, "null_surrogates": 0, "types": "consensus"}
    )
    training = TrainingPlan(epochs=30, max_steps=600, batch_size=64, learning_rate=1e-2)
    return plan.model_copy(update={"decision": decision, "training": training})


def _files(folder: Path, count: int) -> Iterator[Path]:
    """Scans of the twin's sample, some minutes apart, as files."""
    from corescout.exports.nsid import write_nsid
    from corescout.instruments.twin_sample import TwinSample
    from corescout.surfaces import generate_surface

    surface = generate_surface((SIDE_PX, SIDE_PX), seed=0)
    sample, rng = TwinSample(surface, DRIFT_M_PER_S), np.random.default_rng(0)
    for number in range(count):
        times = 600.0 * number + 0.5 * np.arange(SIDE_PX)
        channels = sample.seen(sample.frame, times.tolist(), rng)
        seen = replace(surface.scan, uid=f"scan-{number}", channels=channels)
        yield write_nsid(seen, folder / f"scan_{number:03d}.h5")

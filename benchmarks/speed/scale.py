"""`bench scale`: time and memory against the number of key points and of pixels.

And of the whole decision of `live` on large scans, with the compiled step where numba is installed.
Each measurement is a process of its own: its peak memory is its own.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.outcome import CHECKOUT, Bar, BenchReport

KEYPOINTS = (1_000, 4_000, 16_000, 64_000)
SIDES_PX = (256, 1024, 4096)
LIVE_SIDES_PX = (512, 2048, 4096)  # about 3,700 key points, 60,000 and 200,000
QUICK_KEYPOINTS, QUICK_SIDES_PX = (500, 1_000, 2_000), (256, 512)
TILE_PX = 512

_SWEEP = """
import json, sys, time
from benchmarks.speed.scale import peak_gib, tiled_scan
from corescout.pipeline import explore
from corescout.plan import DecisionPlan, KeypointPlan, Plan
count = int(sys.argv[1])
side = max(256, int((count * 55) ** 0.5))
plan = Plan.preset("live", windows_px=(9, 13), invariances=("none", "rt"), max_keypoints=count,
    keypoints=KeypointPlan(spacing_px=4), decision=DecisionPlan(seeds=1, null_surrogates=0))
explore(tiled_scan(256), plan.model_copy(update={"max_keypoints": 300}))
scan = tiled_scan(side)
started = time.perf_counter()
result = explore(scan, plan)
print(json.dumps([len(result.keypoints), time.perf_counter() - started, peak_gib()]))
"""
_LIVE = """
import json, sys, time
from importlib.util import find_spec
from benchmarks.speed.scale import peak_gib, tiled_scan
from corescout.pipeline import explore
from corescout.plan import KeypointPlan, Plan
side = int(sys.argv[1])
compiled = find_spec("numba") is not None
plan = Plan.preset("live", training={"step": "numba" if compiled else "torch"},
    mixtures={"engine": "numba" if compiled else "batched"})
explore(tiled_scan(256), plan.model_copy(update={"max_keypoints": 300, "windows_px": (9,)}))
if side > 512:
    plan = plan.model_copy(update={
        "keypoints": KeypointPlan(spacing_px=4), "max_keypoints": min(side**2 // 70, 200_000)})
scan = tiled_scan(side)
started = time.perf_counter()
result = explore(scan, plan)
print(json.dumps([len(result.keypoints), time.perf_counter() - started, peak_gib()]))
"""
_FIND = """
import json, sys, time
import numpy as np
from benchmarks.speed.scale import peak_gib, tiled_scan
from corescout.keypoints import find_keypoints
from corescout.plan import KeypointPlan
find_keypoints(tiled_scan(256).channel(), KeypointPlan(), 11)
image = tiled_scan(int(sys.argv[1])).channel()
started = time.perf_counter()
found = find_keypoints(image, KeypointPlan(spacing_px=3), 11)
print(json.dumps([len(found), time.perf_counter() - started, peak_gib()]))
"""


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Sweep generated surfaces of growing numbers of key points, and find key points alone."""
    values: dict[str, float] = {}
    swept = [_measure(_SWEEP, n) for n in (QUICK_KEYPOINTS if quick else KEYPOINTS)]
    for count, seconds, peak in swept:
        values |= {f"sweep_{count:.0f}_s": round(seconds, 1)}
        values |= {f"sweep_{count:.0f}_gib": round(peak, 2)}
    logs = np.log([[count, seconds] for count, seconds, _ in swept])
    values["exponent"] = round(float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0]), 2)
    for side in QUICK_SIDES_PX if quick else SIDES_PX:
        count, found_s, peak = _measure(_FIND, side)
        values |= {f"find_{side}_s": round(found_s, 2), f"find_{side}_keypoints": count}
        values |= {f"find_{side}_gib": round(peak, 2)}
    for side in () if quick else LIVE_SIDES_PX:
        count, seconds, live_peak = _measure(_LIVE, side)
        values |= {f"live_{side}_s": round(seconds, 1), f"live_{side}_keypoints": count}
        values |= {f"live_{side}_gib": round(live_peak, 2)}
    values["largest_find_s"] = found_s
    values["peak_gib"] = peak
    bars: tuple[Bar, ...] = (
        Bar("exponent", "<=", 1.1),
        Bar("largest_find_s", "<=", 20),
        Bar("peak_gib", "<=", 4),
    )
    if not quick:
        bars += (
            Bar("live_512_s", "<=", 40),
            Bar("live_2048_s", "<=", 300),
            Bar("live_2048_gib", "<=", 4),
            Bar("live_4096_gib", "<=", 4),
        )
    return BenchReport("scale", values, bars)


def tiled_scan(side_px: int):  # type: ignore[no-untyped-def]
    """Return a generated surface repeated to a side: large, and quick to make."""
    from corescout.data import Scan
    from corescout.surfaces import generate_surface

    made = generate_surface((min(side_px, TILE_PX),) * 2, seed=0).scan
    repeats = math.ceil(side_px / TILE_PX)
    image = np.tile(made.channel(), (repeats, repeats))[:side_px, :side_px]
    return Scan(uid="tiled", channels={"Amplitude": image}, roles={"Amplitude": "amplitude"})


def peak_gib() -> float:
    """Peak resident memory of this process."""
    import resource

    factor = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * factor / 2**30


def _measure(code: str, size: int) -> tuple[float, float, float]:
    done = subprocess.run(
        [sys.executable, "-c", code, str(size)],
        cwd=CHECKOUT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    count, seconds, peak = json.loads(done.stdout)
    return count, seconds, peak

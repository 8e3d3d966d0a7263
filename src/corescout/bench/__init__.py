"""Measurements that are too slow or too noisy for the tests: `corescout bench NAME`.

Each measurement is a module here with one function
``run(scan: Path | None = None, *, quick: bool = False) -> BenchReport``, named in `BENCHES`.
"""

from corescout.bench.outcome import Bar, BenchReport

BENCHES: dict[str, str] = {
    "day": "corescout.bench.day",
    "day-window": "corescout.bench.day_window",
    "decision": "corescout.bench.decision",
    "fuzz": "corescout.bench.fuzz",
    "gui": "corescout.bench.gui",
    "keypoints": "corescout.bench.keypoints",
    "kill": "corescout.bench.kill",
    "limits": "corescout.bench.limits",
    "live": "corescout.bench.live",
    "loops": "corescout.bench.loops",
    "null": "corescout.bench.null",
    "open": "corescout.bench.opening",
    "paper": "corescout.bench.paper",
    "presets": "corescout.bench.presets",
    "registration": "corescout.bench.registration",
    "rotation": "corescout.bench.rotation",
    "scale": "corescout.bench.scale",
    "soak": "corescout.bench.soak",
    "startup": "corescout.bench.startup",
    "truth": "corescout.bench.truth",
}

__all__ = ["BENCHES", "Bar", "BenchReport"]

"""Measurements that are too slow or too noisy for the tests: `corescout bench NAME`.

They come with a checkout and are no part of the wheel. `reliability/` holds what must never happen,
`truth/` what is found on surfaces whose types are known, `speed/` how long things take. Each
measurement is a module with one function
``run(scan: Path | None = None, *, quick: bool = False) -> BenchReport``, named in `BENCHES`.
"""

from benchmarks.outcome import Bar, BenchReport

BENCHES: dict[str, str] = {
    "claims": "benchmarks.truth.claims",
    "cluster": "benchmarks.reliability.cluster",
    "day": "benchmarks.reliability.day",
    "day-window": "benchmarks.reliability.day_window",
    "decision": "benchmarks.truth.decision",
    "door": "benchmarks.reliability.door",
    "dry-run": "benchmarks.speed.dry_run",
    "foreign-repeats": "benchmarks.truth.foreign_repeats",
    "fuzz": "benchmarks.reliability.fuzz",
    "gpax": "benchmarks.truth.gpax_compare",
    "gui": "benchmarks.speed.gui",
    "keypoints": "benchmarks.truth.keypoints",
    "kill": "benchmarks.reliability.kill",
    "limits": "benchmarks.reliability.limits",
    "live": "benchmarks.speed.live",
    "loops": "benchmarks.truth.loops",
    "needles": "benchmarks.truth.needles",
    "null": "benchmarks.truth.null",
    "open": "benchmarks.speed.opening",
    "paper": "benchmarks.speed.paper",
    "presets": "benchmarks.truth.presets",
    "property": "benchmarks.truth.property",
    "replay": "benchmarks.truth.replay",
    "registration": "benchmarks.truth.registration",
    "results": "benchmarks.speed.results",
    "rotation": "benchmarks.truth.rotation",
    "repeat": "benchmarks.truth.repeat",
    "same-loss": "benchmarks.speed.same_loss",
    "scale": "benchmarks.speed.scale",
    "series": "benchmarks.truth.series",
    "soak": "benchmarks.reliability.soak",
    "stability": "benchmarks.truth.stability",
    "startup": "benchmarks.speed.startup",
    "stop": "benchmarks.reliability.stop",
    "truth": "benchmarks.truth.truth",
    "zones": "benchmarks.truth.zones",
}

__all__ = ["BENCHES", "Bar", "BenchReport"]

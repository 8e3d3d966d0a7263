"""`bench startup`: what `import corescout` costs above numpy and pydantic, and what it pulls in.

And how long `corescout explore` takes from the start of its process to the first progress that a
terminal shows, and the report at its end.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.outcome import CHECKOUT, Bar, BenchReport

HEAVY = ("torch", "pyro", "pyroved", "sklearn", "skimage", "optuna", "matplotlib", "qtpy",
         "PyQt6", "PySide6", "napari")  # fmt: skip
_TIMED = "import time, numpy, pydantic; t = time.perf_counter(); {}; print(time.perf_counter() - t)"
_IMPORT = "import corescout, corescout.data, corescout.plan; corescout.Plan, corescout.read_scan"


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Import in fresh processes: median of the time, and the heavy modules that came along."""
    seconds = [float(_output(_TIMED.format(_IMPORT))) for _ in range(3 if quick else 9)]
    loaded = _output(f"import sys; {_IMPORT}; print(*[m for m in {HEAVY!r} if m in sys.modules])")
    cli_s = [float(_output(_TIMED.format("import corescout.cli"))) for _ in range(3)]
    progress_s = [_first_progress_s() for _ in range(1 if quick else 3)]
    values: dict[str, float | str] = {
        "import_s": round(median(seconds), 3),
        "import_cli_s": round(median(cli_s), 3),
        "first_progress_s": round(median(progress_s), 2),
        "report_s": round(_report_s(1 if quick else 3), 2),
        "n_heavy_modules": len(loaded.split()),
        "heavy_modules": loaded or "none",
    }
    bars = (
        Bar("import_s", "<=", 0.15),
        Bar("first_progress_s", "<=", 1.5),
        Bar("report_s", "<=", 1.0),
        Bar("n_heavy_modules", "<=", 0),
    )
    return BenchReport("startup", values, bars)


def _first_progress_s() -> float:
    """From the start of `corescout explore FILE` to the first words of its bar on a terminal.

    NaN where the system has no pseudo-terminals.
    """
    if os.name != "posix":
        return math.nan
    import pty

    from corescout.exports.nsid import write_nsid
    from corescout.surfaces import generate_surface

    leader, follower = pty.openpty()
    with tempfile.TemporaryDirectory() as folder:
        file = write_nsid(generate_surface((256, 256), seed=0).scan, Path(folder) / "scan.h5")
        words = [sys.executable, "-m", "corescout", "explore", str(file), "--out", f"{folder}/run"]
        started, seen = time.perf_counter(), b""
        process = subprocess.Popen(
            words,
            cwd=CHECKOUT,
            env={**os.environ, "TERM": "xterm"},
            stdout=subprocess.DEVNULL,
            stderr=follower,
        )
        os.close(follower)
        while b"key points" not in seen:
            seen += os.read(leader, 4096)
        seconds = time.perf_counter() - started
        process.kill()
        process.wait()
    os.close(leader)
    return seconds


def _report_s(times: int) -> float:
    """Median of the seconds of a report of all candidates of `live`, trained for two epochs."""
    from corescout.pipeline import explore
    from corescout.plan import Plan
    from corescout.report.html import report_html
    from corescout.surfaces import generate_surface

    training = {"epochs": 2, "retries": 0, "collapse_variance": 0.0}
    result = explore(
        generate_surface((256, 256), seed=0).scan, Plan.preset("live", training=training)
    )
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        report_html(result)
        seconds.append(time.perf_counter() - started)
    return median(seconds)


def _output(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()

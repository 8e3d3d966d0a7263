"""`bench startup`: what `import corescout` costs above numpy and pydantic, and what it pulls in."""

from __future__ import annotations

import subprocess
import sys
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
    values: dict[str, float | str] = {
        "import_s": round(median(seconds), 3),
        "import_cli_s": round(median(cli_s), 3),
        "n_heavy_modules": len(loaded.split()),
        "heavy_modules": loaded or "none",
    }
    bars = (Bar("import_s", "<=", 0.15), Bar("n_heavy_modules", "<=", 0))
    return BenchReport("startup", values, bars)


def _output(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()

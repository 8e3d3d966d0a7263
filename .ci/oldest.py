"""Run a fast headless subset of the tests with the oldest dependencies that are promised.

    .venv/bin/python .ci/oldest.py

`uv` resolves pyproject.toml to the lowest direct versions. They go into a folder before the
environment's own packages, all but PyTorch and Qt, which are shared: PyTorch alone would be 3 GB.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = re.compile(r"(torch|torchvision|triton|nvidia-.*|pyqt6.*)==")
TESTS = (
    "tests/test_plan.py", "tests/test_pages.py", "tests/rewards", "tests/data", "tests/targets",
    "tests/keypoints", "tests/readers/test_channels.py", "tests/readers/test_formats.py",
    "tests/edits", "tests/exports", "tests/mixtures/test_gaussian.py",
    "tests/runs/test_run_folder.py",
)  # fmt: skip
# Plugins of pytest come from newer packages than these; the ones that are needed are named.
PLUGINS = ("-p", "pytest_timeout", "-p", "pytestqt.plugin", "-p", "xdist.plugin")


def main() -> int:
    """Resolve, install into a folder, test; return the exit code of pytest."""
    with tempfile.TemporaryDirectory() as folder:
        pins, packages = Path(folder, "oldest.txt"), Path(folder, "packages")
        uv("pip", "compile", "-q", ROOT / "pyproject.toml", "--resolution", "lowest-direct",
           "--no-header", "--no-annotate", "-o", pins)  # fmt: skip
        lines = [line for line in pins.read_text().splitlines() if not SHARED.match(line)]
        pins.write_text("\n".join(lines) + "\n")
        uv("pip", "install", "-q", "--no-deps", "--target", packages, "-r", pins)
        command = [sys.executable, "-m", "pytest", "-q", *PLUGINS, "-o", "filterwarnings=default"]
        changed = {
            "PYTHONPATH": os.pathsep.join((str(packages), str(ROOT / "src"), str(ROOT))),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        return subprocess.run(
            [*command, *TESTS], cwd=ROOT, env=os.environ | changed, check=False
        ).returncode


def uv(*arguments: object) -> None:
    """Run uv for this interpreter."""
    words = [str(a) for a in arguments]
    command = [sys.executable, "-m", "uv", *words[:2], "--python", sys.executable, *words[2:]]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    sys.exit(main())

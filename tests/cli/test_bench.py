"""`corescout bench`: a checkout has the measurements, an installed package says where they are."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import corescout

PACKAGE = Path(corescout.__file__).parent


def corescout_in(folder: Path, *arguments: str, cwd: Path):
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", "corescout", *arguments],
        cwd=cwd, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_checkout_has_the_measurements_from_any_folder(tmp_path):
    done = corescout_in(PACKAGE.parent, "bench", "list", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {"kill", "truth", "live"} <= set(done.stdout.split())


def test_a_measurement_runs_from_any_folder(tmp_path):
    report = tmp_path / "figures.json"
    words = ("bench", "startup", "--quick", "--json", str(report))
    done = corescout_in(PACKAGE.parent, *words, cwd=tmp_path)
    assert "n_heavy_modules" in done.stdout, done.stderr
    assert "import_s" in report.read_text()


def test_an_installed_package_says_where_they_are(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "corescout", ignore=shutil.ignore_patterns("__pycache__"))
    done = corescout_in(tmp_path, "bench", "list", cwd=tmp_path)
    assert done.returncode == 2
    assert "a checkout of Corescout" in done.stderr
    assert "Traceback" not in done.stderr

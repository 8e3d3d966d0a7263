"""A cache of numba that names a class which is there no more is thrown away, not an error."""

import subprocess
import sys

import pytest

pytest.importorskip("numba")

KERNEL = """
import sys
import numpy as np
import arrays
from numba import njit
from corescout.vae.kernel_cache import readable

def total(pair):
    return pair.one.sum() + pair.two.sum()

total = njit(cache=True)(total)
total = readable(total) if "guarded" in sys.argv else total
kind = next(v for v in vars(arrays).values() if isinstance(v, type) and v is not arrays.NamedTuple)
print(total(kind(np.ones(3), np.ones(2))), sum(total.stats.cache_hits.values()))
"""
ARRAYS = "from typing import NamedTuple\nclass {}(NamedTuple):\n    one: object\n    two: object\n"


def ran(folder, *words):
    done = subprocess.run(
        [sys.executable, "kernel.py", *words], cwd=folder, capture_output=True, text=True
    )
    return done.returncode, done.stdout.split()


def test_a_renamed_class_costs_a_compilation(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "kernel.py").write_text(KERNEL)
    (tmp_path / "arrays.py").write_text(ARRAYS.format("Pair"))
    assert ran(tmp_path) == (0, ["5.0", "0"])
    assert ran(tmp_path, "guarded") == (0, ["5.0", "1"])  # what can be read is kept
    (tmp_path / "arrays.py").write_text(ARRAYS.format("Couple"))
    assert ran(tmp_path)[0] != 0
    assert ran(tmp_path, "guarded") == (0, ["5.0", "0"])

"""A small sample of `corescout bench fuzz`: damaged files in processes of their own."""

import json
import subprocess
import sys

from benchmarks.outcome import CHECKOUT

SCRIPT = """
import json, sys
from pathlib import Path
from benchmarks.reliability.fuzz import fuzz
files = [f for f in sorted(Path(sys.argv[1]).rglob("*")) if f.is_file()]
counts, longest_s, complaints = fuzz(files, 3)
print(json.dumps({"counts": counts, "longest_s": longest_s, "complaints": complaints}))
"""


def test_no_damaged_file_is_more_than_an_error(data_dir):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(data_dir)],
        cwd=CHECKOUT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["complaints"] == []
    assert set(found["counts"]) <= {"read", "refused"}
    assert found["counts"]["refused"] >= 5 * 14

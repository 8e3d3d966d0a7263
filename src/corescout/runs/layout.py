"""Names of the files of a run, and the version of their format."""

from __future__ import annotations

from pathlib import Path

FORMAT_VERSION = 3
# 2: types of the winner alone; 1: targets.json was the list alone, decision.json had no hash of the
# file
SUFFIX = ".corescout"

PLAN = "plan.json"
TRIALS = "trials.json"
RESULT = "result.h5"
WEIGHTS = "weights.npz"
DECISION = "decision.json"
KEY_POINTS = "key_points.csv"
CORE_POINTS = "core_points.csv"
TARGETS_CSV = "targets.csv"
TARGETS_JSON = "targets.json"
LOG = "log.txt"

RECORD = "record"  # of the trials, from the first second; in it:
ABOUT = "about.json"
JOURNAL = "journal.jsonl"
GIVEN_POINTS = "key_points.npz"
FINISHED_TRIALS = "trials"
LOCK = "lock"


def is_run(path: str | Path) -> bool:
    """Say whether a path is the folder of a finished run."""
    folder = Path(path)
    return (folder / DECISION).is_file() and (folder / RESULT).is_file()

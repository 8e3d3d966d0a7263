"""The runs below a folder, what each says in one row, and how two of them differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from corescout.data import InputError, Result
from corescout.data.bounds import regular_file
from corescout.runs import layout
from corescout.runs.reading import evidence_of, read_run
from corescout.runs.record import is_unfinished
from corescout.whole import read_journal

_SAME_PLACE_PX = 1.0  # key points of two runs of one scan that are one


@dataclass(frozen=True)
class RunRow:
    """One run in a table.

    Attributes
    ----------
    run : str
        Its folder.
    scan, date, choice, types, evidence : str
        File, when it was begun or decided (local time), winner, how many types, and the grade of
        their evidence; "" where it is not known.
    state : str
        "finished", "unfinished", or what is wrong with it.
    trials : int
        Finished ones.
    """

    run: str
    scan: str = ""
    date: str = ""
    state: str = "finished"
    choice: str = ""
    types: str = ""
    evidence: str = ""
    trials: int = 0


def find_runs(folder: str | Path) -> Iterator[Path]:
    """Find the folders of runs at and below a folder, finished or not, in order of name.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    top = Path(folder)
    if not top.is_dir():
        raise InputError("a folder of runs", f"{top}, which is none", "check the path")
    if layout.is_run(top) or is_unfinished(top):
        yield top
        return
    for path in sorted(top.iterdir()):
        if path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
            yield from find_runs(path)


def row_of(run: Path) -> RunRow:
    """Return what a run says of itself; one that cannot be read says why."""
    try:
        if layout.is_run(run):
            return _finished_row(run)
        about = _json(run / layout.RECORD / layout.ABOUT)
        entries = read_journal(run / layout.RECORD / layout.JOURNAL)
        count = len({e["key"] for e in entries if e["what"] == "finished"})
        return RunRow(
            str(run), _name(about["source"]), about["begun_at"][:16].replace("T", " "),
            "unfinished", trials=count,
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, InputError) as error:
        return RunRow(str(run), state=f"damaged: {type(error).__name__}: {error}"[:120])


def compare_runs(one: Path, other: Path) -> dict[str, object]:
    """Say how two runs differ: plans, choice, and types on the key points that both have.

    Raises
    ------
    InputError
        If one of them is no finished run.
    """
    first, second = read_run(one), read_run(other)
    same = first.scan.content_sha256 == second.scan.content_sha256
    shared, ami = agreement_on_shared_points(first, second) if same else (0, None)
    return {
        "runs": [str(one), str(other)],
        "plan": _differences(dict(first.plan), dict(second.plan)),
        "choice": [first.winner.label, second.winner.label],
        "types": [first.types_in_words, second.types_in_words],
        "evidence": [first.evidence.grade_in_short, second.evidence.grade_in_short],
        "why": [first.evidence.reason, second.evidence.reason],
        "shared_key_points": shared,
        "ami_of_types": ami,
    }


def agreement_on_shared_points(one: Result, other: Result) -> tuple[int, float | None]:
    """Return how many key points of a place both have, and the AMI of the types on them.

    The adjusted mutual information is None where they share none.
    """
    from scipy.spatial import cKDTree
    from sklearn.metrics import adjusted_mutual_info_score

    ours, theirs = np.asarray(one.keypoints.yx_px), np.asarray(other.keypoints.yx_px)
    distance, nearest = cKDTree(theirs).query(ours)
    rows = np.flatnonzero(distance < _SAME_PLACE_PX)
    if not len(rows):
        return 0, None
    a, b = np.asarray(one.types.of_point)[rows], np.asarray(other.types.of_point)[nearest[rows]]
    return len(rows), float(adjusted_mutual_info_score(a, b))


def prune(run: Path) -> int:
    """Remove the files of a finished run's trials, which only --from needs; return the bytes."""
    folder = run / layout.RECORD / layout.FINISHED_TRIALS
    if not layout.is_run(run) or is_unfinished(run) or not folder.is_dir():
        return 0
    freed = 0
    for path in folder.glob("*.h5"):
        freed += path.stat().st_size
        path.unlink()
    return freed


def verify(run: Path) -> list[str]:
    """Return what is wrong with a run, in words: files that are damaged, changed or missing.

    Hashes are those that the journal of its record holds; a run that is older than that, or was
    edited since, is read instead.
    """
    wrong = []
    journal = run / layout.RECORD / layout.JOURNAL
    entries = read_journal(journal) if journal.is_file() else []
    for entry in entries:
        if entry["what"] == "finished":
            path = run / layout.RECORD / layout.FINISHED_TRIALS / f"{entry['key']}.h5"
            if path.is_file() and _sha256(path) != entry["sha256"]:
                wrong.append(f"{path.relative_to(run)}: its hash is not that of the journal")
    decided = [e for e in entries if e["what"] == "decided"]
    for name, known in decided[-1].get("files", {}).items() if decided else ():
        path = run / name
        if not path.is_file():
            wrong.append(f"{name}: missing")
        elif _sha256(path) != known:
            wrong.append(f"{name}: changed since it was written")
    if layout.is_run(run):
        try:
            read_run(run)
        except InputError as error:
            wrong.append(str(error))
    return wrong


def hashes(run: Path) -> dict[str, str]:
    """SHA-256 of the files of a finished run, by name; its report can be made anew at any time."""
    files = [path for path in sorted(run.iterdir()) if path.is_file()]
    return {path.name: _sha256(path) for path in files if path.name != "report.html"}


def as_row(row: RunRow) -> dict[str, object]:
    """Return a row as JSON values."""
    return asdict(row)


def _finished_row(run: Path) -> RunRow:
    decision = _json(run / layout.DECISION)
    voters = len((decision.get("consensus") or {}).get("voters", ()))
    trials = json.loads(regular_file(run / layout.TRIALS).read_text("utf-8"))
    return RunRow(
        run=str(run),
        scan=_name(decision["source"] or decision["scan_uid"]),
        date=_date(run / layout.DECISION),
        state="unfinished" if is_unfinished(run) else "finished",
        choice=f"{decision['window_px']} px, {decision['invariances']}"
        + (f"; {voters} vote" if voters else ""),
        types=str(decision["n_types"]),
        evidence=evidence_of(decision["evidence"]).grade_in_short,
        trials=sum(t["state"] != "not_tried" for t in trials),
    )


def _differences(one: Any, other: Any, path: str = "") -> dict[str, list[object]]:
    """Settings that differ, by dotted name, with the value of each."""
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return {} if one == other else {path: [one, other]}
    found: dict[str, list[object]] = {}
    for name in {**one, **other}:
        below = f"{path}.{name}" if path else str(name)
        found |= _differences(one.get(name), other.get(name), below)
    return found


def _json(path: Path) -> dict[str, Any]:
    found = json.loads(regular_file(path).read_text("utf-8"))
    if not isinstance(found, dict):
        raise ValueError("expected an object")
    return found


def _name(source: str) -> str:
    return source.replace("\\", "/").rpartition("/")[2]


def _date(path: Path) -> str:
    from datetime import datetime

    return datetime.fromtimestamp(path.stat().st_mtime).strftime("%Y-%m-%d %H:%M")


def _sha256(path: Path) -> str:
    import hashlib

    with regular_file(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""Which files a series is of, and the value (temperature, voltage) that belongs to each."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

from corescout.data import InputError
from corescout.data.bounds import regular_file


def find_files(given: Sequence[Path], match: str | None, suffixes: Sequence[str]) -> list[Path]:
    """Return the files of paths, folders and patterns, each once, in order of name.

    Parameters
    ----------
    given : sequence of Path
        A folder stands for the files in it that a reader knows by their end.
    match : str, optional
        Only names like this, such as ``*T*.ibw``.
    suffixes : sequence of str
        Ends of names that readers know.

    Raises
    ------
    InputError
        If there is none.
    """
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            found += sorted(p for p in path.iterdir() if p.is_file() and _known(p, suffixes))
        elif path.exists() or not any(c in str(path) for c in "*?["):
            found.append(path)
        else:
            found += sorted(p for p in _globbed(path) if p.is_file())
    chosen = [p for p in dict.fromkeys(found) if match is None or fnmatch(p.name, match)]
    if not chosen:
        raise InputError(
            "files of scans", f"none in {', '.join(map(str, given))}"
            + (f" that match {match!r}" if match else ""),
            "check the folder and --match",
        )  # fmt: skip
    return chosen


def read_values(path: Path, files: Sequence[Path]) -> tuple[str, Mapping[Path, float]]:
    """Read a CSV whose first column names files and whose second has their value.

    Returns
    -------
    name : str
        Head of the second column, such as "temperature_K".
    values : mapping of Path to float

    Raises
    ------
    InputError
        If it is no such table, or a file of the series is not in it.
    """
    try:
        with regular_file(path).open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if row]
        name = rows[0][1].strip()
        by_name = {Path(row[0].strip()).name: float(row[1]) for row in rows[1:]}
    except (OSError, ValueError, IndexError) as error:
        raise InputError(
            "a CSV with the columns file and value, the first line their names",
            f"{path} ({type(error).__name__}: {error})", "such as: file,temperature_K",
        ) from error  # fmt: skip
    missing = [f.name for f in files if f.name not in by_name]
    if missing:
        raise InputError(
            f"a value for every file in {path.name}", f"none for {', '.join(missing[:5])}",
            "add them, or leave these files out with --match",
        )  # fmt: skip
    return name, {f: by_name[f.name] for f in files}


def _known(path: Path, suffixes: Sequence[str]) -> bool:
    return not path.name.startswith(".") and path.name.lower().endswith(tuple(suffixes))


def _globbed(pattern: Path) -> list[Path]:
    anchor = Path(pattern.anchor) if pattern.is_absolute() else Path()
    relative = pattern.relative_to(pattern.anchor) if pattern.is_absolute() else pattern
    return list(anchor.glob(str(relative)))

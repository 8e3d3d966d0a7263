"""What was said of each scan of `bench null`, one file a scan, so that a run that is cut counts.

With `CORESCOUT_BENCH_ASKED` set to a folder a scan is asked only if it has no file there: a later
run goes on where the last one was cut, and several runs at a time share the scans. A file that is
still empty is of a scan that another run is asking, or was asking when it was cut; delete it to ask
that scan again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks.truth.null_evidence import Asked, Procedure
from benchmarks.truth.null_families import Null, Points

Ask = Callable[[Null, Points, Procedure], Asked]


def folder_of_asked() -> Path | None:
    """Folder that keeps what was said, if one is named."""
    named = os.environ.get("CORESCOUT_BENCH_ASKED")
    return Path(named) if named else None


def asked_once(
    folder: Path | None, null: Null, points: Points, procedure: Procedure, ask: Ask
) -> Asked | None:
    """Ask a scan, or read what was said of it; None where another run is asking it."""
    if folder is None:
        return ask(null, points, procedure)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{_name(null, points, procedure)}.json"
    try:
        path.open("x").close()
    except FileExistsError:
        text = path.read_text()
        return _asked(text) if text else None
    found = ask(null, points, procedure)
    path.write_text(json.dumps(asdict(found)))
    return found


def _asked(text: str) -> Asked:
    fields = json.loads(text)
    return Asked(**{**fields, "null": Null(**fields["null"])})


def _name(null: Null, points: Points, procedure: Procedure) -> str:
    scale = "coarse" if null.coarse else "fine"
    words = (procedure, null.family, null.change, points, scale, null.side_px, null.seed)
    return "-".join(str(word).replace(",", "").replace(" ", "_") for word in words)

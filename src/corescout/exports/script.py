"""A Python script that repeats a run without a window, and the key points that it needs."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import get_args

import numpy as np

from corescout.data import Result
from corescout.exports.nsid import write_nsid
from corescout.vocabulary import FindingDetector
from corescout.whole import write_whole

_DETECTED = get_args(FindingDetector)
_SCRIPT = '''r"""Repeat an exploration without a window: python {name}

It was of {source}, channel {channels}, with Corescout {version}. The same Corescout gives the same
numbers. What was done to the types and targets by hand afterwards is not repeated.
"""

import json
from pathlib import Path

import corescout
{imports}
HERE = Path(__file__).parent
SCAN = {scan}
PLAN = json.loads(r"""
{plan}
""")


def main():
    plan = corescout.Plan.model_validate(PLAN)
{keypoints}
    result = corescout.explore(SCAN, plan{argument})
    print(result.verdict)
    for target in result.targets:
        print(target.number, target.type, target.xy_m)
    return result


if __name__ == "__main__":
    main()
'''
_KEYPOINTS = """    places = np.loadtxt(HERE / {file!r}, delimiter=",", skiprows=1, ndmin=2)
    keypoints = Keypoints(places[:, :2], places[:, 2], "drawn")"""


def write_script(result: Result, path: str | Path) -> Path:
    """Write a script that repeats a run; what it needs beside a file that is there goes beside it.

    Key points that were drawn are a CSV, a scan that came from no file an NSID file.

    Parameters
    ----------
    path : path
        Of the script; ".py" is added where it does not end so.
    """
    target = Path(path)
    target = target if target.suffix == ".py" else target.with_name(f"{target.name}.py")
    drawn = result.keypoints.source not in _DETECTED
    table = target.with_name(f"{target.stem}_key_points.csv")
    if drawn:
        rows = np.column_stack([result.keypoints.yx_px, result.keypoints.score])
        np.savetxt(table, rows, "%.17g", ",", header="y_px,x_px,score", comments="")
    scan = repr(str(Path(result.scan.source).resolve()))
    if not Path(result.scan.source).is_file():  # of an instrument, or generated
        beside = write_nsid(result.scan, target.with_name(f"{target.stem}_scan.h5"))
        scan = f"HERE / {beside.name!r}"
    write_whole(target, _text(result, target.name, scan, table.name if drawn else None))
    return target


def _further(result: Result) -> str:
    """The further scans that the evidence was asked of, where their files are there."""
    scans = ("repeat", "reversed", "turned", "area")
    checks = [c for c in result.evidence.checks if c.kind in scans and Path(c.source).is_file()]
    backwards = {c.source for c in checks if c.kind == "reversed"}
    asked = {
        "repeats": [c.source for c in checks if c.source not in backwards],
        "reversed_repeats": [c.source for c in checks if c.source in backwards],
    }
    files = {name: [str(Path(f).resolve()) for f in dict.fromkeys(f)] for name, f in asked.items()}
    return "".join(f", {name}={found!r}" for name, found in files.items() if found)


def _quoted(text: str) -> str:
    """Part of a docstring: no quotes that would end it."""
    return text.replace('"', "'")


def _text(result: Result, name: str, scan: str, table: str | None) -> str:
    imports = "import numpy as np\nfrom corescout.data import Keypoints\n"
    return _SCRIPT.format(
        name=_quoted(name),
        source=_quoted(result.scan.source or result.scan.uid),
        channels=_quoted(", ".join(result.channels)),
        version=version("napari-corescout"),
        imports=imports if table else "",
        scan=scan,
        plan=json.dumps(dict(result.plan), indent=2),
        keypoints=_KEYPOINTS.format(file=table) if table else "",
        argument=f"{', keypoints=keypoints' if table else ''}{_further(result)}",
    ).replace("\n\n    result =", "\n    result =")

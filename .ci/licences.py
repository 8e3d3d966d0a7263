"""Write the licences of all that Corescout brings along, as a page of the documentation.

    .venv/bin/python .ci/licences.py > docs/licences.md

Read from the metadata of the packages that are installed here, from `napari-corescout[pyqt]` down.
"""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HEAD = """# Licences

Corescout is BSD-3-Clause. This is what `pip install "napari-corescout[pyqt]"` brought along on
Linux, and the licence that each package states of itself; `python3 dev.py licences` writes this
page again. PyQt6 is GPL 3 (PySide6, its alternative, is LGPL 3), `igor2` is LGPL 3, and the CUDA
libraries of PyTorch are NVIDIA's own.

| package | version | licence |
|---|---|---|"""


def main() -> None:
    """Print the page."""
    print(HEAD)  # noqa: T201
    for name in sorted(closure("napari-corescout[pyqt]")):
        package = distribution(name)
        print(f"| {package.metadata['Name']} | {package.version} | {licence_of(name)} |")  # noqa: T201


def closure(root: str) -> set[str]:
    """Names of all packages that a requirement asks for here, itself left out."""
    found: set[str] = set()
    waiting, seen = [Requirement(root)], set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if (name, *sorted(wanted.extras)) in seen:
            continue
        seen.add((name, *sorted(wanted.extras)))
        try:
            requires = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        found.add(name)
        for text in requires:
            needed = Requirement(text)
            extras = ["", *wanted.extras]
            if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in extras):
                waiting.append(needed)
    return found - {"napari-corescout"}


def licence_of(name: str) -> str:
    """What a package says of its licence, in a few words."""
    fields = distribution(name).metadata
    said = fields.get("License-Expression") or ""
    classified = [
        c.rpartition(" :: ")[2]
        for c in fields.get_all("Classifier") or []
        if c.startswith("License ::") and not c.endswith("OSI Approved")
    ]
    said = said or ", ".join(classified) or (fields.get("License") or "").strip().split("\n")[0]
    return said[:60].replace("|", "/") or "not stated"


if __name__ == "__main__":
    sys.exit(main())

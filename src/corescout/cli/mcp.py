"""`corescout mcp FOLDER --out OWN`: Corescout for agents, which can read, explore and propose."""

from __future__ import annotations

import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

import corescout
from corescout.data import InputError

_SCRATCH = "scratch"  # libraries look for a place for temporary files as they are loaded
_KEPT = {"journal.jsonl", "runs", "plans", ".lock", _SCRATCH}


def mcp(
    folders: Annotated[
        list[Path], typer.Argument(help="Folders of scans, runs and days that may be read.")
    ],
    out: Annotated[
        Path, typer.Option(help="The only folder that is written to: runs, plans, journal.")
    ] = Path("corescout-mcp"),
    minutes: Annotated[float, typer.Option(min=0.1, max=120, help="Longest exploration.")] = 10.0,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Threads of an exploration.")] = 1,
) -> None:
    """Serve agents over stdin and stdout (MCP).

    They read, explore and propose; nothing they call approves or moves anything.
    """
    if find_spec("mcp") is None:
        raise InputError(
            "the package mcp", "none", "install it with: pip install 'napari-corescout[mcp]'"
        )
    from filelock import FileLock, Timeout

    from corescout.mcp_server.desk import Desk
    from corescout.mcp_server.notes import Notes
    from corescout.mcp_server.places import JOURNAL, AllowedPlaces

    own = _own_folder(out)
    lock = FileLock(own / ".lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise InputError(
            "a folder that no other server writes to", f"{own}", "give another with --out"
        ) from error
    from corescout.mcp_server.server import run_server

    desk = Desk(AllowedPlaces(folders, own), minutes, workers)
    _shut_in(own / _SCRATCH)
    folders_said = ", ".join(desk.places.folders)
    sys.stderr.write(f"serving {folders_said} over stdin and stdout; what is kept: {own}\n")
    run_server(desk, Notes(own / JOURNAL))


def _shut_in(scratch: Path) -> None:
    """Import nothing from the folder that this was started in; write temporary files here."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    tempfile.tempdir = str(scratch)
    here, ours = str(Path.cwd()), Path(corescout.__file__).resolve().parents[1]
    sys.path[:] = [p for p in sys.path if p and (p != here or Path(p).resolve() == ours)]


def _own_folder(out: Path) -> Path:
    """Make the folder, or take one that such a server wrote.

    Raises
    ------
    InputError
        If it holds anything else.
    """
    out.mkdir(parents=True, exist_ok=True)
    strange = sorted(path.name for path in out.iterdir() if path.name not in _KEPT)
    if strange or any((out / name).is_symlink() for name in _KEPT):
        raise InputError(
            "an empty folder, or that of an earlier server",
            f"{out}, which holds {strange[0] if strange else 'a link'}",
            "give another with --out",
        )
    return out.resolve()

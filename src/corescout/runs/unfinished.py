"""Folders that were being built when a program was killed: found by their names, and removed."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import time
from pathlib import Path

from corescout.runs import layout

OLD = ".old"  # the end of the name of a run that is being replaced
_LONGEST_S = 24 * 3600.0  # that another computer may need for what it builds
_NAME_LENGTH = 40  # of a name that has 255 bytes


def building_prefix(target: Path) -> str:
    """How the name of a folder begins that is built beside its place by this process."""
    return f".{target.name[:_NAME_LENGTH]}.{_host()}-{os.getpid()}."


def remove_unfinished(target: Path) -> None:
    """Remove what a killed program left beside a run's place; a run that it had moved comes back.

    What a living process builds stays, and what another computer began within a day.
    """
    name = re.escape(target.name[:_NAME_LENGTH])
    ours = re.compile(rf"\.{name}\.(?:([0-9a-f]{{6}})-(\d+)\.)?[a-z0-9_]{{8}}(?:{re.escape(OLD)})?")
    if not target.parent.is_dir():
        return
    for path in sorted(target.parent.iterdir()):
        found = ours.fullmatch(path.name)
        if found is None or not path.is_dir() or path.is_symlink():
            continue
        if not _is_dead(path, *found.groups()):
            continue
        whole_name = len(target.name) <= _NAME_LENGTH
        if path.name.endswith(OLD) and whole_name and not target.exists():
            path.rename(target)  # killed between two renames: nothing is lost
        else:
            if path.name.endswith(OLD) and whole_name:
                keep_record(path, target)
            shutil.rmtree(path, ignore_errors=True)


def keep_record(old: Path, target: Path) -> None:
    """Move the record of the trials from a run that is replaced into the one in its place."""
    record, place = old / layout.RECORD, target / layout.RECORD
    if record.is_dir() and not place.exists():
        record.rename(place)


def _is_dead(path: Path, host: str | None, pid: str | None) -> bool:
    """Whether nobody builds there any more."""
    if host == _host() and pid is not None and os.name == "posix":
        return not _is_alive(int(pid))
    return time.time() - path.stat().st_mtime > _LONGEST_S


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True


def _host() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]

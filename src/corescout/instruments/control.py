"""Exclusive control: one session at a time sends to an instrument, whoever asks and by what name.

An instrument is known by what answers, not by what it was called: `127.0.0.1`, `localhost` and the
next port of one host are one controller. The locks lie where every user of this computer sees them;
another computer does not.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from corescout.folders import control_folder


class Control:
    """The locks of one instrument; the system gives them back when a process dies.

    Parameters
    ----------
    folder : Path, optional
        Of the lock files; the one of this computer if not said.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or control_folder()
        self._held: list[BaseFileLock] = []

    def take(self, identities: Iterable[str]) -> str | None:
        """Take control of all identities, or of none; why not, None if it was taken."""
        wanted = sorted(set(identities))
        self.release()
        for identity in wanted:
            problem = self._lock(identity)
            if problem is not None:
                self.release()
                return problem
        return None

    def release(self) -> None:
        """Give control back."""
        held, self._held = self._held, []
        for lock in held:
            lock.release()

    # -- inner ----------------------------------------------------------------------------

    def _lock(self, identity: str) -> str | None:
        try:
            _make_shared(self._folder)
            path = self._folder / _file_name(identity)
            lock = FileLock(path, mode=0o666, thread_local=False)
            lock.acquire(timeout=0)
            with suppress(OSError):  # it is another user's: it is open to all already
                path.chmod(0o666)
        except Timeout:
            return f"another session controls {identity}: end it first"
        except OSError as error:
            return f"control of {identity} cannot be taken: {error}"
        self._held.append(lock)
        return None


def _make_shared(folder: Path) -> None:
    """Make a folder in which every user may make a file."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.name != "nt":
        with suppress(OSError):
            folder.chmod(0o777)


def _file_name(identity: str) -> str:
    """A name that is readable, and no other identity's."""
    readable = re.sub(r"[^A-Za-z0-9.-]+", "_", identity)[:60]
    return f"{readable}-{hashlib.sha256(identity.encode()).hexdigest()[:16]}.lock"

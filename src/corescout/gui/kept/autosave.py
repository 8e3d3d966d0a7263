"""Sessions kept on disk while a window is open, and found again after a crash. No Qt.

A session is a folder: a lock that its process holds, `session.json`, and a run folder for each
of its results. A folder whose lock nobody holds was left by a crash, or kept on purpose.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from corescout.data import InputError, Result
from corescout.gui.model.held_result import HeldResult
from corescout.whole import write_whole

SESSION, LOCK, SEARCH = "session.json", "lock", "search"
_OLD_S = 30 * 24 * 3600.0  # what was kept longer than this is dropped


@dataclass(frozen=True)
class Kept:
    """A session that can be taken up again.

    Attributes
    ----------
    folder : Path
    values : mapping
        Of `session.json`.
    """

    folder: Path
    values: Mapping[str, Any]

    @property
    def words(self) -> str:
        """Say what it holds: "PZT.ibw, 12:03, 4 types, 3 edits"."""
        when = time.strftime("%d %b %H:%M", time.localtime(float(self.values["saved_at_s"])))
        parts = [str(self.values.get("title") or "a scan"), when, *self.values.get("holds", [])]
        return ", ".join(parts)


class Autosave:
    """The session of one window.

    Parameters
    ----------
    root : path
        Folder of all sessions; made when the first thing is saved.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder: Path | None = None
        self._lock: FileLock | None = None
        self._saved: dict[int, HeldResult] = {}
        self._lock_of_save = threading.Lock()  # a search that begins saves too

    def save(self, values: Mapping[str, Any], results: Mapping[int, HeldResult]) -> None:
        """Write the session, each of its parts whole or not at all.

        Parameters
        ----------
        values : mapping
            JSON values.
        results : mapping of int to HeldResult
            By their keys; those that have not changed since are not written again.
        """
        with self._lock_of_save:
            self._save(values, results)

    def search_folder(self) -> Path:
        """Return where the search under way is kept; the session must have been saved before."""
        return self._own_folder() / SEARCH

    def take_search(self, kept: Kept) -> bool:
        """Take over the search that was under way in a session; whether there was one."""
        left = kept.folder / SEARCH
        if not left.is_dir():
            return False
        shutil.rmtree(self.search_folder(), ignore_errors=True)
        shutil.move(left, self.search_folder())
        return True

    def _save(self, values: Mapping[str, Any], results: Mapping[int, HeldResult]) -> None:
        from corescout.runs import write_run

        folder = self._own_folder()
        for key, held in results.items():
            if held is not self._saved.get(key):
                write_run(held.get(), folder / run_name(key), overwrite=True)
                self._saved[key] = held
        stamped = {**values, "saved_at_s": time.time()}
        write_whole(folder / SESSION, json.dumps(stamped), sync=True)
        for key in set(self._saved) - set(results):
            shutil.rmtree(folder / run_name(key), ignore_errors=True)
            del self._saved[key]

    def reader(self, key: int) -> Callable[[], Result]:
        """Return what reads a result that was saved."""
        from corescout.runs import read_run

        return partial(read_run, self._own_folder() / run_name(key))

    def close(self, *, keep: bool) -> None:
        """Let go of the session: kept for the next window, or dropped."""
        if self._folder is None or self._lock is None:
            return
        self._lock.release()
        if not keep:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = self._lock = None

    def _own_folder(self) -> Path:
        if self._folder is None or not self._folder.is_dir():
            self._saved = {}
            self._root.mkdir(parents=True, exist_ok=True)
            stamp = time.strftime("%Y%m%d-%H%M%S-")
            self._folder = Path(tempfile.mkdtemp(prefix=stamp, dir=self._root))
            self._lock = FileLock(self._folder / LOCK, thread_local=False)
            self._lock.acquire(timeout=0)
        return self._folder


def kept_sessions(root: Path) -> list[Kept]:
    """Return the sessions that no window holds, the newest first; drops broken and old ones."""
    found = []
    for folder in sorted(root.iterdir(), reverse=True) if root.is_dir() else []:
        if not folder.is_dir():
            continue
        lock = FileLock(folder / LOCK, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            continue  # its window is open
        try:
            values = json.loads((folder / SESSION).read_text("utf-8"))
            kept = Kept(folder, values)
            if time.time() - float(values["saved_at_s"]) < _OLD_S:
                found.append(kept)
                continue
        except (OSError, ValueError, KeyError, TypeError):
            pass  # it crashed before its first save had ended
        finally:
            lock.release()
        shutil.rmtree(folder, ignore_errors=True)
    return found


def run_name(key: int) -> str:
    """Return the name of the run folder of a result."""
    return f"result-{key}.corescout"


def read_results(kept: Kept) -> dict[int, Result]:
    """Return the results of a session by their keys, without those that cannot be read."""
    from corescout.runs import read_run

    found = {}
    for folder in sorted(kept.folder.glob(run_name(0).replace("0", "*"))):
        key = folder.name.removeprefix("result-").removesuffix(".corescout")
        with suppress(InputError, ValueError):
            found[int(key)] = read_run(folder)
    return found


def drop(kept: Kept) -> None:
    """Forget a session for good."""
    shutil.rmtree(kept.folder, ignore_errors=True)

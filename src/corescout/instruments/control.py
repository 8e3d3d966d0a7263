"""Exclusive control: one session at a time sends to an instrument, across processes."""

from __future__ import annotations

import re
from pathlib import Path

from filelock import FileLock, Timeout

from corescout.folders import control_folder


def control_of(address: str, folder: Path | None = None) -> FileLock:
    """Return the lock of an instrument; the system gives it back when a process dies.

    Parameters
    ----------
    address : str
        `Capabilities.address`.
    folder : Path, optional
        Of the lock files; the user's data folder if not said.
    """
    folder = folder or control_folder()
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9.-]+", "_", address)
    return FileLock(folder / f"{name}.lock", thread_local=False)


def take(lock: FileLock) -> bool:
    """Take control if nobody else has it."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True

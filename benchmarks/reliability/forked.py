"""Start `python -m MODULE WORDS` as a process of its own: anew, or forked with all of it imported.

A bench that starts a program a hundred times spends its time on imports. What is forked is a
process like any other, with its own memory and signals: a kill of it is a kill.
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol


class Process(Protocol):
    """What a bench does to a process that it has started."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None:
        """Return its exit code, None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; return its exit code."""

    def kill(self) -> None:
        """Kill it, as `kill -9` does."""


class Start(Protocol):
    """How a process is started: `spawned` or `forked`."""

    def __call__(
        self, module: str, words: Sequence[str], cwd: Path, environment: Mapping[str, str] = ...
    ) -> Process:
        """Start `python -m module words`, whose output nobody reads."""


def spawned(
    module: str, words: Sequence[str], cwd: Path, environment: Mapping[str, str] | None = None
) -> Process:
    """Start a new interpreter."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *words], cwd=cwd, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})},
    )  # fmt: skip


def forked(
    module: str, words: Sequence[str], cwd: Path, environment: Mapping[str, str] | None = None
) -> Process:
    """Fork this process, which has imported what the module needs and has no second thread."""
    pid = os.fork()
    if pid:
        return _Forked(pid)
    code = 1
    try:
        os.chdir(cwd)
        os.environ.update(environment or {})
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        sys.argv = [module, *words]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - the child must not return into the bench
        traceback.print_exc()
    os._exit(code)


class _Forked:
    """A child by its process id."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self._take(os.WNOHANG)

    def wait(self, timeout: float | None = None) -> int:
        code = self._take(0)
        assert code is not None
        return code

    def kill(self) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def _take(self, how: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, how)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

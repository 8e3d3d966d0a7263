"""`--workers`, `--processes`: where trials run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Executor


@dataclass(frozen=True)
class Where:
    """Where the trials of an exploration run.

    Attributes
    ----------
    workers : int or None
        How many at once; all cores if None.
    processes : bool
        In processes of this machine instead of threads.
    """

    workers: int | None = None
    processes: bool = False

    @contextmanager
    def executor(self) -> Iterator[Executor | None]:
        """Give the executor, None for the threads of `explore` itself."""
        if not self.processes:
            yield None
            return
        from corescout.search.processes import Processes

        with Processes(self.workers) as executor:
            yield executor

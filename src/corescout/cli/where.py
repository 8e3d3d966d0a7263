"""`--workers`, `--processes`, `--cluster`: where trials run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from corescout.data import InputError
from corescout.data.counted import counted

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from corescout.data import Progress
    from corescout.interactive.progress import Show
    from corescout.search.cluster import Cluster


@dataclass(frozen=True)
class Where:
    """Where the trials of an exploration run.

    Attributes
    ----------
    workers : int or None
        How many at once; all cores if None.
    processes : bool
        In processes of this machine instead of threads.
    cluster : str or None
        On the workers of this Dask scheduler.
    """

    workers: int | None = None
    processes: bool = False
    cluster: str | None = None

    @contextmanager
    def executor(self) -> Iterator[Executor | None]:
        """Give the executor, None for the threads of `explore` itself."""
        if self.cluster is not None:
            with self._cluster(self.cluster) as executor:
                yield executor
            return
        if not self.processes:
            yield None
            return
        from corescout.search.processes import Processes

        with Processes(self.workers) as executor:
            yield executor

    def followed(self, show: Show, executor: Executor | None) -> Show:
        """Say which workers of the cluster come and go, beside what shows the progress."""
        if self.cluster is None or executor is None:
            return show
        cluster: Cluster = executor  # type: ignore[assignment]
        known = set(cluster.states())

        def follow(progress: Progress) -> None:
            states = cluster.states()
            for worker in sorted(states.keys() - known):
                sys.stderr.write(f"worker {worker}: {states[worker]}\n")
            for worker in sorted(known - states.keys()):
                sys.stderr.write(f"worker {worker}: has left\n")
            known.clear()
            known.update(states)
            show(progress)

        return follow

    def _cluster(self, address: str) -> Executor:
        if self.processes or self.workers is not None:
            raise InputError(
                "--cluster alone", "--workers or --processes beside it",
                "leave them out: the cluster has its own workers",
            )  # fmt: skip
        from corescout.search.executors import connected_cluster

        cluster = connected_cluster(address)
        dashboard = f", dashboard {cluster.dashboard}" if cluster.dashboard else ""
        sys.stderr.write(
            f"cluster {address}: {counted(cluster.n_workers, 'trial')} at once{dashboard}\n"
        )
        for worker, state in cluster.states().items():
            sys.stderr.write(f"worker {worker}: {state}\n")
        return cluster

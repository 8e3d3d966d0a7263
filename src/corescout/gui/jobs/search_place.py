"""Where the trials of a search of the window run: threads of this program, or a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from corescout.data import Progress

if TYPE_CHECKING:
    from corescout.search.cluster import Cluster

_MOST_SHOWN = 8  # workers that are told one by one


@dataclass(frozen=True)
class ClusterState:
    """What a cluster does, at one moment.

    Attributes
    ----------
    address, dashboard : str
        Of the scheduler, and of Dask's page about it; "" if it has none.
    workers : mapping of str to str
        What each does, or why it is not used, by its address.
    """

    address: str
    dashboard: str
    workers: Mapping[str, str]

    @property
    def in_words(self) -> str:
        """Say it, a line for each worker."""
        lines = [f"Dask at {self.address}", *([self.dashboard] if self.dashboard else [])]
        told = list(self.workers.items())
        lines += [f"{worker}: {state}" for worker, state in told[:_MOST_SHOWN]]
        if more := told[_MOST_SHOWN:]:
            idle = sum(state == "idle" for _, state in more)
            lines.append(f"{len(more)} more workers, {idle} of them idle")
        return "\n".join(lines if told else [*lines, "no worker"])


class SearchPlace:
    """Where one search runs.

    Parameters
    ----------
    cluster : str
        Address of a Dask scheduler, or its scheduler file; "" is this computer.
    cores : int
        Of this computer; 0 is all but one, which is left to the window.

    Attributes
    ----------
    state : ClusterState or None
        As it was last looked at; None before, and on this computer.
    """

    def __init__(self, cluster: str = "", cores: int = 0) -> None:
        self._address = cluster.strip()
        self.workers = cores or max(1, (os.cpu_count() or 2) - 1)
        self.state: ClusterState | None = None

    @contextmanager
    def executor(self) -> Iterator[Executor | None]:
        """Give the executor of the cluster, None for threads; called off the GUI thread."""
        if not self._address:
            yield None
            return
        from corescout.search.executors import connected_cluster

        with connected_cluster(self._address) as cluster:
            self._look(cluster)
            yield cluster

    def followed(
        self, on_progress: Callable[[Progress], None], executor: Executor | None
    ) -> Callable[[Progress], None]:
        """Look at the workers whenever progress is told of."""

        def follow(progress: Progress) -> None:
            if executor is not None:
                self._look(executor)  # type: ignore[arg-type]
            on_progress(progress)

        return follow

    def _look(self, cluster: Cluster) -> None:
        self.state = ClusterState(self._address, cluster.dashboard, cluster.states())

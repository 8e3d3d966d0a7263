"""Workers for `corescout explore --cluster` on a SLURM cluster: python slurm_workers.py 4."""

from __future__ import annotations

import signal
import sys
from typing import Any

from dask_jobqueue import SLURMCluster


def workers(**options: Any) -> SLURMCluster:
    """Return a scheduler here, whose jobs have 16 workers of one thread each."""
    return SLURMCluster(
        cores=16,
        processes=16,  # one core each: more threads slow a training down
        memory="32GB",
        walltime="04:00:00",
        job_script_prologue=["export OMP_NUM_THREADS=1"],
        worker_extra_args=["--lifetime", "235m", "--lifetime-stagger", "2m"],
        **options,
    )


if __name__ == "__main__":
    with workers(scheduler_options={"port": 8786}) as cluster:
        cluster.scale(jobs=int(sys.argv[1]))  # not adapt(): workers would leave between trials
        print(f"corescout explore scan.h5 --cluster {cluster.scheduler_address}")
        signal.sigwait({signal.SIGINT, signal.SIGTERM})

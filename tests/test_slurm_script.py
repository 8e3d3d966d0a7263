"""The script of a SLURM job that the documentation shows is the one that dask-jobqueue writes."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"


def test_the_documented_job_is_that_of_jobqueue():
    pytest.importorskip("dask_jobqueue")
    spec = importlib.util.spec_from_file_location("slurm_workers", DOCS / "slurm_workers.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    options = {"host": "127.0.0.1", "port": 0, "dashboard": False}
    with script.workers(scheduler_options=options) as cluster:
        written = cluster.job_script()
        written = written.replace(sys.executable, "python")
        written = written.replace(cluster.scheduler_address, "SCHEDULER")
    page = (DOCS / "cluster.md").read_text("utf-8")
    (shown,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    assert written.strip() == shown.strip()

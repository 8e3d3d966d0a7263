"""Trials on a real Dask scheduler with two workers: the same numbers, deaths, versions, Stop."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from corescout.data import InputError, StoppedError
from corescout.pipeline import explore
from corescout.preparation import prepare
from corescout.search.cluster import Cluster
from corescout.search.runner import TrialRunner
from corescout.search.tasks import Task

pytest.importorskip("distributed")


class Dask:
    """A scheduler and two workers on 127.0.0.1, as Dask's own commands start them."""

    def __init__(self, folder):
        self.file, self.processes = folder / "scheduler.json", []
        self._start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        for name in ("one", "two"):
            self.worker(name)

    def worker(self, name, **environment):
        return self._start(
            "dask_worker", "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--name", name,
            "--no-dashboard", **environment,
        )  # fmt: skip

    def _start(self, module, *arguments, **environment):
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}",
             "--scheduler-file", str(self.file), *arguments],
            stderr=subprocess.DEVNULL, cwd=self.file.parent, env={**os.environ, **environment},
        )  # fmt: skip
        self.processes.append(process)
        return process

    def connect(self, n_workers):
        end = time.monotonic() + 120
        while not self.file.exists():
            assert time.monotonic() < end
            time.sleep(0.1)
        executor = Cluster(str(self.file))
        while executor.n_workers < n_workers:
            assert time.monotonic() < end
            time.sleep(0.1)
        return executor

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    found = Dask(tmp_path_factory.mktemp("dask"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def plan(quick_plan):
    training = quick_plan.training.model_copy(update={"epochs": 6, "retries": 0})
    decision = quick_plan.decision.model_copy(update={"null_surrogates": 2})
    return quick_plan.model_copy(
        update={"training": training, "decision": decision, "windows_px": (9,)}
    )


@pytest.fixture(scope="module")
def data(surface, plan):
    return prepare(surface.scan, plan).trial_data


def long_task(plan, data):
    training = plan.training.model_copy(update={"epochs": 20_000})
    slow = plan.model_copy(update={"training": training})
    return Task(slow, slow.candidates(data.channels)[:1])


def test_a_cluster_gives_the_numbers_of_threads(surface, plan, dask):
    with dask.connect(2) as executor:
        theirs = explore(surface.scan, plan, executor=executor)
        assert set(executor.states().values()) == {"idle"}
    ours = explore(surface.scan, plan, workers=1)
    assert ours.why == theirs.why
    assert repr(ours.evidence) == repr(theirs.evidence)
    assert ours.targets == theirs.targets
    for n, z in ours.latents_by_trial.items():
        np.testing.assert_array_equal(z, theirs.latents_by_trial[n])
    for one, other in zip(ours.trials, theirs.trials, strict=True):
        assert repr(one.rewards) == repr(other.rewards)


def test_stop_is_heard_during_a_trial(plan, data, dask):
    stop = threading.Event()
    with dask.connect(2) as executor:

        def press():
            while "idle" in set(executor.states().values()) and len(executor._jobs) < 1:
                time.sleep(0.05)
            time.sleep(1)
            stop.set()

        threading.Thread(target=press, daemon=True).start()
        with pytest.raises(StoppedError):
            TrialRunner(data, executor, None, stop).run([long_task(plan, data)])
        assert set(executor.states().values()) == {"idle"}  # nobody had to be restarted


def test_a_worker_of_another_version_is_refused_by_name(dask, tmp_path, plan, data):
    told = tmp_path / "torch-1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 1.0\n")
    odd = dask.worker("odd", PYTHONPATH=os.pathsep.join((str(tmp_path), *sys.path)))
    with dask.connect(2) as executor:
        end = time.monotonic() + 120
        while len(executor.states()) < 3 and time.monotonic() < end:
            time.sleep(0.1)
        (refused,) = [why for why in executor.states().values() if "refused" in why]
        assert "it has torch 1.0, this program " in refused
        assert executor.n_workers == 2
    odd.kill()
    odd.wait()


def test_no_scheduler_is_said_in_one_line():
    with pytest.raises(InputError, match="dask scheduler"):
        Cluster("tcp://127.0.0.1:9")


def test_a_trial_that_kills_two_workers_is_void_and_the_next_one_runs(plan, data, dask):
    with dask.connect(2) as executor:

        def kill():
            workers = dask.processes[1:3]
            for _ in range(2):
                while not executor._jobs:
                    time.sleep(0.02)
                at = executor._jobs[0].worker
                pid = executor._client.run(os.getpid, workers=[at])[at]
                (process,) = [p for p in workers if p.pid == pid]
                process.send_signal(signal.SIGKILL)
                while executor._jobs and executor._jobs[0].worker == at:
                    time.sleep(0.02)

        thread = threading.Thread(target=kill, daemon=True)
        thread.start()
        task = long_task(plan, data)
        (found,) = TrialRunner(data, executor).run([task])
        thread.join()
        assert found == "void: 2 workers died while they computed it"
        dask.worker("three")  # one that joins late gets the data too
        (quick,) = TrialRunner(data, executor).run([Task(plan, task.candidates)])
        assert quick[0].rewards["gain"].value is not None


def test_a_scheduler_that_is_killed_is_one_line(plan, data, dask):
    with dask.connect(1) as executor:

        def kill():
            while not executor._jobs:
                time.sleep(0.05)
            time.sleep(0.5)
            dask.processes[0].kill()

        threading.Thread(target=kill, daemon=True).start()
        with pytest.raises(InputError, match=r"scheduler that answers.*--resume"):
            TrialRunner(data, executor).run([long_task(plan, data)])

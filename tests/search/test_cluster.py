"""Trials on a real Dask scheduler with two workers: the same numbers, deaths, versions, Stop."""

import os
import sys
import threading
import time

import numpy as np
import pytest

from benchmarks.reliability.dask_processes import DaskProcesses
from corescout.data import InputError, StoppedError
from corescout.pipeline import explore, save
from corescout.preparation import prepare
from corescout.runs import Record
from corescout.search import cluster
from corescout.search.cluster import Cluster
from corescout.search.runner import TrialRunner
from corescout.search.tasks import Task
from corescout.whole import read_journal

pytest.importorskip("distributed")


def connect(dask, n_workers):
    end = time.monotonic() + 120
    executor = Cluster(str(dask.file))
    while executor.n_workers < n_workers:
        assert time.monotonic() < end
        time.sleep(0.1)
    return executor


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    found = DaskProcesses(tmp_path_factory.mktemp("dask"))
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


@pytest.fixture(scope="module")
def ours(surface, plan):
    """The result of threads."""
    return explore(surface.scan, plan, workers=1)


def long_task(plan, data):
    training = plan.training.model_copy(update={"epochs": 20_000})
    slow = plan.model_copy(update={"training": training})
    return Task(slow, slow.candidates(data.channels)[:1])


def test_a_cluster_gives_the_numbers_of_threads(surface, plan, dask, ours):
    with connect(dask, 2) as executor:
        theirs = explore(surface.scan, plan, executor=executor)
        assert set(executor.states().values()) == {"idle"}
    assert ours.why == theirs.why
    assert repr(ours.evidence) == repr(theirs.evidence)
    assert ours.targets == theirs.targets
    for n, z in ours.latents_by_trial.items():
        np.testing.assert_array_equal(z, theirs.latents_by_trial[n])
    for one, other in zip(ours.trials, theirs.trials, strict=True):
        assert repr(one.rewards) == repr(other.rewards)


def test_workers_stay_when_the_client_refreshes_what_it_knows(dask):
    with connect(dask, 2) as executor:
        client, end = executor._client, time.monotonic() + 3
        while time.monotonic() < end:
            client.sync(client._update_scheduler_info)  # as it does every two seconds by itself
            assert executor.n_workers == 2


def test_stop_is_heard_during_a_trial(plan, data, dask):
    stop = threading.Event()
    with connect(dask, 2) as executor:

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
    odd = dask.start_worker(PYTHONPATH=os.pathsep.join((str(tmp_path), *sys.path)))
    with connect(dask, 2) as executor:
        end = time.monotonic() + 120
        while len(executor.states()) < 3 and time.monotonic() < end:
            time.sleep(0.1)
        (refused,) = [why for why in executor.states().values() if "refused" in why]
        assert "it has torch 1.0, this program " in refused
        assert executor.n_workers == 2
    dask.workers.remove(odd)
    odd.kill()
    odd.wait()


def test_no_scheduler_is_said_in_one_line():
    with pytest.raises(InputError, match="dask scheduler"):
        Cluster("tcp://127.0.0.1:9")


def test_a_trial_that_kills_two_workers_is_void_and_the_next_one_runs(plan, data, dask):
    with connect(dask, 2) as executor:

        def kill():
            for _ in range(2):
                while not executor._jobs:
                    time.sleep(0.02)
                at = executor._jobs[0].worker
                pid = executor._client.run(os.getpid, workers=[at])[at]
                (process,) = [p for p in dask.workers if p.pid == pid]
                dask.workers.remove(process)
                process.kill()
                process.wait()
                while executor._jobs and executor._jobs[0].worker == at:
                    time.sleep(0.02)

        thread = threading.Thread(target=kill, daemon=True)
        thread.start()
        task = long_task(plan, data)
        (found,) = TrialRunner(data, executor).run([task])
        thread.join()
        assert found == "void: 2 workers died while they computed it"
        dask.start_worker()  # one that joins late gets the data too
        (quick,) = TrialRunner(data, executor).run([Task(plan, task.candidates)])
        assert quick[0].rewards["gain"].value is not None


def test_what_a_killed_program_has_left_is_cleared_away(plan, data, dask):
    def held():
        return len(cluster._DATA)

    with connect(dask, 1) as killed:
        TrialRunner(data, killed).run([Task(plan, long_task(plan, data).candidates)])
        assert set(killed._client.run(held).values()) == {1}
        killed._client.close()  # what the scheduler sees of a kill
        with connect(dask, 1) as executor:
            assert set(executor._client.run(held).values()) == {0}


def test_a_killed_worker_and_a_killed_scheduler_change_no_number(
    surface, plan, dask, ours, tmp_path
):
    folder = tmp_path / "run"
    dask.start_worker()

    class Kills(Record):
        def put(self, key, content, label):
            super().put(key, content, label)
            if self.n_trials == 1:
                dask.kill_worker()
            if self.n_trials == 3:
                dask.kill_scheduler()

    with (
        connect(dask, 2) as executor,
        Kills.begin(folder, surface.scan, plan) as record,
        pytest.raises(InputError, match=r"scheduler that answers.*--resume"),
    ):
        explore(surface.scan, plan, executor=executor, store=record)
    dask.kill_workers()
    dask.start_scheduler()
    dask.start_worker()
    with connect(dask, 1) as executor, Record(folder) as record:
        assert record.n_trials >= 3
        theirs = explore(surface.scan, record.plan, executor=executor, store=record)
    save(ours, tmp_path / "ours")
    save(theirs, tmp_path / "theirs")
    for name in ("core_points.csv", "targets.csv", "key_points.csv"):
        assert (tmp_path / "ours" / name).read_bytes() == (tmp_path / "theirs" / name).read_bytes()
    assert ours.why == theirs.why
    keys = [e["key"] for e in read_journal(folder / "record/journal.jsonl")
            if e["what"] == "finished"]  # fmt: skip
    assert len(keys) == len(set(keys))

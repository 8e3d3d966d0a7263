"""Trials in processes of this machine: the same numbers, Stop within a second, deaths counted."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from corescout.data import StoppedError
from corescout.pipeline import explore
from corescout.preparation import prepare
from corescout.search.processes import Processes
from corescout.search.runner import TrialRunner
from corescout.search.tasks import Task
from corescout.vae import single_threaded


@pytest.fixture(scope="module")
def plan(quick_plan):
    training = quick_plan.training.model_copy(update={"epochs": 6, "retries": 0})
    decision = quick_plan.decision.model_copy(update={"null_surrogates": 2})
    return quick_plan.model_copy(
        update={"training": training, "decision": decision, "windows_px": (9,)}
    )


@pytest.fixture(scope="module")
def processes():
    with Processes(2) as executor:
        yield executor


@pytest.fixture(scope="module")
def data(surface, plan):
    return prepare(surface.scan, plan).trial_data


def long_tasks(plan, data, count=1):
    """Trials of minutes."""
    training = plan.training.model_copy(update={"epochs": 100_000})
    slow = plan.model_copy(update={"training": training})
    return [Task(slow, (c,)) for c in slow.candidates(data.channels)[:count]]


def test_processes_give_the_numbers_of_threads(surface, plan, processes):
    ours = explore(surface.scan, plan, workers=1)
    theirs = explore(surface.scan, plan, executor=processes)
    assert ours.why == theirs.why
    assert repr(ours.evidence) == repr(theirs.evidence)  # NaN is not itself
    assert ours.targets == theirs.targets
    for n, z in ours.latents_by_trial.items():
        np.testing.assert_array_equal(z, theirs.latents_by_trial[n])
    for one, other in zip(ours.trials, theirs.trials, strict=True):
        assert repr(one.rewards) == repr(other.rewards)


def test_stop_is_heard_during_a_trial(plan, data):
    stop = threading.Event()
    with Processes(1) as executor, single_threaded():
        runner = TrialRunner(data, executor, None, stop)
        heard = []

        def press():
            while not heard:
                time.sleep(0.02)
            heard.append(time.monotonic())
            stop.set()

        threading.Thread(target=press, daemon=True).start()
        runner.on_progress = lambda fraction, left: heard.append(0) if fraction > 0 else None
        with pytest.raises(StoppedError):
            runner.run(long_tasks(plan, data))
        assert time.monotonic() - max(heard) < 30  # of minutes; the figure stands in the bench


def test_a_worker_that_is_killed_once_costs_nothing_and_twice_the_trial(plan, data):
    (task,) = long_tasks(plan, data)
    with Processes(1) as executor:
        killed = []

        def kill(fraction, left):
            (pid,) = executor.pids or [None]
            if fraction > 0 and pid not in (None, *killed):
                killed.append(pid)
                os.kill(pid, signal.SIGKILL)

        (found,) = TrialRunner(data, executor, on_progress=kill).run([task])
        assert found == "void: 2 workers died while they computed it"
        assert len(killed) == 2
        (quick,) = TrialRunner(data, executor).run([Task(plan, task.candidates)])
        assert quick[0].rewards["gain"].value is not None


def test_workers_end_with_the_program_that_is_killed():
    code = (
        "import sys, time\n"
        "from corescout.search.processes import Processes\n"
        "p = Processes(1)\n"
        "print(p._slots[0]._ready().pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    pid = int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the worker has outlived who started it")

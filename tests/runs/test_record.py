"""What an exploration leaves in its run folder whenever it ends: and what goes on from there."""

import errno
import json
import os
import threading
from dataclasses import replace

import numpy as np
import pytest

from corescout import trial_file
from corescout.data import InputError, Keypoints, StoppedError
from corescout.pipeline import explore, save
from corescout.preparation import prepare
from corescout.runs import Record, check_writable, is_run, is_unfinished, read_run
from corescout.search import tasks as trial_tasks
from corescout.search.tasks import Task, run_task
from corescout.whole import read_journal


@pytest.fixture(scope="module")
def short_plan(quick_plan):
    decision = quick_plan.decision.model_copy(update={"null_surrogates": 2, "seeds": 2})
    training = quick_plan.training.model_copy(update={"epochs": 8, "retries": 0})
    return quick_plan.model_copy(
        update={"decision": decision, "training": training, "windows_px": (9,)}
    )


@pytest.fixture(scope="module")
def whole(surface, short_plan, tmp_path_factory):
    """An exploration that nothing interrupted."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    with Record.begin(folder, surface.scan, short_plan) as record:
        result = explore(surface.scan, short_plan, store=record)
    save(result, folder, overwrite=True)
    return folder


def files(folder):
    """What must be equal: times aside."""
    decision = json.loads((folder / "decision.json").read_text())
    decision.pop("seconds")
    return {
        "decision": decision,
        **{n: (folder / n).read_bytes() for n in ("core_points.csv", "targets.csv")},
    }


def finished(folder):
    entries = read_journal(folder / "record" / "journal.jsonl")
    return [e["key"] for e in entries if e["what"] == "finished"]


def test_a_trial_comes_back_bit_for_bit(surface, short_plan):
    data = prepare(surface.scan, short_plan).trial_data
    plan = short_plan.model_copy(update={"extra_rewards": ("held_out_gain",)})
    candidate = plan.candidates(data.channels)[1]
    for task in (Task(plan, (candidate,)), Task(plan, (candidate,), (0,))):
        computed = run_task(data, task)
        again = trial_file.from_bytes(trial_tasks.to_bytes(task, computed), data)
        for one, other in zip(computed, again, strict=True):
            assert json.dumps(one.rewards["gain"].parts) == json.dumps(other.rewards["gain"].parts)
            assert one.rewards["gain"] == other.rewards["gain"]
            assert list(one.weights) == list(other.weights)
            for name, values in one.weights.items():
                np.testing.assert_array_equal(values, other.weights[name])
            for name in ("mean", "std", "angle_rad", "shift_px", "one_turn"):
                np.testing.assert_array_equal(
                    getattr(one.fit.latents, name), getattr(other.fit.latents, name)
                )
            for name in ("kept", "center_yx_px", "context", "block", "kl_nats"):
                np.testing.assert_array_equal(getattr(one.fit, name), getattr(other.fit, name))
            assert one.fit.mixtures.keys() == other.fit.mixtures.keys()
            for k, mixture in one.fit.mixtures.items():
                np.testing.assert_array_equal(
                    mixture.responsibilities, other.fit.mixtures[k].responsibilities
                )


def test_the_data_of_trials_travel_whole(surface, short_plan):
    data = prepare(surface.scan, short_plan).trial_data
    again = type(data).from_bytes(data.to_bytes())
    assert again.digest == data.digest
    moved = replace(data, keypoints_yx_px=data.keypoints_yx_px + 1)
    assert moved.digest != data.digest


@pytest.mark.parametrize("after", [1, 2])
def test_what_was_stopped_goes_on_to_the_same_bytes(surface, short_plan, whole, tmp_path, after):
    folder, stop = tmp_path / "run", threading.Event()

    class Stops(Record):
        def put(self, key, content, label):
            super().put(key, content, label)
            if self.n_trials >= after:
                stop.set()

    with (
        Stops.begin(folder, surface.scan, short_plan) as record,
        pytest.raises(StoppedError) as stopped,
    ):
        explore(surface.scan, short_plan, workers=1, stop=stop, store=record)
    kept = finished(folder)
    assert len(kept) == len(stopped.value.trials) == after
    with Record(folder) as record:
        result = explore(surface.scan, record.plan, store=record)
    save(result, folder, overwrite=True)
    assert files(folder) == files(whole)
    assert sorted(finished(folder)) == sorted(finished(whole))  # none twice
    assert finished(folder)[:after] == kept


def test_a_full_disk_is_one_line_and_what_was_finished_goes_on(
    surface, short_plan, whole, tmp_path, monkeypatch
):
    folder, real, room = tmp_path / "run", os.fsync, [3]

    def full(descriptor):
        room[0] -= 1
        if room[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    record = Record.begin(folder, surface.scan, short_plan)
    monkeypatch.setattr(os, "fsync", full)
    with record, pytest.raises(InputError, match=r"No space left.*--resume"):
        explore(surface.scan, short_plan, workers=1, store=record)
    monkeypatch.undo()
    before = finished(folder)
    assert before
    assert not list((folder / "record").rglob(".*"))
    with Record(folder) as record:
        assert record.n_trials == len(before)
        save(explore(surface.scan, record.plan, store=record), folder, overwrite=True)
    assert files(folder) == files(whole)


def test_the_record_moves_with_the_run_that_is_replaced(surface, short_plan, whole, quick_result):
    assert is_run(whole)
    before = sorted((whole / "record" / "trials").iterdir())
    save(read_run(whole), whole, overwrite=True)
    assert sorted((whole / "record" / "trials").iterdir()) == before


def test_an_unfinished_run_says_how_to_go_on(surface, short_plan, tmp_path):
    folder = tmp_path / "run"
    Record.begin(folder, surface.scan, short_plan).close()
    assert is_unfinished(folder)
    with pytest.raises(InputError, match="explore --resume"):
        read_run(folder)
    with pytest.raises(InputError, match="explore --resume"):
        check_writable(folder)
    check_writable(folder, overwrite=True)


def test_one_writer(surface, short_plan, tmp_path):
    folder = tmp_path / "run"
    with Record.begin(folder, surface.scan, short_plan):
        with pytest.raises(InputError, match="another exploration writes"):
            Record(folder)
        with pytest.raises(InputError, match="another exploration writes"):
            Record.begin(folder, surface.scan, short_plan)
    Record(folder).close()


def test_another_scan_and_a_damaged_trial_are_not_taken(surface, short_plan, tmp_path):
    folder = tmp_path / "run"
    other = replace(surface.scan, channels={"Amplitude": surface.scan.channel() + 1})
    with Record.begin(folder, surface.scan, short_plan) as record:
        record.check_scan(surface.scan)
        with pytest.raises(InputError, match="SHA-256"):
            record.check_scan(other)
        record.put("ab", b"whole", "a trial")
        assert record.get("ab") == b"whole"
        (folder / "record" / "trials" / "ab.h5").write_bytes(b"whol")
        assert record.get("ab") is None
        assert record.get("cd") is None


def test_a_line_cut_short_and_half_files_are_cleaned_up(surface, short_plan, tmp_path):
    folder = tmp_path / "run"
    with Record.begin(folder, surface.scan, short_plan) as record:
        record.put("ab", b"whole", "a trial")
    journal = folder / "record" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"what": "fini')
    (folder / "record" / "trials" / ".cd.partial.h5").write_bytes(b"half")
    with Record(folder) as record:
        assert record.n_trials == 1
        record.note("resumed")
    assert [e["what"] for e in read_journal(journal)] == ["begun", "finished", "resumed"]
    assert not list((folder / "record" / "trials").glob(".*"))
    assert not (folder / "record" / "lock").exists()


def test_a_start_that_fails_early_keeps_what_an_earlier_one_began(surface, short_plan, tmp_path):
    """Plan and drawn key points are the earlier start's; what this one began is nobody's yet."""
    folder = tmp_path / "run"
    drawn = Keypoints(np.array([[20.0, 30.0], [40.0, 50.0]]), np.ones(2), "drawn")
    with Record.begin(folder, surface.scan, short_plan, drawn):
        pass
    with Record(folder) as record:
        record.note("resumed")
        record.discard_if_empty()
    with Record(folder) as record:
        assert record.keypoints is not None
        assert np.array_equal(record.keypoints.yx_px, drawn.yx_px)
    with Record.begin(tmp_path / "new", surface.scan, short_plan) as record:
        record.discard_if_empty()
    assert not (tmp_path / "new").exists()


def test_deaths_of_workers_are_counted_over_starts(surface, short_plan, tmp_path):
    folder = tmp_path / "run"
    with Record.begin(folder, surface.scan, short_plan) as record:
        assert record.died("ab", "a trial", "exit code -9") == 1
    with Record(folder) as record:
        assert record.died("ab", "a trial", "exit code -9") == 2
        assert record.deaths("cd") == 0

"""A plan goes out as a file, a receipt and spectra come back."""

import json
import threading
import time

import numpy as np
import pytest

from corescout.data import InputError, Measurement
from corescout.instruments import InstrumentError, Session
from corescout.instruments.folder import FolderInstrument, read_plan
from corescout.instruments.messages import messages_of


@pytest.fixture
def folders(tmp_path):
    (tmp_path / "scans").mkdir()
    (tmp_path / "plans").mkdir()
    return tmp_path / "scans", tmp_path / "plans"


@pytest.fixture
def instrument(folders):
    made = FolderInstrument(*folders, poll_s=0.05)
    made.connect()
    yield made
    made.close()


def hand_over(instrument, limits, journal, plan):
    session = Session(instrument, limits, journal)
    check = session.preview(plan)
    assert check.errors == ()
    session.approve(plan.digest, by="test")
    events = list(session.run(plan))
    session.close()
    return events


def test_the_file_holds_what_was_approved(instrument, folders, limits, journal, plan):
    events = hand_over(instrument, limits, journal, plan)
    assert [e.what for e in events[-2:]] == ["handed over", "done"]
    (file,) = folders[1].iterdir()
    assert read_plan(file) == list(messages_of(plan, limits.largest_speed_m_per_s))


def test_a_changed_plan_is_refused_by_its_reader(instrument, folders, limits, journal, plan):
    hand_over(instrument, limits, journal, plan)
    (file,) = folders[1].iterdir()
    file.write_text(file.read_text().replace('"bias_end_v": 5.0', '"bias_end_v": 50.0'))
    with pytest.raises(InputError, match="was changed"):
        read_plan(file)


def test_a_plan_that_has_lain_for_a_day_is_refused(instrument, folders, limits, journal, plan):
    hand_over(instrument, limits, journal, plan)
    (file,) = folders[1].iterdir()
    said = json.loads(file.read_text())
    assert said["expires_at"] > said["made_at"]
    said["expires_at"] = "2026-01-01T00:00:00+00:00"
    file.write_text(json.dumps(said))
    with pytest.raises(InputError, match="in force"):
        read_plan(file)


def test_receipts_are_read_back(instrument, limits, journal, plan):
    hand_over(instrument, limits, journal, plan)
    handed = instrument.handed_over
    receipt = handed.path.with_suffix(".receipt.json")
    assert instrument.receipt() is None
    assert instrument.status().busy
    receipt.write_text('{"state": "ta')  # half written
    assert instrument.receipt() is None
    receipt.write_text(json.dumps({"sha256": handed.sha256, "state": "taken"}))
    assert instrument.status().busy
    receipt.write_text(json.dumps({"sha256": handed.sha256, "state": "done"}))
    assert not instrument.status().busy
    refused = {"sha256": handed.sha256, "state": "refused", "reason": "tip is up"}
    receipt.write_text(json.dumps(refused))
    assert "tip is up" in instrument.status().problem
    for wrong in ({"sha256": "other", "state": "done"}, {"sha256": handed.sha256, "state": "gone"}):
        receipt.write_text(json.dumps(wrong))
        with pytest.raises(InstrumentError, match="receipt"):
            instrument.receipt()


def test_spectra_come_back_to_their_targets(instrument, folders, limits, journal, plan):
    seen = []
    worker = threading.Thread(target=lambda: seen.extend(instrument.scans()))
    worker.start()
    time.sleep(0.2)
    hand_over(instrument, limits, journal, plan)
    for number, target in enumerate(plan.targets):
        x, y = target.xy_m
        text = f"X (m)\t{x:.9e}\nY (m)\t{y:.9e}\n[DATA]\nBias (V)\tAmp (m)\n0\t1\n1\t{number}\n"
        (folders[0] / f"loop{number}.dat").write_text(text)
    (folders[0] / "other.dat").write_text("[DATA]\nBias (V)\tAmp (m)\n0\t1\n1\t2\n")
    np.save(folders[0] / "scan.npy", np.eye(8, dtype=np.float32))
    end = time.monotonic() + 20
    while time.monotonic() < end:
        tied = instrument.spectra()
        if len(tied.ties) == 3 and tied.doubts and seen:
            break
        time.sleep(0.05)
    instrument.close()
    worker.join(5)
    assert not worker.is_alive()
    tied = instrument.spectra()
    ends = {t.measurement.target_uid: t.measurement.channels["Amp"][-1] for t in tied.ties}
    assert ends == {t.uid: float(i) for i, t in enumerate(plan.targets)}
    assert [d.path.name for d in tied.doubts] == ["other.dat"]
    assert len(seen) == 1


def test_a_spectrum_that_is_written_again_takes_its_place(instrument, limits, journal, plan):
    hand_over(instrument, limits, journal, plan)
    axis = np.linspace(0, 1, 4)
    path = instrument._folder / "loop.dat"
    for last in (1.0, 2.0):
        curve = Measurement(
            None, axis, "bias", "V", {"response": last * axis}, xy_m=plan.targets[0].xy_m
        )
        instrument._came(path, curve)
    (tie,) = instrument.spectra().ties
    assert tie.measurement.channels["response"][-1] == 2.0


def test_a_step_that_could_be_too_far_is_refused(instrument, limits, journal, plan):
    """Where the tip is nobody knows: the worst place of the travel box counts."""
    from dataclasses import replace

    box = limits.x_m[1] - limits.x_m[0]
    check = Session(instrument, replace(limits, largest_step_m=0.4 * box), journal).preview(plan)
    assert any("step" in e for e in check.errors)


def test_a_drift_check_cannot_be_promised(instrument, limits, journal, plan):
    from dataclasses import replace

    from corescout.instruments import DriftCheck

    checked = replace(plan, drift_check=DriftCheck(1, plan.frame.center_m, 1e-7))
    check = Session(instrument, limits, journal).preview(checked)
    assert any("drift cannot be checked" in e for e in check.errors)


def test_a_folder_that_is_gone_is_said(folders):
    made = FolderInstrument(folders[0], folders[1] / "none")
    with pytest.raises(InstrumentError, match="folder for plans"):
        made.connect()

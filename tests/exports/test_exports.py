"""Maps and scans that are written come back: by our readers and by those of others."""

import json
import runpy
from dataclasses import replace

import gsffile
import numpy as np
import pytest

import corescout
from corescout.data import InputError
from corescout.exports import (
    result_maps,
    write_gsf,
    write_model,
    write_nsid,
    write_script,
)
from corescout.plan import TrainingPlan
from corescout.vae import read_pyroved, specification_of, train
from corescout.vae.exchange import why_not_pyroved


@pytest.mark.parametrize("name", ["PZT_thick0009.h5", "A151216.123306-02602.sxm", "di-3.di"])
def test_a_scan_comes_back_from_nsid(scan_file, tmp_path, name):
    scan = corescout.read_scan(scan_file(name))
    again = corescout.read_scan(write_nsid(scan, tmp_path / "out.h5"))
    assert list(again.channels) == list(scan.channels)
    for channel, values in scan.channels.items():
        np.testing.assert_array_equal(again.channels[channel], values)
    assert (again.units, again.roles, again.directions) == (scan.units, scan.roles, scan.directions)
    assert again.acquired_at == scan.acquired_at
    for place in [(0, 0), (0, 30), (30, 0)]:
        np.testing.assert_allclose(again.frame.to_m(place), scan.frame.to_m(place), atol=1e-15)


def test_a_scan_without_a_scale_comes_back_without_one(tmp_path, rng):
    np.save(tmp_path / "a.npy", rng.random((20, 30)))
    scan = corescout.read_scan(tmp_path / "a.npy")
    assert corescout.read_scan(write_nsid(scan, tmp_path / "a.h5")).frame is None


def test_maps_of_a_result(quick_result, tmp_path):
    maps = result_maps(quick_result)
    assert list(maps.channels)[:2] == ["type", "z1"]
    types = maps.channels["type"]
    places = np.rint(quick_result.patches.center_yx_px).astype(int)
    at = types[tuple(places.T)]
    typed = quick_result.typed
    assert np.mean(at == typed.types.of_point) > 0.95  # within a pixel of another: its value
    motifs = maps.channels["motif"][tuple(places.T)]
    assert np.mean(motifs == typed.motif + 1) > 0.95
    assert np.isnan(types).any()
    again = corescout.read_scan(write_nsid(maps, tmp_path / "maps.h5"))
    np.testing.assert_array_equal(again.channels["z1"], maps.channels["z1"])


def test_gsf_keeps_the_place(scan_file, tmp_path):
    scan = corescout.read_scan(scan_file("scan_0001.ibw"))
    paths = write_gsf(scan, tmp_path / "out")
    assert len(paths) == 6
    again = corescout.read_scan(paths[0])
    np.testing.assert_array_equal(again.channel(), scan.channels["HeightRetrace"])
    np.testing.assert_allclose(again.frame.to_m((0, 0)), scan.frame.to_m((0, 0)), atol=1e-14)
    assert again.units == {"HeightRetrace": "m"}
    assert gsffile.read_gsf(str(paths[0]))[1]["XYUnits"] == "m"


def test_gsf_keeps_the_angle(scan_file, tmp_path):
    scan = corescout.read_scan(scan_file("PZT_thick0009.h5"))
    again = corescout.read_scan(write_gsf(scan, tmp_path)[0])
    for place in [(0, 0), (0, 255), (127, 3)]:
        np.testing.assert_allclose(again.frame.to_m(place), scan.frame.to_m(place), atol=1e-13)


def test_names_of_files_are_taken_by_every_system(tmp_path, rng):
    scan = corescout.Scan("2026-01-01 10:00", {'a/b\\c:"d"?*': rng.random((5, 5))})
    (path,) = write_gsf(scan, tmp_path)
    assert not set(path.name) & set('<>:"/\\|?*')
    assert list(corescout.read_scan(path).channels) == list(scan.channels)


SOURCES = ["C:\\Users\\new\\x.ibw", 'a"""b\\', "'" * 3, "/tmp/ü \u65e5.npy"]


@pytest.mark.parametrize("source", SOURCES)
def test_a_script_of_a_file_with_any_name_can_be_run(quick_result, tmp_path, source):
    scan = replace(quick_result.scan, source=source)
    path = write_script(replace(quick_result, scan=scan), tmp_path / "again.v2")
    assert path.name == "again.v2.py"
    made = runpy.run_path(str(path))
    assert made["PLAN"] == json.loads(json.dumps(dict(quick_result.plan)))
    assert corescout.read_scan(made["SCAN"]).shape_px == scan.shape_px


@pytest.mark.parametrize("write", ["nsid", "gsf"])
def test_on_a_disk_that_is_full_what_was_there_stays(tmp_path, rng, monkeypatch, write):
    scan = corescout.Scan("a", {"b": rng.random((9, 9))})
    writers = {
        "nsid": lambda: write_nsid(scan, tmp_path / "a_b.gsf"),
        "gsf": lambda: write_gsf(scan, tmp_path),
    }
    (tmp_path / "a_b.gsf").write_text("before")

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("corescout.exports.nsid.write_channels", full)
    monkeypatch.setattr("gsffile.write_gsf", full)
    with pytest.raises(OSError, match="No space"):
        writers[write]()
    assert [p.name for p in tmp_path.iterdir()] == ["a_b.gsf"]
    assert (tmp_path / "a_b.gsf").read_text() == "before"


def test_export_writes_maps_of_a_run(quick_result, tmp_path):
    import subprocess
    import sys

    from corescout.pipeline import save

    run = save(quick_result, tmp_path / "a.corescout")
    for form, count in (("nsid", 1), ("gsf", len(result_maps(quick_result).channels))):
        command = [sys.executable, "-m", "corescout", "export", str(run), "--format", form]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        paths = done.stdout.split()
        assert len(paths) == count
        assert corescout.read_scan(paths[0]).shape_px == quick_result.scan.shape_px
    command = [sys.executable, "-m", "corescout", "export", str(run), "--pyroved"]
    done = subprocess.run([*command, str(tmp_path / "model.pt")], capture_output=True, text=True)
    plan = TrainingPlan.model_validate(quick_result.plan["training"])
    reason = why_not_pyroved(specification_of(quick_result.winner, plan), quick_result.winner.kind)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "model.pt").exists()
    said = " ".join(done.stderr.split())
    if reason is None:
        assert "counterpart" not in said
    else:
        assert f"{reason.partition(';')[0]}. Its counterpart is trained" in said


def test_the_model_goes_to_pyroved_or_the_reason_is_said(tmp_path, quick_result):
    """The winner as it is may have no counterpart; with the paper's decoder and angle it has."""
    window = quick_result.winner.window_px
    training = TrainingPlan(epochs=1, angle_guide="normal")
    candidate = replace(quick_result.winner, invariances="rt", decoder="spatial", kind="vae")
    spec = specification_of(candidate, training)
    patches = np.asarray(quick_result.patches.values)[:64]
    weights = train(patches, spec, 1.0, (0,), training).weights[0]
    plan = {**quick_result.plan, "training": training.model_dump(mode="json")}
    result = replace(quick_result, winner=candidate, weights=weights, plan=plan)
    path, beside = write_model(result, tmp_path / "model")
    assert read_pyroved(path).spec == spec
    about = json.loads(beside.read_text())
    assert about["ivae"]["data_dim"] == [window, window]
    assert about["channel"] == "Amplitude"
    assert 0 < about["zero"] < about["one"] < 1e-9
    for other in (replace(candidate, kind="pca"), replace(candidate, kind="nmf")):
        with pytest.raises(InputError, match=f"{other.kind.upper()} baseline"):
            write_model(replace(result, winner=other), tmp_path / "other")
        assert not (tmp_path / "other").exists()


def test_a_model_that_pyroved_does_not_have_is_trained_anew_and_that_is_said(
    tmp_path, quick_result
):
    spec = specification_of(quick_result.winner, TrainingPlan())
    assert spec.decoder == "canonical"
    told: list[str] = []
    path, beside = write_model(quick_result, tmp_path / "model", told.append)
    assert read_pyroved(path).spec.decoder == "spatial"
    about = json.loads(beside.read_text())
    assert "canonical decoder" in about["trained_instead_of"]
    assert f"{about['agreement_ari']:.2f}" in " ".join(told)

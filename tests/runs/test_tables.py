"""The tables of a run: every key point, one shape of targets, units and meanings, what made it."""

import csv
import hashlib
import io
import json
import platform
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from corescout.edits import correct, merge, rename
from corescout.exports import write_nsid
from corescout.pipeline import apply
from corescout.readers import read_scan
from corescout.runs import read_run, write_run
from corescout.runs.key_points import MEANINGS, key_point_table, meaning_of
from corescout.runs.tables import finest_pitch_m, targets_csv

OLD = Path(__file__).parent / "data" / "run-0.1.0.zip"


def rows_of(path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


@pytest.fixture(scope="module")
def edited(typed_result):
    return correct(rename(merge(typed_result, 1, [2]), 1, "needles, long"), [3, 5], 3)


@pytest.fixture(scope="module")
def run(edited, tmp_path_factory):
    return write_run(edited, tmp_path_factory.mktemp("tables") / "run")


def test_every_key_point_is_in_the_table_with_what_it_is(run, edited):
    rows = rows_of(run / "key_points.csv")
    assert len(rows) == len(edited.patches)
    places = np.asarray(edited.patches.center_yx_px)
    for i, row in enumerate(rows):
        assert int(row["key_point"]) == i
        assert (float(row["y_px"]), float(row["x_px"])) == tuple(places[i])
        x_m, y_m = edited.scan.frame.to_m(places[i])
        assert (float(row["x_m"]), float(row["y_m"])) == pytest.approx((x_m, y_m), abs=5.01e-13)
        assert row["type_name"] == edited.types.name(int(row["type"]))
        assert np.float32(row["z1"]) == np.float32(edited.fit.latents.mean[i, 0])
        assert 0 <= float(row["probability"]) <= 1 + 1e-9
        assert row["source"] == "canny"
    assert [r["edited"] for r in rows].count("1") == 2
    assert {i for i, r in enumerate(rows) if r["core"] == "1"} == set(edited.core_points.index)
    assert {r["type_name"] for r in rows} == {"needles, long", "type 3"}
    motifs = {(r["type"], r["motif"]) for r in rows if r["edited"] == "0"}
    assert {kind for kind, _ in motifs} == {"1", "3"}
    assert len({motif for kind, motif in motifs if kind == "1"}) == 2  # two merged components


def test_a_probable_point_is_a_typical_one_of_its_type(edited):
    table = key_point_table(edited)
    moved = table["edited"] == 1
    core = table["core"] == 1
    assert table["probability"][core & ~moved].min() > 0.7  # the others lie between two types
    np.testing.assert_allclose(table["typicality"][core], edited.core_points.typicality)


def test_every_column_says_its_unit_and_meaning(edited):
    table = key_point_table(edited)
    for name in table:
        unit, meaning = meaning_of(name)
        assert meaning
        assert unit or "_" not in name or name.partition("_")[0] in ("key", "type")
    of_a_network_or_profile = {"angle_rad", "kind", "contrast", "width_px", "phase_step_deg",
                               "wall", "direction_rad"}  # fmt: skip
    of_a_network_or_profile |= {"c1"}  # of several candidates
    assert set(MEANINGS) - of_a_network_or_profile <= set(table)


def test_core_points_and_targets_have_metres_and_names(run, edited):
    rows = rows_of(run / "core_points.csv")
    every = rows_of(run / "key_points.csv")
    for row in rows:
        whole = every[int(row["key_point"])]
        assert all(whole[name] == value for name, value in row.items())
    for row, target in zip(rows_of(run / "targets.csv"), edited.targets, strict=True):
        at_m = (float(row["x_m"]), float(row["y_m"]))
        assert at_m == pytest.approx(target.xy_m, abs=5.01e-13)
        assert row["type_name"] == edited.types.name(target.type)


@pytest.mark.parametrize("pitch_m", [2e-11, 3e-10, 8e-9, 5e-8])
def test_a_place_is_written_to_less_than_a_hundredth_of_a_per_cent_of_a_pixel(edited, pitch_m):
    frame = replace(edited.scan.frame, pitch_m=(pitch_m, 1.1 * pitch_m))
    scan = replace(edited.scan, frame=frame)
    places = [(y + 1 / 3, x + 0.123456789) for y, x in (t.yx_px for t in edited.targets)]
    targets = [
        replace(t, yx_px=place, xy_m=tuple(float(v) for v in frame.to_m(place)))
        for t, place in zip(edited.targets, places, strict=True)
    ]
    text = targets_csv(targets, edited.types, finest_pitch_m(scan)).decode()
    for row, place in zip(csv.DictReader(io.StringIO(text)), places, strict=True):
        assert (float(row["y_px"]), float(row["x_px"])) == pytest.approx(place, abs=1e-4)
        back = frame.to_px((float(row["x_m"]), float(row["y_m"])))
        assert tuple(back) == pytest.approx(place, abs=1e-4)


def test_no_digit_is_written_that_a_quantity_does_not_carry(run):
    for name in ("key_points.csv", "core_points.csv", "targets.csv"):
        for row in rows_of(run / name):
            for column, text in row.items():
                digits = re.sub(r"[eE].*|\D", "", text).strip("0")
                number = re.fullmatch(r"-?[\d.]+([eE]-?\d+)?", text) is not None
                assert not number or len(digits) <= 9, (name, column, text)
            at_m = [float(row["x_m"]), float(row["y_m"])]
            assert at_m == [round(v, 12) for v in at_m]


def test_metres_are_empty_without_a_scale(edited, tmp_path):
    bare = replace(edited, scan=replace(edited.scan, frame=None), targets=())
    folder = write_run(bare, tmp_path / "bare")
    for name in ("key_points.csv", "core_points.csv"):
        assert {(r["x_m"], r["y_m"]) for r in rows_of(folder / name)} == {("", "")}


def test_targets_have_one_shape_wherever_they_are_written(run, edited, capsys):
    from corescout.cli.app import _run

    of_run = json.loads((run / "targets.json").read_text("utf-8"))
    assert _run(["targets", str(run), "--format", "json"]) == 0
    of_command = json.loads(capsys.readouterr().out)
    assert of_run.keys() == of_command.keys()
    shapes = {tuple(t) for t in (*of_run["targets"], *of_command["targets"])}
    assert len(shapes) == 1
    by_uid = {t["uid"]: t for t in of_command["targets"]}
    assert by_uid.keys() == {t["uid"] for t in of_run["targets"]}
    for target in of_run["targets"]:
        assert by_uid[target["uid"]] == target
    assert of_run["frame"]["pitch_m"] == list(edited.scan.frame.pitch_m)
    assert of_command["path_m"] > 0


def test_every_dataset_says_its_unit_and_what_it_is(run, edited):
    seen = []

    def look(path, found):
        if isinstance(found, h5py.Dataset):
            seen.append(path)
            assert found.attrs["units"] is not None
            assert str(found.attrs["description"]).endswith(".")

    with h5py.File(run / "result.h5", "r") as file:
        file.visititems(look)
        channel = edited.channels[0]
        assert file[f"scan/{channel}"].attrs["units"] == edited.scan.units[channel]
        assert file["fit/kl_nats"].attrs["units"] == "nat"
    assert len(seen) > 30


def test_the_hash_of_the_scan_is_that_of_its_file(quick_result, surface, tmp_path):
    file = write_nsid(surface.scan, tmp_path / "scan.h5")
    scan = read_scan(file)
    run = write_run(apply(quick_result, scan), tmp_path / "run")
    decision = json.loads((run / "decision.json").read_text("utf-8"))
    assert decision["scan_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert decision["content_sha256"] == scan.content_sha256
    assert decision["python"] == platform.python_version()
    assert decision["machine"]["processor"] == platform.machine()
    assert read_run(run).scan.file_sha256 == decision["scan_sha256"]


def test_a_scan_of_no_file_has_no_hash_of_a_file(run):
    assert json.loads((run / "decision.json").read_text("utf-8"))["scan_sha256"] is None


def test_a_run_of_the_first_format_opens_and_is_written_in_this_one(tmp_path):
    with zipfile.ZipFile(OLD) as archive:
        archive.extractall(tmp_path / "old")
    old = read_run(tmp_path / "old")
    assert (len(old.targets), len(old.trials)) == (5, 3)
    assert old.scan.file_sha256 is None
    again = read_run(write_run(old, tmp_path / "new"))
    assert again.targets == old.targets
    assert rows_of(tmp_path / "new" / "key_points.csv")[0]["type"] == "1"
    assert len(apply(old, old.scan).keypoints) > 0

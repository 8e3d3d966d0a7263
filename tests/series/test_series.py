"""A series: which files, what is pooled and why not, one representation on all, a bad file."""

import csv
import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from corescout.cli.app import _run
from corescout.data import InputError, Scan, ScanFrame
from corescout.lines import analysed_channel
from corescout.plan import Plan
from corescout.preparation import prepare
from corescout.series import (
    Member,
    find_files,
    members_that_do_not_fit,
    pool,
    preferred_levels,
    read_values,
)
from corescout.surfaces import generate_surface

PITCH = (8e-9, 8e-9)


def scan_of(seed, side=128, pitch_m=PITCH, gain=1.0, unit="m"):
    values = generate_surface((side, side), seed=seed).scan.channel() * gain
    return Scan(
        f"s{seed}", {"Amplitude": values}, units={"Amplitude": unit}, source=f"s{seed}",
        frame=None if pitch_m is None else ScanFrame((side, side), pitch_m),
    )  # fmt: skip


@pytest.fixture
def plan():
    return Plan.preset("live", windows_px=(9,), invariances=("rt",))


def test_files_of_folders_patterns_and_names(tmp_path):
    for name in ("b.npy", "a.npy", "notes.docx", ".hidden.npy"):
        (tmp_path / name).write_bytes(b"")
    ends = (".npy", ".ibw")
    assert [p.name for p in find_files([tmp_path], None, ends)] == ["a.npy", "b.npy"]
    assert [p.name for p in find_files([tmp_path], "b*", ends)] == ["b.npy"]
    assert [p.name for p in find_files([tmp_path / "*.npy", tmp_path / "a.npy"], "[ab]*", ends)] \
        == ["a.npy", "b.npy"]  # fmt: skip
    with pytest.raises(InputError, match="--match"):
        find_files([tmp_path], "*.gwy", ends)


def test_values_are_of_every_file(tmp_path):
    files = [tmp_path / "a.npy", tmp_path / "b.npy"]
    table = tmp_path / "values.csv"
    table.write_text("file,temperature_K\nb.npy,300\na.npy,310.5\n")
    assert read_values(table, files) == ("temperature_K", {files[0]: 310.5, files[1]: 300.0})
    table.write_text("file,temperature_K\nb.npy,300\n")
    with pytest.raises(InputError, match=r"none for a\.npy"):
        read_values(table, files)
    table.write_text("file,temperature_K\nb.npy,warm\n")
    with pytest.raises(InputError, match="CSV"):
        read_values(table, files)


def test_what_cannot_be_pooled_is_named_with_the_reason(plan):
    scans = {
        "one": scan_of(1),
        "two": scan_of(2),
        "volts": scan_of(1, unit="V"),
        "no scale": scan_of(1, pitch_m=None),
        "other channel": replace(scan_of(1), channels={"Height": np.eye(64)}, frame=None),
    }
    pooled = pool(scans, plan.model_copy(update={"channels": ("Amplitude",)}))
    assert set(pooled.members) == {"one", "two"}
    assert "in V" in pooled.refused["volts"]
    assert "no scale" in pooled.refused["no scale"]
    assert "Amplitude" in pooled.refused["other channel"]
    with pytest.raises(InputError, match="without --pooled"):
        pool({"one": scans["one"]}, plan)


def test_bands_keep_scans_apart_and_have_one_pitch(plan):
    fine = scan_of(2, side=160, pitch_m=(4e-9, 4e-9))
    pooled = pool({"one": scan_of(1), "fine": fine, "dim": scan_of(3, gain=0.5)}, plan)
    assert pooled.scan.frame.pitch_m == PITCH
    bands = pooled.scan.metadata["corescout_bands"]
    assert [b[1] - b[0] for b in bands] == [128, 80, 128]
    image = pooled.scan.channel()
    for (_, end, _), (begin, _, _) in pairwise(bands):
        assert np.isnan(image[end:begin]).all()
        assert begin - end > 2 * 21
    # The amplitude of the dim scan stays dim: levels are common.
    first, last = (np.nanmedian(image[b:e, :w]) for b, e, w in (bands[0], bands[2]))
    assert last < 0.7 * first
    data = prepare(pooled.scan, pooled.plan).trial_data
    assert data.bands == tuple(map(tuple, bands))
    assert type(data).from_bytes(data.to_bytes()).bands == data.bands
    rows = data.keypoints_yx_px[:, 0]
    assert all(((rows >= b) & (rows < e)).sum() > 10 for b, e, _ in bands)
    own = pool({"one": scan_of(1), "dim": scan_of(3, gain=0.5)}, plan, own_levels=True)
    grey = [np.nanpercentile(m.channel(), 95) for m in own.members.values()]
    np.testing.assert_allclose(grey, 1.0, atol=1e-6)


def test_the_lines_of_a_pooled_series_are_mended_once_and_those_of_a_later_scan_too(plan):
    gain = np.where(np.arange(128) % 16 < 8, 1.0, 1.6).astype(np.float32)[:, None]
    streaked = scan_of(2)
    streaked = replace(
        streaked, channels={n: np.asarray(v) * gain for n, v in streaked.channels.items()}
    )
    pooled = pool({"one": scan_of(1), "two": streaked}, plan)
    raw = streaked.channel()
    mended = analysed_channel(streaked, streaked.default_channel, plan.cleaning).mended
    assert not np.allclose(mended, raw, rtol=1e-2, atol=0)
    member = pooled.members["two"]
    np.testing.assert_array_equal(member.channel(), mended)
    for scan in (member, pooled.scan):
        once_more = analysed_channel(scan, scan.default_channel, pooled.plan.cleaning)
        np.testing.assert_array_equal(once_more.mended, scan.channel())
    later = analysed_channel(streaked, streaked.default_channel, pooled.plan.cleaning)
    np.testing.assert_array_equal(later.mended, mended)


class Counted(Member):
    """A scan of which only the points of each type are told."""

    def __init__(self, name, *counts, novel=0.0):
        object.__setattr__(self, "name", name)
        self.__dict__["of_type"], self.__dict__["novel"] = counts, novel

    counts = property(lambda self: dict(enumerate(self.of_type, 1)))
    novel_share = property(lambda self: self.novel)


@pytest.mark.parametrize(
    ("last", "named"),
    [
        (Counted("last", 60, 40, 0, 0), False),
        (Counted("last", 20, 75, 5, 0), False),  # other shares of the same types
        (Counted("last", 96, 4, 0, 0), False),  # a type is going
        (Counted("last", 100, 0, 0, 0), True),  # there is nothing of what all others have
        (Counted("last", 40, 30, 0, 30), False),  # one has come
        (Counted("last", 70, 0, 0, 30), True),  # another material that shares a type
        (Counted("last", 0, 0, 0, 100), True),
        (Counted("last", 60, 40, 0, 0, novel=0.5), True),
    ],
)
def test_a_scan_of_another_material_does_not_fit(last, named):
    series = [Counted("a", 60, 38, 2, 0), Counted("b", 70, 28, 2, 0), Counted("c", 55, 45, 0, 0)]
    assert list(members_that_do_not_fit([*series, last])) == (["last"] if named else [])


def test_a_pooled_series_of_a_folder_with_a_bad_file(tmp_path, capsys):
    for seed in (1, 2, 3):
        np.save(tmp_path / f"s{seed}.npy", scan_of(seed, side=96).channel())
    (tmp_path / "bad.npy").write_bytes(b"no array")
    (tmp_path / "values.csv").write_text(
        "file,voltage_V\ns1.npy,3\ns2.npy,1\ns3.npy,2\nbad.npy,0\n"
    )
    code = _run([
        "explore", str(tmp_path), "--match", "*.npy", "--pooled", "--series",
        str(tmp_path / "values.csv"), "--pixel-size", "8nm", "--windows", "9", "--invariances",
        "rt", "--set", "training.epochs=8", "--set", "decision.null_surrogates=2", "--set",
        "decision.seeds=1", "--set", "training.retries=0", "--set",
        "training.collapse_variance=0.001", "--json",
    ])  # fmt: skip
    assert code == 0
    said = json.loads(capsys.readouterr().out)
    assert list(said["scans"]) == ["s2.npy", "s3.npy", "s1.npy"]  # by voltage
    assert list(said["refused"]) == ["bad.npy"]
    assert [row["levels"] for row in said["levels"]] == ["common to all scans", "each scan's own"]
    assert (tmp_path / "corescout-series" / "pooled-own.corescout" / "report.html").is_file()
    folder = tmp_path / "corescout-series"
    rows = list(csv.DictReader((folder / "series.csv").read_text().splitlines()))
    assert {r["scan"] for r in rows} == {"s1.npy", "s2.npy", "s3.npy"}
    for name in ("s1.npy", "s2.npy", "s3.npy"):
        mine = [r for r in rows if r["scan"] == name]
        assert sum(float(r["share_of_key_points"]) for r in mine) == pytest.approx(1, abs=1e-5)
        assert float(mine[0]["wall_length_um"]) > 0
        assert (folder / f"{name}.corescout" / "report.html").is_file()
    page = (folder / "series.html").read_text("utf-8")
    assert "bad.npy" in page
    assert "Share of key points of each type" in page
    assert "common to all scans" in page
    assert "types by common and by own grey levels agree by AMI" in page


def test_common_levels_are_of_scans_with_one_drive():
    def driven(volts):
        return replace(scan_of(1), metadata={"DriveAmplitude": f"{volts} V"})

    assert preferred_levels({"a": scan_of(1), "b": scan_of(2)}) == ("common", "")
    assert preferred_levels({"a": driven(1.0), "b": driven(1.0)}) == ("common", "")
    levels, why = preferred_levels({"a": driven(1.0), "b": driven(2.0)})
    assert (levels, why[:25]) == ("own", "drives differ, 1 to 2 V: ")

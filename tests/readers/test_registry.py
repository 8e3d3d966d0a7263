"""Which reader a file gets: the manifest, the table, readers of other packages, and the errors."""

import json
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pytest
import yaml

import corescout
from corescout.readers.registry import SUFFIXES, can_read, foreign_readers, has_reader

ROOT = Path(__file__).parents[2]
RUNS = {"*.corescout"}  # no scan: a run of Corescout's own


def patterns() -> set[str]:
    manifest = yaml.safe_load((ROOT / "napari.yaml").read_text(encoding="utf-8"))
    (reader,) = manifest["contributions"]["readers"]
    return set(reader["filename_patterns"]) - RUNS


def test_napari_is_told_of_every_suffix_that_is_read():
    missing = {s for s in SUFFIXES if not any(fnmatch(f"scan{s}", p) for p in patterns())}
    assert missing == set()


def test_napari_is_told_of_no_other_suffix():
    examples = {p: f"scan{p.lstrip('*').replace('[0-9]', '7')}" for p in patterns()}
    assert {p for p, name in examples.items() if not has_reader(name)} == set()


def test_every_suffix_of_the_table_has_a_module_with_a_reader():
    from importlib import import_module

    for module, magics in SUFFIXES.values():
        found = import_module(module)
        assert hasattr(found, "read_all") or hasattr(found, "read")
        assert magics


def test_the_documentation_lists_every_suffix():
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    assert {s for s in SUFFIXES if f"`{s}" not in text} == set()


PACKAGE = """
import numpy as np
from corescout.data import Scan

def one(path):
    return Scan(uid=path.stem, channels={"Amplitude": np.eye(9)}, source=str(path))

def two(path):
    return [one(path), one(path)]

def wrong(path):
    return "no scan"

def broken(path):
    raise KeyError("header")
"""
SCRIPT = """
import json, sys
from pathlib import Path
import corescout
from corescout.readers import can_read
from corescout.readers.registry import has_reader, read_scans
folder, found = Path(sys.argv[1]), {}
for name in ("a.foreign", "a.twice", "a.wrong", "a.broken", "a.npy"):
    path = folder / name
    path.write_bytes(b"anything")
    try:
        found[name] = [list(s.channels) for s in read_scans(path)]
    except corescout.InputError as error:
        found[name] = str(error)
    found[name + " known"] = has_reader(path) and (can_read(path) or name == "a.npy")
print(json.dumps(found))
"""


def test_readers_of_other_packages_are_taken_through_an_entry_point(tmp_path):
    """A real distribution beside ours: its metadata on the path, in a process of its own."""
    (tmp_path / "foreign_reader.py").write_text(PACKAGE)
    about = tmp_path / "foreign_reader-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign-reader\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[corescout.readers]\n.foreign = foreign_reader:one\ntwice = foreign_reader:two\n"
        ".wrong = foreign_reader:wrong\n.broken = foreign_reader:broken\n"
        ".npy = foreign_reader:one\n"
    )
    files = tmp_path / "files"
    files.mkdir()
    import os

    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(files)], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["a.foreign"] == [["Amplitude"]]
    assert found["a.twice"] == [["Amplitude"], ["Amplitude"]]
    assert "found str" in found["a.wrong"]
    assert "foreign_reader:broken" in found["a.broken"]
    assert "a.broken: KeyError: 'header' (foreign_reader.py, line 15)" in found["a.broken"]
    assert "copy the file again" in found["a.broken"]
    assert "other content in a.npy" in found["a.npy"]  # our own suffixes are not given away
    assert all(value for name, value in found.items() if name.endswith("known"))


def test_no_reader_of_another_package_is_needed():
    assert set(foreign_readers()).isdisjoint(SUFFIXES)


REMEDIES = {
    "a.jpk-force": (b"PK\x03\x04", r"\.jpk image"),
    "a.pfc": (b"\\*Force file", "NanoScope Analysis"),
    "a.ardf": (b"ARDF", r"\.ibw in Igor"), "a.sm4": (b"\xac\x02", r"\.gwy"),
    "a.unknown": (b"whatever", r"Gwyddion.*\.gwy"), "a.docx": (b"PK\x03\x04", r"Gwyddion.*\.gwy"),
    "a.nxs": (b"\x89HDF\r\n\x1a\n", "NSID"), "a.3ds": (b"Grid dim", "read_spectrum_grid"),
}  # fmt: skip


@pytest.mark.parametrize("name", REMEDIES)
def test_the_remedy_for_a_file_that_is_not_read_is_true(tmp_path, name):
    content, remedy = REMEDIES[name]
    (tmp_path / name).write_bytes(content + bytes(20))
    with pytest.raises(corescout.InputError, match=remedy) as caught:
        corescout.read_scan(tmp_path / name)
    assert ".npz file: give it" not in str(caught.value)
    known = re.findall(r"\.[a-z0-9-]+", caught.value.expected)
    assert set(known) >= set(SUFFIXES)
    assert len(str(caught.value)) < 400
    assert not can_read(tmp_path / name)


def test_imagej_has_a_scale(tmp_path, rng):
    import tifffile

    values = rng.random((12, 20)).astype(np.float32)
    for unit, per in (("um", 50.0), ("nm", 0.05), ("micron", 50.0), ("\\u00B5m", 50.0)):
        path = tmp_path / "a.tif"
        tifffile.imwrite(
            path, values, imagej=True, resolution=(per, per / 2), metadata={"unit": unit}
        )
        frame = corescout.read_scan(path).frame
        np.testing.assert_allclose(frame.pitch_m, (20e-9, 40e-9), rtol=1e-5)
    tifffile.imwrite(path, values, imagej=True, resolution=(50.0, 50.0))
    assert corescout.read_scan(path).frame is None  # no unit of length


def test_a_stack_in_an_archive_gives_its_planes(tmp_path, rng):
    stack = rng.random((3, 20, 30))
    np.savez(tmp_path / "a.npz", Amplitude=stack, Phase=stack[0] * 300, scale=np.float64(3))
    scan = corescout.read_scan(tmp_path / "a.npz")
    assert list(scan.channels) == ["Amplitude 1", "Amplitude 2", "Amplitude 3", "Phase"]
    np.testing.assert_allclose(scan.channels["Amplitude 2"], stack[1], rtol=1e-6)


TIMES = {
    "2021-06-30 12:34:56 +0200": "2021-06-30T12:34:56+02:00",
    "2021-06-30 12:34:56.789 +0200": "2021-06-30T12:34:56+02:00",
    "2021-06-30 12:34:56.789 CEST": "2021-06-30T12:34:56",
    "2021-06-30 12:34:56": "2021-06-30T12:34:56",
    "Wed Jun 30 12:34:56 CEST 2021": "2021-06-30T12:34:56",
    "gestern": None,
}


@pytest.mark.parametrize("text", TIMES)
def test_times_of_jpk_with_zones_and_fractions(tmp_path, text):
    import tifffile

    tags = [(0x8003, 2, len(text) + 1, text, True), (0x8042, 12, 1, 3e-6, True),
            (0x8043, 12, 1, 2e-6, True)]  # fmt: skip
    image = np.arange(600, dtype=np.int32).reshape(20, 30)
    channel = [(0x8050, 2, 7, "height", True), (0x8051, 3, 1, 0, True)]
    with tifffile.TiffWriter(tmp_path / "a.jpk") as file:
        file.write(np.zeros((8, 8, 3), np.uint8), photometric="rgb", extratags=tags)
        file.write(image, photometric="minisblack", extratags=channel)
    scan = corescout.read_scan(tmp_path / "a.jpk")
    expected = TIMES[text]
    assert (scan.acquired_at and scan.acquired_at.isoformat()) == expected
    assert any("centre X, centre Y, angle 0" in said for said in scan.frame.assumed)

"""Real files changed by what others do with them, and our own parsers held against libraries."""

import gsffile
import gwyfile
import numpy as np
import pytest

import corescout
from corescout.readers.gwyddion_container import read_container
from corescout.readers.registry import read_scans


def declared_length(content: bytes) -> int:
    """Bytes of an Igor wave of version 5, by its own header."""
    return 64 + int(np.frombuffer(content[4:64], "<i4")[:13].sum())


def test_a_scan_saved_again_in_igor_is_read_and_doubted(tmp_path, scan_file):
    content = scan_file("scan_0001.ibw").read_bytes()
    (tmp_path / "again.ibw").write_bytes(content[: declared_length(content)])
    scan = corescout.read_scan(tmp_path / "again.ibw")
    whole = corescout.read_scan(scan_file("scan_0001.ibw"))
    np.testing.assert_array_equal(scan.channel(), whole.channel())
    assert any("no footer" in text for text in scan.warnings)
    assert not any("no footer" in text for text in whole.warnings)


@pytest.mark.parametrize("more", [1, 100, -1])
def test_a_scan_that_is_still_copied_is_refused(tmp_path, scan_file, more):
    content = scan_file("scan_0001.ibw").read_bytes()
    (tmp_path / "copy.ibw").write_bytes(content[: declared_length(content) + more])
    with pytest.raises(corescout.InputError):
        corescout.read_scan(tmp_path / "copy.ibw")


def test_an_amplitude_of_the_ac_mode_is_no_piezoresponse(tmp_path, scan_file):
    content = scan_file("scan_0001.ibw").read_bytes()
    assert content.count(b"ImagingMode:PFM Mode") == 1
    (tmp_path / "ac.ibw").write_bytes(
        content.replace(b"ImagingMode:PFM Mode", b"ImagingMode:AC Mode ")
    )
    scan = corescout.read_scan(tmp_path / "ac.ibw")
    assert scan.roles["Amplitude1Retrace"] == "tapping amplitude 1"
    assert scan.default_channel == "HeightRetrace"
    assert any("no piezoresponse" in text for text in scan.warnings)


@pytest.mark.parametrize("name", ["SingFreqPFM_0003.gwy", "gwy_offset.gwy", "gwy_unit_powers.gwy"])
def test_a_container_against_an_independent_reader(scan_file, name):
    path = scan_file(name)
    ours, theirs = read_container(path.read_bytes()), gwyfile.load(str(path))
    assert set(ours) - {""} == set(theirs)
    for key, value in theirs.items():
        if key.endswith("/data") and hasattr(value, "get"):
            np.testing.assert_array_equal(ours[key]["data"], np.ravel(value["data"]))
            assert ours[key]["xres"] == value["xres"]
            assert ours[key]["yreal"] == value["yreal"]


@pytest.mark.parametrize("name", ["chip.gsf", "gsf_spaces.gsf"])
def test_a_simple_field_against_an_independent_reader(scan_file, name):
    values, _ = gsffile.read_gsf(str(scan_file(name)))
    found = corescout.read_scan(scan_file(name))
    np.testing.assert_allclose(found.channel(), values, rtol=1e-6)


def test_fields_of_one_size_and_other_places_are_scans_of_their_own(tmp_path, rng):
    container = gwyfile.objects.GwyContainer()
    for number, (title, left) in enumerate([("Height", 0.0), ("Amplitude", 5e-6), ("Phase", 5e-6)]):
        container[f"/{number}/data/title"] = title
        container[f"/{number}/data"] = gwyfile.objects.GwyDataField(
            rng.random((20, 30)), xreal=3e-6, yreal=2e-6, xoff=left, yoff=0.0,
            si_unit_xy=gwyfile.objects.GwySIUnit(unitstr="m"),
        )  # fmt: skip
    container.tofile(str(tmp_path / "a.gwy"))
    first, second = read_scans(tmp_path / "a.gwy")
    assert (list(first.channels), list(second.channels)) == (["Amplitude", "Phase"], ["Height"])
    np.testing.assert_allclose(first.frame.center_m, (6.5e-6, -1e-6))
    np.testing.assert_allclose(second.frame.center_m, (1.5e-6, -1e-6))

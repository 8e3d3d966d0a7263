"""Maps and scans that are written come back: by our readers and by those of others."""

import gsffile
import numpy as np
import pytest

import corescout
from corescout.exports import result_maps, write_gsf, write_nsid


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
    component = quick_result.mixture.assign(np.asarray(quick_result.fit.latents.mean)).argmax(1)
    expected = np.asarray(quick_result.type_of_component)[component]
    assert np.mean(at == expected) > 0.95  # key points within a pixel of another take its value
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

"""Formats whose files are rare here: values, units and place of real and of written files."""

from datetime import datetime

import numpy as np
import pytest
import tifffile
from nanonispy2.read import Spec

import corescout

# minimum, maximum, mean in nm, mV or degrees, of pySPM 0.6.3: for each channel
# image = pySPM.Bruker("di-3.di").get_channel(name); image.pixels.min(), .max(), .mean()
PYSPM = {
    "Height Sensor Trace": (-646.1143138838, 564.01630244078, -16.6612028600, 1e-9, "m"),
    "Amplitude Error Retrace": (-40.78611776733, 44.17351699829, -1.2372058167, 1e-3, "V"),
    "Phase Retrace": (-38.85255582428, -2.02694657135, -28.6615605536, 1.0, "deg"),
    "Height Retrace": (-1042.1134717685, 372.3698162606, -288.1432883287, 1e-9, "m"),
}
FIRST_LAST_NM = (64.3150486755908, 564.01630244078)  # its pixels [0, 0] and [255, 0], stored order


@pytest.mark.parametrize("name", PYSPM)
def test_bruker_values_agree_with_an_independent_reader(scan_file, name):
    scan = corescout.read_scan(scan_file("di-3.di"))
    low, high, mean, factor, unit = PYSPM[name]
    values = np.asarray(scan.channels[name], dtype=np.float64) / factor
    found = (values.min(), values.max(), values.mean())
    np.testing.assert_allclose(found, (low, high, mean), rtol=1e-5)
    assert scan.units[name] == unit


def test_bruker_rows_are_stored_from_below(scan_file):
    scan = corescout.read_scan(scan_file("di-3.di"))
    height = scan.channels["Height Sensor Trace"] * 1e9
    np.testing.assert_allclose((height[-1, 0], height[0, 0]), FIRST_LAST_NM, rtol=1e-5)
    np.testing.assert_allclose(scan.frame.size_m, 10e-6)
    assert scan.acquired_at == datetime(2014, 12, 15, 13, 33, 51)
    assert list(scan.roles) == ["Height Sensor Trace", "Phase Retrace", "Height Retrace"]


def nanoscope(path, pixels, stored_bytes, said_bytes, lsb_v):
    height, width = pixels.shape
    data = pixels.astype(f"<i{stored_bytes}").tobytes()
    header = f"""\\*File list
\\Date: 01:33:51 PM Mon Dec 15 2014
\\@Sens. Zsens: V 10.0 nm/V
\\*Ciao scan list
\\X Offset: 2000 nm
\\Rotate Ang.: 90
\\*Ciao image list
\\Data offset: 2048
\\Data length: {len(data)}
\\Bytes/pixel: {said_bytes}
\\Samps/line: {width}
\\Number of lines: {height}
\\Scan Size: 4 1 ~m
\\Line Direction: Trace
\\@2:Image Data: S [Height] "Height"
\\@2:Z scale: V [Sens. Zsens] ({lsb_v} V/LSB) 8.0 V
\\*File list end
\x1a"""
    path.write_bytes(header.replace("\n", "\r\n").encode("latin-1").ljust(2048, b"\0") + data)


@pytest.mark.parametrize(
    ("stored", "said", "lsb", "full"),
    [(2, 2, 8 / 2**16, 2**16), (4, 4, 8 / 2**32, 2**32), (4, 2, 8 / 2**32, 2**32),
     (4, 2, 8 / 2**16, 2**16)],
)  # fmt: skip
def test_bruker_pixels_of_four_bytes(tmp_path, rng, stored, said, lsb, full):
    pixels = rng.integers(-30000, 30000, (8, 32))
    nanoscope(tmp_path / "scan.007", pixels, stored, said, f"{lsb:.12f}")
    scan = corescout.read_scan(tmp_path / "scan.007")
    expected = np.flipud(pixels) * 8.0 / full * 10e-9
    np.testing.assert_allclose(scan.channels["Height Trace"], expected, rtol=1e-6)
    np.testing.assert_allclose(scan.frame.pitch_m, (125e-9, 125e-9))
    assert scan.frame.center_m == pytest.approx((2e-6, 0.0))
    assert any("unverified" in note for note in scan.frame.assumed)


def test_park_data_lie_as_their_preview_shows(scan_file):
    scan = corescout.read_scan(scan_file("example_ps.tiff"))
    preview = tifffile.imread(scan_file("example_ps.tiff")).astype(float)
    shown = np.corrcoef(scan.channel()[::2, ::2].ravel(), preview.ravel())[0, 1]
    assert shown > 0.95
    assert list(scan.channels) == ["Z Height"]
    assert scan.units == {"Z Height": "m"}
    assert 1e-9 < np.std(scan.channel()) < 1e-8
    np.testing.assert_allclose(scan.frame.size_m, 1e-6)
    assert scan.acquired_at == datetime(2022, 10, 15, 17, 7, 6)


def jpk_tags(name, retrace, factor):
    def text(code, value):
        return (code, 2, len(value) + 1, value, True)

    return [
        text(0x8050, name), (0x8051, 3, 1, retrace, True), (0x8080, 4, 1, 2, True),
        text(0x8081, "nominal"), text(0x8090, "volts"), text(0x80C0, "nominal"),
        text(0x80D2, "nm"), text(0x80D3, "LinearScaling"), (0x80D4, 12, 1, factor, True),
        (0x80D5, 12, 1, 1.0, True),
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", [".jpk", ".jpk-qi-image"])
def test_jpk_channels_are_scaled_by_their_default_slot(tmp_path, rng, suffix):
    height, phase = rng.integers(-1000, 1000, (2, 20, 30)).astype(np.int32)
    grid = [(0x8040 + i, 12, 1, v, True) for i, v in enumerate((1e-6, -2e-6, 3e-6, 2e-6, 0.5))]
    path = tmp_path / f"scan{suffix}"
    with tifffile.TiffWriter(path, byteorder=">") as file:
        file.write(np.zeros((8, 8, 3), np.uint8), photometric="rgb", extratags=grid)
        file.write(height, photometric="minisblack", extratags=jpk_tags("height", 0, 0.5))
        file.write(phase, photometric="minisblack", extratags=jpk_tags("phase", 1, 2.0))
    scan = corescout.read_scan(path)
    assert scan.directions == {"height Trace": "trace", "phase Retrace": "retrace"}
    expected = np.flipud(height * 0.5 + 1.0) * 1e-9
    np.testing.assert_allclose(scan.channels["height Trace"], expected, rtol=1e-5, atol=1e-15)
    np.testing.assert_allclose(scan.frame.size_m, (3e-6, 2e-6))
    assert scan.frame.center_m == (1e-6, -2e-6)
    assert scan.roles["height Trace"] == "topography"


def test_ome_tiff_has_names_and_a_scale(tmp_path, rng):
    stack = rng.random((2, 12, 16)).astype(np.float32)
    meta = {"axes": "CYX", "PhysicalSizeX": 20.0, "PhysicalSizeXUnit": "nm",
            "PhysicalSizeY": 10.0, "PhysicalSizeYUnit": "nm",
            "Channel": {"Name": ["Amplitude", "Phase"]}}  # fmt: skip
    tifffile.imwrite(tmp_path / "a.ome.tif", stack, metadata=meta)
    scan = corescout.read_scan(tmp_path / "a.ome.tif")
    assert scan.default_channel == "Amplitude"
    np.testing.assert_array_equal(scan.channels["Phase"], stack[1])
    np.testing.assert_allclose(scan.frame.pitch_m, (20e-9, 10e-9))


def test_a_partial_scan_says_how_many_lines_are_done(tmp_path, rng):
    image = rng.random((40, 30))
    image[25:] = np.nan
    np.save(tmp_path / "partial.npy", image)
    scan = corescout.read_scan(tmp_path / "partial.npy")
    assert scan.rows_done == 25
    assert "25 of 40 lines are scanned" in scan.warnings


DAT = """Experiment\tbias spectroscopy\t
Saved Date\t26.08.2018 17:24:54\t
X (m)\t-1.5E-6\t
Y (m)\t2.25E-7\t

[DATA]
Bias calc (V)\tCurrent (A)\tLI Demod 1 X (pA)
-1.0E+0\t1.0E-12\t1.0E+1
0.0E+0\t2.0E-12\t2.0E+1
1.0E+0\t3.0E-12\t3.0E+1
"""


def test_a_nanonis_spectrum(tmp_path):
    path = tmp_path / "Bias-Spectroscopy001.dat"
    path.write_text(DAT)
    found = corescout.read_measurement(path)
    foreign = Spec(str(path)).signals
    np.testing.assert_array_equal(found.axis, foreign["Bias calc (V)"])
    np.testing.assert_array_equal(found.channels["Current"], foreign["Current (A)"])
    np.testing.assert_allclose(found.channels["LI Demod 1 X"], (1e-11, 2e-11, 3e-11))
    assert (found.axis_name, found.axis_unit, found.xy_m) == ("Bias calc", "V", (-1.5e-6, 2.25e-7))
    assert found.acquired_at == datetime(2018, 8, 26, 17, 24, 54)


@pytest.mark.parametrize("end", ["1.0E+0\t3.0E-12\t3.0E+1\n", "3.0E-12\t3.0E+1\n", "+1\n"])
def test_a_spectrum_that_is_still_written_is_refused(tmp_path, end):
    (tmp_path / "a.dat").write_text(DAT.removesuffix(end))
    if end.startswith("1.0"):
        assert len(corescout.read_measurement(tmp_path / "a.dat").axis) == 2
        return
    with pytest.raises(corescout.InputError, match="incomplete"):
        corescout.read_measurement(tmp_path / "a.dat")

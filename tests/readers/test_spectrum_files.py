"""Spectra: Nanonis `.dat` and `.3ds`, Asylum force curves, SS-PFM with its bias waveform."""

import struct

import numpy as np
import pytest
from igor2 import binarywave
from nanonispy2.read import Grid, Spec

import corescout
from corescout.data import Measurement, Target
from corescout.gui.steps.instrument.loop_plot import loops_layer
from corescout.instruments.folder import FolderScans
from corescout.live.day.day_timeline import loops_by_type
from corescout.live.day.measured_table import add_rows, read_curves
from corescout.readers import read_spectrum_grid
from corescout.switching import loop_of, switching_loops

FORCE = b"\0;DataTypes:Raw,Amp;ExtendStart1:100;IsForce:1; 0100 Force"


def force_wave(path, columns, note, footer=b"", version=5):
    """Write an Igor wave of version 5, [point, column], with labelled columns."""
    names = list(columns)
    data = np.column_stack([columns[n] for n in names]).astype("<f4")
    n_points, n_columns = data.shape
    labels = b"".join(n.encode().ljust(32, b"\0") for n in ["", *names])
    text = note.encode("latin-1")
    wave = struct.pack("<IIIihh6sh32sii", 0, 0, 0, data.size, 2, 0, b"", 1, b"curve", 0, 0)
    wave += struct.pack("<4i", n_points, n_columns, 0, 0)
    wave += struct.pack("<8d", *([1.0] * 4 + [0.0] * 4))
    wave = wave.ljust(320, b"\0")
    sizes = [320 + data.nbytes, 0, len(text), 0, 0, 0, 0, 0, 0, len(labels), 0, 0, 0, 0, 0]
    head = struct.pack("<hh15i", version, 0, *sizes)
    total = np.frombuffer(head + wave, "<i2").sum(dtype=np.int64)
    head = struct.pack("<hh15i", version, int((-total + 2**15) % 2**16 - 2**15), *sizes)
    path.write_bytes(head + wave + data.tobytes("F") + text + labels + footer)


NOTE = "ScanSize: 2e-06\rXLVDT:7.15e-06\rYLVDT:-1.09e-06\rImagingMode:Contact\rIndexes: 0,50,99"


def test_a_force_curve_that_ends_in_force(tmp_path, rng):
    columns = {"Raw": np.linspace(0, 1e-6, 100), "Defl": rng.random(100), "ZSnsr": rng.random(100)}
    force_wave(tmp_path / "a.ibw", columns, NOTE, FORCE)
    found = corescout.read_measurement(tmp_path / "a.ibw")
    stored = binarywave.load(str(tmp_path / "a.ibw"))["wave"]["wData"]
    np.testing.assert_array_equal(found.axis, stored[:, 2])
    np.testing.assert_array_equal(found.channels["Defl"], stored[:, 1])
    assert (found.axis_name, found.xy_m) == ("ZSnsr", (7.15e-06, -1.09e-06))
    assert "warning 1" not in found.metadata


def test_an_asylum_curve_is_a_measurement_and_no_scan(tmp_path, rng):
    bias = np.sin(np.linspace(0, 6, 50))
    columns = {"Raw": rng.random(50), "Amp": rng.random(50), "Phase": rng.random(50), "Bias": bias}
    path = tmp_path / "Force0001.ibw"
    force_wave(path, columns, "XLVDT: 1.5e-6\rYLVDT: -2e-6\rDate: 2024-08-20\rTime: 8:30:46 AM")
    found = corescout.read_measurement(path)
    np.testing.assert_allclose(found.axis, bias, atol=1e-6)
    np.testing.assert_allclose(found.channels["Amp"], columns["Amp"], atol=1e-6)
    assert (found.axis_name, found.axis_unit, found.xy_m) == ("Bias", "V", (1.5e-6, -2e-6))
    assert found.units["Phase"] == "deg"
    with pytest.raises(corescout.InputError, match="measurements, not scans"):
        corescout.read_scan(path)


def test_an_image_is_no_measurement(scan_file):
    with pytest.raises(corescout.InputError, match="scan if it is an image"):
        corescout.read_measurement(scan_file("scan_0001.ibw"))


def test_a_curve_saved_again_without_its_footer_is_read_and_said(tmp_path):
    force_wave(tmp_path / "a.ibw", {"Raw": np.arange(50.0), "Defl": np.ones(50)}, NOTE)
    found = corescout.read_measurement(tmp_path / "a.ibw")
    assert "no footer" in found.metadata["warning 1"]


def test_a_curve_cut_within_its_footer_is_refused(tmp_path):
    force_wave(tmp_path / "a.ibw", {"Raw": np.arange(50.0)}, NOTE, FORCE[:-4])
    with pytest.raises(corescout.InputError, match="within its footer"):
        corescout.read_measurement(tmp_path / "a.ibw")


def test_points_at_the_end_that_were_not_measured_are_left_out(tmp_path):
    raw = np.arange(50.0)
    raw[40:] = np.nan
    force_wave(tmp_path / "a.ibw", {"Raw": raw, "Defl": raw}, NOTE, FORCE)
    assert len(corescout.read_measurement(tmp_path / "a.ibw").axis) == 40


def waveform(top_v=8.0, steps=40, points=25, rest_v=0.0):
    """Pulses that walk a triangle, each followed by a rest: the write bias, on or off, and V(t)."""
    write = np.concatenate([np.linspace(-top_v, top_v, steps // 2),
                            np.linspace(top_v, -top_v, steps // 2)])  # fmt: skip
    bias = np.repeat(np.stack([write, np.full(steps, rest_v)], axis=1).ravel(), points)
    return write, np.tile(np.repeat([True, False], points), steps), bias


def ss_pfm(path, rng, rest_v=0.0, size=1.0):
    """Write a curve that switches at 3 V and -3 V, with an electrostatic part on field."""
    write, on, bias = waveform(rest_v=rest_v)
    switched = np.repeat(np.where(np.gradient(write) > 0, write > 3, write > -3), 50)
    electrostatic = 0.05 * (bias - rest_v)
    response = size * (np.where(switched, 1.0, -1.0) + electrostatic) * np.exp(0.4j)
    columns = {"Raw": np.zeros(len(bias)), "Amp": np.abs(response),
               "Phase": np.rad2deg(np.angle(response)),
               "Bias": bias + 1e-3 * rng.standard_normal(len(bias))}  # fmt: skip
    force_wave(path, columns, NOTE, FORCE)
    return write, on, bias


@pytest.mark.parametrize("rest_v", [0.0, 1.5])
def test_ss_pfm_tells_on_field_from_off_field(tmp_path, rng, rest_v):
    write, on, bias = ss_pfm(tmp_path / "SSPFM0001.ibw", rng, rest_v)
    curve = corescout.read_measurement(tmp_path / "SSPFM0001.ibw")
    assert (curve.axis_name, curve.axis_unit) == ("Bias", "V")
    is_pulse = on & (np.abs(bias - rest_v) > 0.2)
    found = curve.channels["On field"] > 0.5
    assert np.mean(found == is_pulse) > 0.99
    loops = switching_loops(curve)
    np.testing.assert_allclose(loops["off field"].axis, write[np.abs(write - rest_v) > 0.2],
                               atol=0.01)  # fmt: skip
    off, both = (np.abs(loops[k].channels["response"]) for k in ("off field", "on field"))
    np.testing.assert_allclose(off, 1.0, atol=1e-2)  # no electrostatic part
    assert np.ptp(both) > 0.3
    assert next(iter(loops["off field"].channels)) == "response"


def test_a_watched_folder_takes_the_off_field_loop(tmp_path, rng, surface):
    (tmp_path / "scans").mkdir()
    for number in range(2):
        write, _, _ = ss_pfm(tmp_path / "scans" / f"SSPFM{number}.ibw", rng, size=1e-10)
    found = []

    def took(path, curve):
        found.append(curve)
        if len(found) == 2:
            watch.stop()

    watch = FolderScans(tmp_path / "scans", existing=True, poll_s=0.05, on_spectrum=took)
    assert list(watch) == []
    targets = [Target(f"t{i}", "scan", (30.0 + 40 * i, 50.0), (0.0, 0.0), 1, i + 1, "spectrum")
               for i in range(2)]  # fmt: skip
    for target, curve in zip(targets, found, strict=True):
        add_rows(tmp_path / "measurements.csv", target, curve)
    first, second = read_curves(tmp_path / "measurements.csv")[1]
    pulses = write[np.abs(write) > 0.2]
    for curve in (first, second):
        np.testing.assert_allclose(curve.axis, pulses, atol=0.01)
        np.testing.assert_allclose(np.abs(curve.channels["response"]), 1e-10, rtol=0.02)
        assert curve.units == {"response": "m"}
    assert not np.array_equal(first.axis, second.axis)  # the bias was measured, with its noise
    axes = loops_by_type({1: [first, second]}).axes[0]
    assert [line.get_label() for line in axes.lines] == ["type 1 (2)"]
    np.testing.assert_allclose(np.abs(axes.lines[0].get_ydata()), 100, rtol=0.02)
    assert np.ptp(np.abs(found[0].channels["response on field"])) > 0.3e-10
    assert found[0].xy_m == (7.15e-06, -1.09e-06)
    pieces = loops_layer(surface.scan, targets, dict(zip(("t0", "t1"), found, strict=True)))[0]
    assert len(pieces) == 2 * (len(pulses) - 1)


def test_a_swept_curve_is_its_own_loop():
    curve = Measurement(None, np.arange(3.0), "Bias", "V", {"Amp": np.ones(3)})
    assert loop_of(curve) is curve


@pytest.mark.parametrize("swept", ["triangle", "staircase", "constant"])
def test_a_swept_bias_has_no_pulses(tmp_path, swept):
    t = np.linspace(0, 1, 400)
    triangle = 8 * (1 - np.abs(4 * t - 2))
    bias = {"triangle": triangle, "staircase": np.round(triangle), "constant": 0 * t}[swept]
    force_wave(tmp_path / "a.ibw", {"Raw": t, "Amp": t, "Bias": bias}, NOTE, FORCE)
    curve = corescout.read_measurement(tmp_path / "a.ibw")
    assert "On field" not in curve.channels
    assert curve.axis_name == ("Raw" if swept == "constant" else "Bias")
    with pytest.raises(corescout.InputError, match="row of pulses"):
        switching_loops(curve)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_waves_of_old_versions_are_said_to_hold_no_image(tmp_path, version):
    force_wave(tmp_path / "a.ibw", {"Raw": np.arange(9.0)}, NOTE, version=version)
    for read in (corescout.read_scan, corescout.read_measurement):
        with pytest.raises(corescout.InputError, match=f"version {version}"):
            read(tmp_path / "a.ibw")


def test_a_nanonis_spectrum_with_an_empty_user(scan_file):
    path = scan_file("nanonis_empty_user.dat")
    found, foreign = corescout.read_measurement(path), Spec(str(path)).signals
    assert len(found.axis) == 21
    assert found.xy_m[0] == pytest.approx(33.767e-9)
    np.testing.assert_array_equal(found.axis, foreign["Bias calc (V)"])


@pytest.mark.parametrize(
    ("label", "expected"),
    [("Current (A)", ("Current", "A", 1.0)), ("Current [bwd] (nA)", ("Current [bwd]", "A", 1e-9)),
     ("LI Demod 1 X (V) [filt]", ("LI Demod 1 X [filt]", "V", 1.0)),
     ("Counter", ("Counter", "", 1))],
)  # fmt: skip
def test_columns_of_a_nanonis_spectrum(label, expected):
    from corescout.readers.nanonis_dat import column_of

    assert column_of(label) == expected


def grid(path, width, height, n_points, done=None, turned=False):
    """Write a `.3ds` with two channels; returns them (H, W, n) in stored order."""
    header = "\r\n".join([
        f'Grid dim="{width} x {height}"', "Grid settings=1E-7;-2E-7;9E-9;4E-9;0E+0",
        "Filetype=Linear", 'Sweep Signal="Bias (V)"', 'Fixed parameters="Sweep Start;Sweep End"',
        'Experiment parameters="X (m);Y (m);Z (m);Z offset (m);Settling time (s)"',
        "# Parameters (4 byte)=7", f"Experiment size (bytes)={8 * n_points}",
        f"Points={n_points}", 'Channels="Current (A);LI Demod 1 R (mV)"',
        "Delay before measuring (s)=0E+0", 'Experiment="Grid Spectroscopy"', 'User=""',
        'Start time="01.02.2023 10:11:12"', 'End time="01.02.2023 10:21:12"', 'Comment=""',
        ":HEADER_END:", ""])  # fmt: skip
    rng = np.random.default_rng(1)
    curves = rng.random((height, width, 2, n_points)).astype(">f4")
    y, x = np.mgrid[:height, :width].astype(float)
    places = 1e-7 + (x - (width - 1) / 2) * 1e-9, -2e-7 + (y - (height - 1) / 2) * 2e-9
    ends = np.full((2, height, width), [[[-3.0]], [[3.0]]])
    parameters = np.stack([*ends, *places, 0 * x, 0 * x, 0 * x], axis=-1).astype(">f4")
    points = np.concatenate([parameters, curves.reshape(height, width, -1)], axis=-1)
    points = points.astype(">f4")
    path.write_bytes(header.encode() + points.reshape(width * height, -1)[:done].tobytes())
    return curves


def test_a_nanonis_grid_against_an_independent_reader(tmp_path):
    path = tmp_path / "Grid001.3ds"
    grid(path, 10, 5, 16)
    foreign = Grid(str(path)).signals
    found = read_spectrum_grid(path)
    np.testing.assert_array_equal(found.response, foreign["Current (A)"][::-1])
    np.testing.assert_allclose(found.axis, foreign["sweep_signal"], atol=1e-6)
    assert (found.axis_name, found.axis_unit, found.unit) == ("bias", "V", "A")
    np.testing.assert_allclose(found.frame.pitch_m, (1e-9, 2e-9), rtol=1e-3)
    assert found.frame.center_m == (1e-7, -2e-7)
    other = read_spectrum_grid(path, "LI Demod 1 R")
    np.testing.assert_allclose(other.response, foreign["LI Demod 1 R (mV)"][::-1] * 1e-3, rtol=1e-6)
    with pytest.raises(corescout.InputError, match="Current, LI Demod 1 R"):
        read_spectrum_grid(path, "Phase")


def test_points_of_a_grid_that_were_not_measured_are_missing(tmp_path):
    curves = grid(tmp_path / "a.3ds", 10, 5, 16, done=23)
    found = read_spectrum_grid(tmp_path / "a.3ds")
    assert np.isfinite(found.response).all(axis=2).sum() == 23
    np.testing.assert_array_equal(
        found.response[-1], curves[0, :, 0]
    )  # the first row is the lowest
    assert np.isnan(found.response[0]).all()


def test_a_grid_cut_within_a_point_is_refused(tmp_path):
    grid(tmp_path / "a.3ds", 10, 5, 16)
    whole = (tmp_path / "a.3ds").read_bytes()
    (tmp_path / "a.3ds").write_bytes(whole[:-20])
    with pytest.raises(corescout.InputError, match="whole points"):
        read_spectrum_grid(tmp_path / "a.3ds")

"""Names, units and values of the channels of real files and of arrays."""

import os

import numpy as np
import pytest
import tifffile

import corescout

# file -> shape, default channel, its unit, all channels
FILES = {
    "scan_0001.ibw": (
        (256, 256), "Amplitude1Retrace", "m",
        ["HeightRetrace", "Amplitude1Retrace", "Amplitude2Retrace", "Phase1Retrace",
         "Phase2Retrace", "FrequencyRetrace"],
    ),
    "PZT_final0001.h5": (
        (256, 256), "AmplitudeRetrace", "m",
        ["HeightRetrace", "AmplitudeRetrace", "NapAmplitudeRetrace", "DeflectionRetrace",
         "PhaseRetrace", "NapPhaseRetrace", "UserIn0Retrace",
         "NapUserIn0Retrace"],
    ),
    "PZT_thick0009.h5": (
        (128, 256), "AmplitudeRetrace", "m",
        ["HeightRetrace", "AmplitudeRetrace", "NapAmplitudeRetrace", "DeflectionRetrace",
         "PhaseRetrace", "NapPhaseRetrace", "UserIn0Retrace",
         "NapUserIn0Retrace"],
    ),
    "SingFreqPFM_0003_usid.h5": (
        (128, 128), "AmplitudeRetrace", "m",
        ["HeightRetrace", "AmplitudeRetrace", "DeflectionRetrace", "PhaseRetrace"],
    ),
}  # fmt: skip


NANONIS = ["Z", "Input_4", "Current", "Phase", "Amplitude", "Frequency_Shift", "Excitation",
           "LIX_1_omega", "LIY_1_omega"]  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_channels_of_a_real_file(scan_file, name):
    scan = corescout.read_scan(scan_file(name))
    shape, default, unit, channels = FILES[name]
    assert (scan.shape_px, scan.default_channel, scan.units[default]) == (shape, default, unit)
    assert list(scan.channels) == channels
    assert all(np.isfinite(values).all() for values in scan.channels.values())
    assert all(d == "retrace" for d in scan.directions.values())
    phase = next(n for n in channels if n.startswith("Phase"))
    assert scan.units[phase] == "deg"


@pytest.mark.parametrize("other_name", ["SingFreqPFM_0003_usid_igor.h5", "SingFreqPFM_0003.gwy"])
def test_translators_of_one_scan_give_the_same_arrays(scan_file, other_name):
    one = corescout.read_scan(scan_file("SingFreqPFM_0003_usid.h5"))
    other = corescout.read_scan(scan_file(other_name))
    assert list(one.channels) == list(other.channels)
    assert one.units == other.units
    for name in one.channels:
        np.testing.assert_allclose(one.channels[name], other.channels[name], atol=0, rtol=1e-5)


def test_translators_of_one_scan_disagree_on_the_pitch_and_say_their_rule(scan_file):
    names = ["SingFreqPFM_0003_usid.h5", "SingFreqPFM_0003_usid_igor.h5", "SingFreqPFM_0003.gwy"]
    frames = [corescout.read_scan(scan_file(name)).frame for name in names]
    pitch = [frame.pitch_m[0] for frame in frames]
    # size / N of the Gwyddion field; size / (N - 1) where positions were written as end points
    assert sorted(round(p / min(pitch), 4) for p in pitch) == [1.0, 1.0, round(128 / 127, 4)]
    assert all(any("pitch" in note for note in frame.assumed) for frame in frames)


def test_channels_cannot_be_changed(scan_file):
    scan = corescout.read_scan(scan_file("PZT_final0001.h5"))
    with pytest.raises(ValueError, match="read-only"):
        scan.channels["AmplitudeRetrace"][0, 0] = 1


@pytest.mark.parametrize("suffix", [".npy", ".tif"])
def test_an_array_has_no_scale_unless_it_is_given(tmp_path, suffix, rng):
    path = tmp_path / f"probe ü{suffix}"
    values = rng.standard_normal((30, 40)).astype(np.float32)
    np.save(path, values) if suffix == ".npy" else tifffile.imwrite(path, values)
    plain = corescout.read_scan(path)
    np.testing.assert_array_equal(plain.channel(), values)
    assert plain.frame is None
    scaled = corescout.read_scan(path, pixel_size_m=1e-8)
    assert scaled.frame.pitch_m == (1e-8, 1e-8)


def test_a_stack_has_one_channel_for_each_plane(tmp_path, rng):
    path = tmp_path / "stack.npy"
    np.save(path, rng.standard_normal((3, 20, 25)))
    assert len(corescout.read_scan(path).channels) == 3


def test_nanonis_against_an_independent_reader(scan_file):
    import nanonispy2

    path = scan_file("A151216.123306-02602.sxm")
    scan = corescout.read_scan(path)
    reference = nanonispy2.read.Scan(str(path))
    assert list(scan.channels) == [f"{n}{d}" for n in NANONIS for d in ("Trace", "Retrace")]
    for name in NANONIS:
        forward, backward = (reference.signals[name][d] for d in ("forward", "backward"))
        np.testing.assert_array_equal(scan.channels[f"{name}Trace"], forward[::-1])
        np.testing.assert_array_equal(scan.channels[f"{name}Retrace"], backward[::-1, ::-1])
    assert (scan.units["ZTrace"], scan.units["PhaseTrace"]) == ("m", "deg")
    # its lock-in demodulates the current, its amplitude is the oscillation controller's
    assert scan.roles["LIX_1_omegaTrace"] == "lock-in in-phase"
    assert scan.roles["AmplitudeTrace"] == "tapping amplitude"
    assert scan.default_channel == "ZTrace"
    np.testing.assert_allclose(scan.frame.size_m, 2e-9)
    np.testing.assert_allclose(scan.frame.center_m, (-3.335099e-7, -3.124986e-7))


def test_a_simple_field_has_its_size_and_unit(scan_file):
    scan = corescout.read_scan(scan_file("chip.gsf"))
    assert (scan.shape_px, scan.units) == ((300, 300), {"Topography": "m"})
    np.testing.assert_allclose(scan.frame.size_m, 8e-5)


def test_an_archive_has_a_channel_for_each_image(tmp_path, rng):
    path = tmp_path / "a.npz"
    np.savez(path, amplitude=rng.random((20, 30)), phase=rng.random((20, 30)))
    assert list(corescout.read_scan(path).channels) == ["amplitude", "phase"]


def test_single_images_have_one_name_so_that_a_run_goes_on_to_the_next_file(tmp_path, rng):
    for name in ("first.npy", "second.npy"):
        np.save(tmp_path / name, rng.random((20, 20)))
    tifffile.imwrite(tmp_path / "third.tif", rng.random((20, 20)))
    names = {tuple(corescout.read_scan(path).channels) for path in tmp_path.iterdir()}
    assert names == {("image",)}


def test_three_planes_of_numbers_are_no_colour_picture(tmp_path, rng):
    stack = rng.random((3, 20, 30)).astype(np.float32)
    tifffile.imwrite(tmp_path / "stack.tif", stack, photometric="rgb", planarconfig="separate")
    scan = corescout.read_scan(tmp_path / "stack.tif")
    np.testing.assert_array_equal(np.stack(list(scan.channels.values())), stack)


def test_values_that_are_too_large_are_missing_and_said(tmp_path, rng):
    values = rng.random((20, 20))
    values[3, 4], values[5, 6] = np.inf, 1e300
    np.save(tmp_path / "a.npy", values)
    scan = corescout.read_scan(tmp_path / "a.npy")
    assert np.isnan(scan.channel()[[3, 5], [4, 6]]).all()
    assert np.isnan(scan.channel()).sum() == 2
    assert "missing" in scan.warnings[0]


@pytest.mark.parametrize("rest", [np.nan, 0.0, -3.5])
@pytest.mark.parametrize("first", [0, 12])
def test_lines_that_were_not_scanned_are_missing_whatever_fills_them(tmp_path, rng, rest, first):
    values = rng.random((20, 30))
    values[first : first + 8] = rest
    np.save(tmp_path / "a.npy", values)
    scan = corescout.read_scan(tmp_path / "a.npy")
    assert scan.rows_done == 12
    assert np.isnan(scan.channel()[first : first + 8]).all()
    assert "12 of 20" in scan.warnings[0]


def test_flat_lines_inside_or_at_both_edges_are_no_partial_scan(tmp_path, rng):
    for flat in ([9, 10], [0, 1, 18, 19], [19], [7, 18, 19]):
        values = rng.random((20, 30))
        values[flat] = 1.0
        np.save(tmp_path / "a.npy", values)
        scan = corescout.read_scan(tmp_path / "a.npy")
        assert scan.rows_done is None
        assert np.isfinite(scan.channel()).all()


def test_a_phase_in_radians_becomes_degrees(tmp_path, rng):
    amplitude, phase = rng.random((20, 20)), rng.uniform(-np.pi, np.pi, (20, 20))
    np.savez(tmp_path / "rad.npz", Amplitude=amplitude, Phase=phase)
    np.savez(tmp_path / "deg.npz", Amplitude=amplitude, Phase=np.rad2deg(phase))
    rad, deg = (corescout.read_scan(tmp_path / f"{n}.npz") for n in ("rad", "deg"))
    np.testing.assert_allclose(rad.channels["Phase"], deg.channels["Phase"], rtol=1e-5)
    assert rad.units["Phase"] == deg.units["Phase"] == "deg"
    assert (len(rad.warnings), len(deg.warnings)) == (1, 0)
    assert deg.default_channel == "Amplitude"


def test_a_name_that_is_no_text_is_read_and_can_be_written(tmp_path, rng):
    path = tmp_path / os.fsdecode(b"50_\xb5m.npy")
    try:
        np.save(path, rng.random((20, 20)))
    except OSError:
        pytest.skip("this system's names are text")
    scan = corescout.read_scan(path)
    assert scan.uid.encode()
    assert scan.source.encode()

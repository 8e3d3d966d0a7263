"""Names, units and values of the channels of real files and of arrays."""

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

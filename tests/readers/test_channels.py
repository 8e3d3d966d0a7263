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


def test_two_translators_of_one_scan_give_the_same_arrays(scan_file):
    one = corescout.read_scan(scan_file("SingFreqPFM_0003_usid.h5"))
    other = corescout.read_scan(scan_file("SingFreqPFM_0003_usid_igor.h5"))
    assert list(one.channels) == list(other.channels)
    for name in one.channels:
        np.testing.assert_allclose(one.channels[name], other.channels[name], atol=0, rtol=1e-6)


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

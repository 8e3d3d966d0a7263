"""Small files with one property each: what is right for each stands in their README."""

from datetime import datetime

import numpy as np
import pytest

import corescout
from corescout.readers.registry import read_scans
from corescout.response import derivable

LOW, HIGH = -1.515e-6, 1.650e-6  # of Height in the Bruker files

# file -> size in um, centre in um, angle in degrees
BRUKER = {
    "bruker_rotate_90deg.spm": ((10, 10), (0.264649, -0.280272), 90.0),
    "bruker_v531_lowercase.001": ((15, 15), (1.0, -2.0), 0.0),
    "bruker_aspect_2to1.spm": ((10, 5), (0.264649, -0.280272), 0.0),
    "bruker_ec_file_list.003": ((2, 2), (0.264649, -0.280272), 0.0),
    "bruker_one_size_um.spm": ((2, 2), (0.264649, -0.280272), 0.0),
    "bruker_exponent_scale.spm": ((1, 1), (0.264649, -0.280272), 0.0),
    "bruker_size_two_um.spm": ((2.5, 2.5), (0.264649, -0.280272), 0.0),
    "bruker_says2_stores4.spm": ((1, 1), (0.264649, -0.280272), 0.0),
}


@pytest.mark.parametrize("name", BRUKER)
def test_bruker_frames(scan_file, name):
    size_um, centre_um, angle_deg = BRUKER[name]
    scan = corescout.read_scan(scan_file(name))
    np.testing.assert_allclose(np.array(scan.frame.size_m) * 1e6, size_um, rtol=1e-9)
    np.testing.assert_allclose(np.array(scan.frame.center_m) * 1e6, centre_um, rtol=1e-9)
    assert np.rad2deg(scan.frame.angle_rad) == pytest.approx(angle_deg, abs=0.005)
    height = next(v for n, v in scan.channels.items() if "Height" in n)
    np.testing.assert_allclose((height.min(), height.max()), (LOW, HIGH), atol=1e-9)


def test_pixels_of_an_aspect_ratio_are_square(scan_file):
    frame = corescout.read_scan(scan_file("bruker_aspect_2to1.spm")).frame
    assert frame.pitch_m[0] == pytest.approx(frame.pitch_m[1])


def test_bruker_scales_that_are_no_volts(scan_file):
    scan = corescout.read_scan(scan_file("bruker_log_modulus_and_potential.spm"))
    units = {n.removesuffix(" Trace"): u for n, u in scan.units.items()}
    assert units == {
        "LogDMTModulus": "log(Pa)", "Potential": "V", "Adhesion": "N", "DMTModulus": "Pa"
    }  # fmt: skip
    log = scan.channels["LogDMTModulus Trace"]
    np.testing.assert_allclose((log.min(), log.max()), (-7.344, 8.0), atol=1e-3)
    np.testing.assert_allclose(scan.channels["DMTModulus Trace"].max(), 2.048e9, rtol=1e-6)
    assert any("logarithms" in text for text in scan.warnings)


def test_bruker_piezoresponse(scan_file):
    scan = corescout.read_scan(scan_file("bruker_pfm_channels.spm"))
    assert scan.default_channel == "PR Amplitude Trace"
    assert scan.roles["PR Amplitude Trace"] == "amplitude"
    assert scan.roles["PR Phase Trace"] == "phase"
    assert (scan.units["PR Amplitude Trace"], scan.units["PR Phase Trace"]) == ("V", "deg")
    assert derivable(scan)["PR ACosPhase Trace"] == ("PR Amplitude Trace", "PR Phase Trace")


def test_bruker_lines_beyond_the_valid_ones_are_missing(scan_file):
    scan = corescout.read_scan(scan_file("bruker_valid_24_of_64.spm"))
    assert scan.rows_done == 24
    assert np.isfinite(scan.channel()[:24]).all()  # the frame goes down
    assert np.isnan(scan.channel()[24:]).all()


def test_latin_1_in_a_gwyddion_file(scan_file):
    scan = corescout.read_scan(scan_file("gwy_latin1_title_and_unit.gwy"))
    assert scan.default_channel.startswith("Amplitude")
    assert (scan.units[scan.default_channel], scan.roles[scan.default_channel]) == (
        "V", "amplitude",
    )  # fmt: skip
    assert np.ptp(scan.channel()) == pytest.approx(3.3102944e-09 * 1e-6, rel=1e-5)


def test_fields_of_several_sizes_are_all_offered_and_the_piezoresponse_first(scan_file):
    path = scan_file("gwy_first_channel_smaller.gwy")
    scan = corescout.read_scan(path)
    assert (scan.default_channel, list(scan.channels)) == ("Amplitude", ["Amplitude", "Phase"])
    assert scan.shape_px == (48, 64)
    assert any("'Crop of Height' (32 x 32 px)" in text for text in scan.warnings)
    assert corescout.read_scan(path, channel="Crop of Height").shape_px == (32, 32)
    assert [list(s.channels) for s in read_scans(path)] == [
        ["Amplitude", "Phase"], ["Crop of Height"],
    ]  # fmt: skip


def test_titles_that_repeat_are_no_pairs_of_dart(scan_file):
    scan = corescout.read_scan(scan_file("gwy_duplicate_titles.gwy"))
    assert list(scan.channels) == ["Amplitude", "Amplitude 2", "Amplitude 3"]
    assert set(scan.roles.values()) == {"amplitude"}


# file -> names of the channels, size in um (None: no scale), centre in um
PLAIN = {
    "gwy_no_units.gwy": (["Height"], None, None),
    "gwy_no_title.gwy": (["Channel0", "Channel3"], (2, 1.5), (1, -0.75)),
    "gwy_unit_powers.gwy": (["Height", "d33"], (2, 1.5), (1, -0.75)),
    "gwy_offset.gwy": (["Height"], (2, 1.5), (2, -3.75)),
    "gsf_comment_equals.gsf": (["Height"], (2, 1.5), (1, -0.75)),
    "gsf_spaces.gsf": (["PFM Amplitude"], (2, 1.5), (1, -0.75)),
    "gsf_no_real.gsf": (["image"], None, None),
    "gsf_nan_offset.gsf": (["Phase °"], (2, 1.5), (2, 2.25)),
}


@pytest.mark.parametrize("name", PLAIN)
def test_gwyddion_files_as_their_names_say(scan_file, name):
    names, size_um, centre_um = PLAIN[name]
    scan = corescout.read_scan(scan_file(name))
    assert list(scan.channels) == names
    if size_um is None:
        assert scan.frame is None
        return
    np.testing.assert_allclose(np.array(scan.frame.size_m) * 1e6, size_um)
    np.testing.assert_allclose(np.array(scan.frame.center_m) * 1e6, centre_um)


def test_units_with_powers(scan_file):
    scan = corescout.read_scan(scan_file("gwy_unit_powers.gwy"))
    assert scan.units == {"Height": "m", "d33": "m/V"}
    np.testing.assert_allclose(scan.channels["d33"], scan.channels["Height"] * 1e-3, rtol=1e-5)


def test_a_comment_with_an_equals_sign(scan_file):
    scan = corescout.read_scan(scan_file("gsf_comment_equals.gsf"))
    assert scan.metadata["Comment"] == "a=b; c=d"


def test_a_container_of_spectra_holds_no_image(scan_file):
    with pytest.raises(corescout.InputError, match="an image in the container"):
        corescout.read_scan(scan_file("gwy_only_spectra.gwy"))


IBW = ["ibw_big_endian.ibw", "ibw_little_endian.ibw", "ibw_float64.ibw"]


@pytest.mark.parametrize("name", IBW)
def test_igor_waves_of_every_order_and_precision(scan_file, name):
    scan = corescout.read_scan(scan_file(name))
    one = corescout.read_scan(scan_file(IBW[0]))
    for channel, values in one.channels.items():
        np.testing.assert_allclose(scan.channels[channel], values, rtol=1e-6)
    assert scan.default_channel == "AmplitudeRetrace"
    assert scan.acquired_at == datetime(2023, 9, 9, 14, 26, 32)
    np.testing.assert_allclose(scan.frame.center_m, (1e-6, -5e-7))


@pytest.mark.parametrize("fill", ["const", "nan", "zero"])
def test_igor_waves_of_a_scan_underway(scan_file, fill):
    scan = corescout.read_scan(scan_file(f"ibw_partial_{fill}_lines.ibw"))
    assert scan.rows_done == 38
    assert all(np.isnan(v).sum() == 640 for v in scan.channels.values())


def test_one_lost_line_is_no_scan_underway(scan_file):
    scan = corescout.read_scan(scan_file("ibw_one_lost_line.ibw"))
    assert scan.rows_done is None
    assert np.isnan(scan.channel()).sum() == 64


def test_lateral_channels_are_pairs_of_their_own(scan_file):
    scan = corescout.read_scan(scan_file("ibw_lateral_and_mod.ibw"))
    assert scan.roles["LatAmplitudeRetrace"] == "amplitude lateral"
    assert derivable(scan)["LatACosPhaseRetrace"] == ("LatAmplitudeRetrace", "LatPhaseRetrace")
    assert scan.default_channel == "AmplitudeRetrace"


def test_labels_that_repeat_and_labels_of_the_user(scan_file):
    scan = corescout.read_scan(scan_file("ibw_duplicate_labels.ibw"))
    assert list(scan.channels)[3:] == [
        "HeightRetrace (3)", "AmplitudeRetrace (4)", "PhaseRetrace (5)",
    ]  # fmt: skip
    assert scan.units["AmplitudeRetrace (4)"] == "m"
    scan = corescout.read_scan(scan_file("ibw_user_labels.ibw"))
    assert scan.default_channel == "PFM AmpTrace"
    assert "UserCalcTrace" not in scan.roles


def test_a_decimal_comma_is_said(scan_file):
    scan = corescout.read_scan(scan_file("ibw_note_comma.ibw"))
    assert any("XOffset" in t and "1,5e-06" in t for t in scan.warnings)
    assert any("XOffset" in t for t in scan.frame.assumed)
    assert scan.frame.center_m[1] == pytest.approx(-5e-7)


def test_an_unknown_form_of_date_is_no_time_and_no_error(scan_file):
    assert corescout.read_scan(scan_file("ibw_note_time_german.ibw")).acquired_at is None


SXM = {
    "sxm_gap_newline.sxm": None, "sxm_gap_none.sxm": None, "sxm_multiline_comment.sxm": None,
    "sxm_nonsquare_angle.sxm": None, "sxm_partial.sxm": 28, "sxm_forward_only_lsb.sxm": None,
}  # fmt: skip


@pytest.mark.parametrize("name", SXM)
def test_nanonis_scans(scan_file, name):
    scan = corescout.read_scan(scan_file(name))
    assert (scan.shape_px, scan.rows_done) == ((48, 64), SXM[name])
    assert scan.roles["ZTrace"] == "topography"
    np.testing.assert_allclose(scan.frame.size_m, (2e-6, 1.5e-6))
    assert np.rad2deg(scan.frame.angle_rad) == pytest.approx(30)
    z = scan.channels["ZTrace"]
    assert np.nanmax(z) == pytest.approx(1.7258864e-9, rel=1e-5)


def test_the_passes_of_a_line_are_kept_apart(scan_file):
    scan = corescout.read_scan(scan_file("sxm_multipass.sxm"))
    assert scan.roles["[P1]_ZTrace"] == "topography"
    assert scan.roles["[P2]_ZTrace"] == "pass 2 topography"


def test_the_lock_in_of_a_nanonis_scan(scan_file):
    scan = corescout.read_scan(scan_file("sxm_lockin_pfm.sxm"))
    assert scan.roles["LI_Demod_1_RTrace"] == "amplitude"
    assert scan.roles["LI_Demod_1_PhiTrace"] == "phase"
    assert scan.default_channel == "LI_Demod_1_RTrace"
    assert "LI_Demod_1_RTrace" in {pair[0] for pair in derivable(scan).values()}


def test_strips_counted_in_bits_are_read_as_others_read_them(scan_file):
    from PIL import Image

    path = scan_file("tif_bytecounts_in_bits.tif")
    with Image.open(path) as image:
        np.testing.assert_array_equal(corescout.read_scan(path).channel(), np.asarray(image))


def test_arrays(scan_file):
    big = corescout.read_scan(scan_file("npy_big_endian_f8.npy")).channel()
    np.testing.assert_array_equal(big, corescout.read_scan(scan_file("npy_fortran.npy")).channel())
    for name in ("npy_complex.npy", "npy_hwc.npy"):
        with pytest.raises(corescout.InputError):
            corescout.read_scan(scan_file(name))


def test_a_phase_that_spans_five_degrees_stays_in_degrees(scan_file):
    small = corescout.read_scan(scan_file("npz_degrees_small.npz"))
    stored = np.load(scan_file("npz_degrees_small.npz"))["Phase"]
    np.testing.assert_allclose(small.channels["Phase"], stored, rtol=1e-6)
    assert any("taken as degrees" in text for text in small.warnings)
    radians = corescout.read_scan(scan_file("npz_radians.npz"))
    assert np.ptp(radians.channels["Phase"]) == pytest.approx(180, rel=0.01)


def test_every_case_is_read_or_refused_with_a_remedy(data_dir):
    refused = {"gwy_only_spectra.gwy", "npy_complex.npy", "npy_hwc.npy"}
    found = set()
    for path in sorted((data_dir / "cases").iterdir()):
        if path.suffix in (".md", ".dat"):
            continue
        try:
            corescout.read_scan(path)
        except corescout.InputError:
            found.add(path.name)
    assert found == refused

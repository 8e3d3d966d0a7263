"""Files of known kinds as other programs and settings write them."""

from datetime import datetime

import gwyfile
import h5py
import numpy as np
import pytest
import tifffile

import corescout
from corescout.readers.channels import direction_of, si_value
from corescout.readers.registry import read_scans
from corescout.readers.roles import role_of

SHAPE = (12, 20)


def changed(path, source, *pairs):
    """Write a copy of a file with some of its header changed."""
    content = source.read_bytes()
    for old, new in pairs:
        assert old in content, old
        content = content.replace(old, new)
    path.write_bytes(content)
    return path


def changed_bruker(path, source, *pairs):
    """Write a copy with some of its header changed: the images stay where they are."""
    head, _, rest = source.read_bytes().partition(b"\x1a")
    place = len(head) + 1
    for old, new in pairs:
        assert old in head, old
        head = head.replace(old, new)
    path.write_bytes((head + b"\x1a").ljust(16384, b"\0") + rest[16384 - place :])
    return path


# -- names and units ------------------------------------------------------------------------

NAMES = {
    "Amplitude (Retrace)": ("amplitude", "retrace"),
    "Phase [Trace]": ("phase", "trace"),
    "LI_Demod_1_R (Forward)": ("amplitude", "trace"),
    "LI Demod 1 Phi [Backward]": ("phase", "retrace"),
    "LI_Demod_1_RTrace": ("amplitude", "trace"),
    "Current [bwd]": ("current", "retrace"),
    "height_trace": ("topography", "trace"),
    "Piezo response phase": ("phase", None),
    "IP Amplitude": ("amplitude lateral", None),
    "Out-of-plane phase": ("phase", None),
    "In-plane phase": ("phase lateral", None),
    "2nd harmonic amplitude": ("amplitude harmonic 2", None),
    "Lock-in 2 Amplitude": ("amplitude demodulator 2", None),
    "PFM X": ("in-phase", None),
    "amplitude_pm": ("amplitude", None),
    "Topo": ("topography", None),
    "Contrace": ("", None),
}


@pytest.mark.parametrize("name", NAMES)
def test_names_with_directions_units_and_other_words(name):
    assert (role_of(name), direction_of(name)) == NAMES[name]


@pytest.mark.parametrize(
    ("unit", "factor", "si"),
    [("mrad", 0.18 / np.pi, "deg"), ("Deg", 1.0, "deg"), ("\u00c2\u00b0", 1.0, "deg"),
     ("mdeg", 1e-3, "deg"), ("cm", 1e-2, "m"), ("TPa", 1e12, "Pa"), ("aN", 1e-18, "N"),
     ("\u212b", 1e-10, "m"), ("min", 1.0, "min")],
)  # fmt: skip
def test_units_that_are_seldom(unit, factor, si):
    assert si_value(unit) == (pytest.approx(factor), si)


# -- several sizes --------------------------------------------------------------------------


def test_hdf5_of_several_sizes(tmp_path, rng):
    survey, small = rng.random((30, 40)), rng.random(SHAPE)
    images = [("HeightRetrace", survey), ("HeightRetrace", small), ("AmplitudeRetrace", small)]
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for k, (name, image) in enumerate(images):
            group = file.create_group(f"Measurement_000/Channel_{k:03d}/a")
            data = group.create_dataset("a", data=np.flipud(image).T)
            data.attrs["DIMENSION_LABELS"] = np.array(["x", "y"], dtype=h5py.string_dtype())
            data.attrs["quantity"] = name
            for axis, n in zip("xy", image.shape[::-1], strict=True):
                group.create_dataset(axis, data=np.arange(n) * 2e-8).attrs["units"] = "m"
    first, second = read_scans(tmp_path / "a.h5")
    assert first.default_channel == "AmplitudeRetrace"
    np.testing.assert_allclose(first.channel(), small, rtol=1e-6)
    np.testing.assert_allclose(second.channel(), survey, rtol=1e-6)
    np.testing.assert_allclose(second.frame.size_m, (8e-7, 6e-7))
    assert any("40 x 30 px" in text for text in first.warnings)
    (other,) = second.channels
    assert other not in first.channels
    chosen = corescout.read_scan(tmp_path / "a.h5", channel=other)
    assert chosen.shape_px == survey.shape


def test_jpk_of_several_sizes(tmp_path, rng):
    large, small = (rng.integers(-99, 99, s).astype(np.int32) for s in ((24, 30), SHAPE))

    def tags(name):
        return [(0x8050, 2, len(name) + 1, name, True), (0x8051, 3, 1, 0, True)]

    grid = [(0x8040 + i, 12, 1, v, True) for i, v in enumerate((1e-6, -2e-6, 3e-6, 2e-6, 0.0))]
    with tifffile.TiffWriter(tmp_path / "a.jpk", byteorder=">") as file:
        file.write(np.zeros((8, 8, 3), np.uint8), photometric="rgb", extratags=grid)
        for name, image in (("height", large), ("height", small), ("Lock-In Amplitude", small)):
            file.write(image, photometric="minisblack", extratags=tags(name))
    first, second = read_scans(tmp_path / "a.jpk")
    assert first.default_channel == "Lock-In Amplitude Trace"
    np.testing.assert_array_equal(first.channel(), np.flipud(small))
    np.testing.assert_array_equal(second.channel(), np.flipud(large))
    np.testing.assert_allclose(second.frame.pitch_m, (3e-6 / 30, 2e-6 / 24))
    assert corescout.read_scan(
        tmp_path / "a.jpk", channel=next(iter(second.channels))
    ).shape_px == (24, 30)


@pytest.mark.parametrize("labels", ["xy", "XY"])
def test_labels_of_hdf5_in_capitals_and_numbers_that_are_complex(tmp_path, rng, labels):
    image = rng.random(SHAPE)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset("g/a", data=np.flipud(image).T)
        other = file.create_dataset("g/b", data=np.flipud(image).T * 1j)
        for item in (data, other):
            item.attrs["DIMENSION_LABELS"] = np.array(list(labels), dtype=h5py.string_dtype())
        for axis, n in zip(labels, SHAPE[::-1], strict=True):
            file.create_dataset(f"g/{axis}", data=np.arange(n) * 2e-8).attrs["units"] = "m"
    scan = corescout.read_scan(tmp_path / "a.h5")
    assert list(scan.channels) == ["a"]
    np.testing.assert_allclose(scan.channel(), image, rtol=1e-6)
    np.testing.assert_allclose(scan.frame.pitch_m, (2e-8, 2e-8))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("options", [{"ome": True}, {"bigtiff": True}, {"byteorder": ">"}])
def test_a_tiff_of_several_pages_that_is_cut_is_refused(tmp_path, rng, share, options):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path, **options) as file:
        for shape in ((30, 40), (2, *SHAPE)):
            file.write(rng.random(shape).astype("f4"), photometric="minisblack")
    assert len(read_scans(path)) == 2
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(corescout.InputError):
        corescout.read_scan(path)


def test_objects_in_an_archive_are_left_alone(tmp_path, rng):
    np.savez(tmp_path / "a.npz", amplitude=rng.random(SHAPE), about=np.array([{}], dtype=object))
    scan = corescout.read_scan(tmp_path / "a.npz")
    assert list(scan.channels) == ["amplitude"]
    assert "about (objects)" in scan.warnings[0]


def test_pages_and_series_of_several_sizes(tmp_path, rng):
    survey, stack = rng.random((30, 40)).astype("f4"), rng.random((2, *SHAPE)).astype("f4")
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(survey)
        file.write(stack[0])
    shapes = {s.shape_px for s in read_scans(tmp_path / "a.tif")}
    assert shapes == {(30, 40), SHAPE}
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as file:
        file.write(survey, metadata={"axes": "YX"})
        named = {"axes": "CYX", "Channel": {"Name": ["Amplitude", "Phase"]}}
        file.write(stack, photometric="minisblack", metadata=named)
    first, second = read_scans(tmp_path / "a.ome.tif")
    np.testing.assert_array_equal(first.channels["Phase"], stack[1])
    np.testing.assert_array_equal(second.channel(), survey)
    np.savez(tmp_path / "a.npz", survey=survey, Amplitude=stack[0])
    first, second = read_scans(tmp_path / "a.npz")
    assert (list(first.channels), list(second.channels)) == (["Amplitude"], ["survey"])


# -- Gwyddion -------------------------------------------------------------------------------


def field(values, size=(2e-6, 1.5e-6), **more):
    return gwyfile.objects.GwyDataField(
        values, xreal=size[0], yreal=size[1],
        si_unit_xy=gwyfile.objects.GwySIUnit(unitstr="m"), **more,
    )  # fmt: skip


def test_titles_that_repeat_over_several_sizes_are_each_to_be_had(tmp_path, rng):
    container = gwyfile.objects.GwyContainer()
    for k, shape in enumerate([SHAPE, (12, 10), (6, 20)]):
        container[f"/{k}/data/title"] = "Amplitude (Retrace)"
        container[f"/{k}/data"] = field(rng.random(shape), (shape[1] * 1e-7, shape[0] * 1e-7))
    container.tofile(str(tmp_path / "a.gwy"))
    scans = read_scans(tmp_path / "a.gwy")
    names = [name for scan in scans for name in scan.channels]
    assert names[0] == "Amplitude (Retrace)"
    assert len(set(names)) == 3
    for scan, name in zip(scans, names, strict=True):
        assert scan.roles == {name: "amplitude"}
        assert scan.directions == {name: "retrace"}
        chosen = corescout.read_scan(tmp_path / "a.gwy", channel=name)
        assert chosen.shape_px == scan.shape_px


def test_a_crop_does_not_know_its_place(tmp_path, rng):
    container = gwyfile.objects.GwyContainer()
    meta = {"ScanAngle": "0", "XOffset": "1e-6", "YOffset": "0", "FastScanSize": "2e-6",
            "SlowScanSize": "1.5e-6"}  # fmt: skip
    for k, (shape, size) in enumerate([((12, 20), (2e-6, 1.5e-6)), ((6, 10), (1e-6, 0.75e-6))]):
        container[f"/{k}/data/title"] = ""
        container[f"/{k}/data"] = field(rng.random(shape), size)
        container[f"/{k}/meta"] = gwyfile.objects.GwyContainer(meta)
    container.tofile(str(tmp_path / "a.gwy"))
    whole, part = read_scans(tmp_path / "a.gwy")
    assert (list(whole.channels), list(part.channels)) == (["Channel0"], ["Channel1"])
    assert not any("unknown" in text for text in whole.frame.assumed)
    assert any("its place in it is unknown" in text for text in part.frame.assumed)


def test_texts_of_one_letter(tmp_path, rng):
    container = gwyfile.objects.GwyContainer()
    container["/0/data/title"] = "Z"
    container["/0/data"] = field(rng.random(SHAPE))
    container["/0/meta"] = gwyfile.objects.GwyContainer({"ScanAngle": "9", "XOffset": "2"})
    container.tofile(str(tmp_path / "a.gwy"))
    assert b"titlecZ" in (tmp_path / "a.gwy").read_bytes().replace(b"\0", b"")
    scan = corescout.read_scan(tmp_path / "a.gwy")
    assert scan.roles == {"Z": "topography"}
    assert (np.rad2deg(scan.frame.angle_rad), scan.frame.center_m[0]) == (pytest.approx(9), 2)


def test_a_decimal_comma_in_a_simple_field_is_said(tmp_path, rng):
    head = b"Gwyddion Simple Field 1.0\nXRes = 20\nYRes = 12\nXReal = 2,0e-6\nYReal = 1e-6\n"
    head += b"XYUnits = m\n"
    content = head + b"\0" * (4 - len(head) % 4) + rng.random(SHAPE).astype("<f4").tobytes()
    (tmp_path / "a.gsf").write_bytes(content)
    scan = corescout.read_scan(tmp_path / "a.gsf")
    assert scan.frame is None
    assert any("'2,0e-6'" in text for text in scan.warnings)


# -- Bruker ---------------------------------------------------------------------------------


def test_a_bruker_header_with_decimal_commas_is_said(tmp_path, scan_file):
    source = scan_file("bruker_pfm_channels.spm")
    path = changed_bruker(tmp_path / "a.spm", source, (b"Rotate Ang.: 0", b"Rotate Ang.: 1,5708"))
    scan = corescout.read_scan(path)
    assert scan.frame.angle_rad == 0
    assert any("'1,5708' is no angle" in text for text in scan.warnings)
    path = changed_bruker(
        tmp_path / "a.spm", source, (b"Scan Size: 1 1 ~m", b"Scan Size: 1,5 1,5 ~m")
    )
    scan = corescout.read_scan(path)
    assert scan.frame is None
    assert any("'1,5 1,5 ~m' is no size" in text for text in scan.warnings)


def test_a_bruker_scale_with_decimal_commas_is_said(tmp_path, scan_file):
    source = scan_file("bruker_pfm_channels.spm")
    for old, new in ((b"V 20.00000 nm/V", b"V 20,00000 nm/V"), (b"330.0000 V", b"330,0000 V")):
        scan = corescout.read_scan(changed_bruker(tmp_path / "a.spm", source, (old, new)))
        assert scan.units["Height Trace"] != "m"
        assert any("'Height Trace'" in text for text in scan.warnings)
    path = changed_bruker(tmp_path / "a.spm", source, (b"Aspect Ratio: 1:1", b"Aspect Ratio: 2,0"))
    np.testing.assert_allclose(corescout.read_scan(path).frame.size_m, (1e-6, 0.5e-6))


def test_a_bruker_channel_without_a_label_has_its_inner_name(tmp_path, scan_file):
    source = scan_file("bruker_pfm_channels.spm")
    for label in (b'S [PRAmplitude] ""', b"S [PRAmplitude]"):
        path = changed_bruker(
            tmp_path / "a.spm", source, (b'S [PRAmplitude] "PR Amplitude"', label)
        )
        assert corescout.read_scan(path).default_channel == "PRAmplitude Trace"


def test_bruker_columns_beyond_the_valid_ones_are_missing(tmp_path, scan_file):
    source = scan_file("bruker_pfm_channels.spm")
    path = changed_bruker(
        tmp_path / "a.spm", source, (b"Valid data len X: 64", b"Valid data len X: 40")
    )
    found, whole = corescout.read_scan(path).channel(), corescout.read_scan(source).channel()
    assert np.isnan(found[:, 40:]).all()
    np.testing.assert_array_equal(found[:, :40], whole[:, :40])


def test_a_bruker_file_of_an_old_version_is_told_the_way_out(tmp_path, scan_file):
    path = changed_bruker(
        tmp_path / "a.spm", scan_file("bruker_pfm_channels.spm"),
        (b"*Ciao image list", b"*AFM image list"),
    )  # fmt: skip
    with pytest.raises(corescout.InputError, match=r"before version 4\.2 as \.gwy"):
        corescout.read_scan(path)


# -- Nanonis --------------------------------------------------------------------------------


def test_nanonis_names_with_spaces_and_no_unit(tmp_path, scan_file):
    source = scan_file("sxm_lockin_pfm.sxm")
    path = changed(
        tmp_path / "a.sxm", source,
        (b"LI_Demod_1_R", b"LI Demod 1 R"), (b"LI_Demod_1_Phi\tdeg", b"LI_Demod_1_Phi\t"),
    )  # fmt: skip
    scan, whole = corescout.read_scan(path), corescout.read_scan(source)
    assert scan.default_channel == "LI Demod 1 RTrace"
    assert scan.roles[scan.default_channel] == "amplitude"
    assert scan.units["LI_Demod_1_PhiTrace"] == ""
    np.testing.assert_array_equal(scan.channel(), whole.channel())


def test_a_nanonis_frame_with_decimal_commas(tmp_path, scan_file):
    source = scan_file("sxm_lockin_pfm.sxm")
    pairs = [(b"1.0E-7", b"1,0E-7"), (b"3.000E+1", b"3,000E+1"), (b"2.0E-6", b"2,0E-6")]
    frame = corescout.read_scan(changed(tmp_path / "a.sxm", source, *pairs)).frame
    assert frame.center_m == corescout.read_scan(source).frame.center_m
    assert np.rad2deg(frame.angle_rad) == pytest.approx(30)
    assert any("decimal commas" in text for text in frame.assumed)


def test_a_nanonis_scan_without_a_direction_is_taken_as_down_and_said(tmp_path, scan_file):
    source = scan_file("sxm_lockin_pfm.sxm")
    scan = corescout.read_scan(changed(tmp_path / "a.sxm", source, (b":SCAN_DIR:", b":SCAN_DIX:")))
    np.testing.assert_array_equal(scan.channel()[::-1], corescout.read_scan(source).channel())
    assert any("goes down" in text for text in scan.frame.assumed)


def test_a_nanonis_spectrum_with_decimal_commas_and_columns_that_repeat(tmp_path, scan_file):
    source = scan_file("nanonis_empty_user.dat")
    right = corescout.read_measurement(source)
    assert "warning 1" not in right.metadata
    path = tmp_path / "a.dat"
    path.write_bytes(source.read_bytes().replace(b".", b",").replace(b"14,09,", b"14.09."))
    found = corescout.read_measurement(path)
    np.testing.assert_array_equal(found.axis, right.axis)
    assert (found.xy_m, found.acquired_at) == (right.xy_m, datetime(2017, 9, 14, 10, 37, 39))
    assert "decimal commas" in found.metadata["warning 1"]
    twice = changed(path, source, (b"LI Demod 1 X (V)", b"Current (A)"))
    found = corescout.read_measurement(twice)
    assert list(found.channels) == ["Current", "Current 2"]
    np.testing.assert_array_equal(found.channels["Current"], right.channels["Current"])
    with pytest.raises(corescout.InputError, match="numbers in a table; found 'abc'"):
        corescout.read_measurement(changed(path, source, (b"-8.0000E-12", b"abc")))


# -- TIFF and numpy -------------------------------------------------------------------------


def test_ome_pixels_in_no_unit_of_length_are_no_scale(tmp_path, rng):
    sizes = {f"PhysicalSize{a}{k}": v for a in "XY" for k, v in (("", 0.5), ("Unit", "pixel"))}
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, rng.random(SHAPE).astype("f4"), metadata={"axes": "YX", **sizes})
    assert corescout.read_scan(path).frame is None


def test_imagej_labels_are_names(tmp_path, rng):
    stack = rng.random((2, *SHAPE)).astype("f4")
    meta = {"unit": "microns", "Labels": ["PFM Amplitude", "PFM Phase"], "axes": "ZYX"}
    tifffile.imwrite(tmp_path / "a.tif", stack, imagej=True, resolution=(50, 50), metadata=meta)
    scan = corescout.read_scan(tmp_path / "a.tif")
    assert scan.roles == {"PFM Amplitude": "amplitude", "PFM Phase": "phase"}
    np.testing.assert_array_equal(scan.channels["PFM Phase"], stack[1])
    np.testing.assert_allclose(scan.frame.pitch_m, (20e-9, 20e-9))


def test_a_compression_that_cannot_be_read_is_said(tmp_path, rng, monkeypatch):
    pil = pytest.importorskip("PIL.Image")
    pil.fromarray(rng.random(SHAPE).astype("f4")).save(tmp_path / "a.tif", compression="tiff_lzw")
    try:
        import imagecodecs  # noqa: F401
    except ImportError:
        with pytest.raises(corescout.InputError, match="save it without compression"):
            corescout.read_scan(tmp_path / "a.tif")
    else:
        assert corescout.read_scan(tmp_path / "a.tif").shape_px == SHAPE


@pytest.mark.parametrize("shape", [(1, *SHAPE), (*SHAPE, 1), (1, 1, *SHAPE)])
def test_axes_of_length_one_are_left_out(tmp_path, rng, shape):
    values = rng.random(SHAPE).astype("f4")
    np.save(tmp_path / "a.npy", values.reshape(shape))
    np.testing.assert_array_equal(corescout.read_scan(tmp_path / "a.npy").channel(), values)


@pytest.mark.parametrize("last", [3, 5, 12])
def test_channels_that_stand_last_are_refused(tmp_path, rng, last):
    np.save(tmp_path / "a.npy", rng.random((48, 64, last)))
    with pytest.raises(corescout.InputError, match="move the channel axis first"):
        corescout.read_scan(tmp_path / "a.npy")


def test_a_phase_whose_name_says_its_unit(tmp_path, rng):
    values = rng.random(SHAPE)
    np.savez(tmp_path / "a.npz", phase_rad=values, phase_deg=values, hwc=np.stack([values] * 3, 2))
    scan = corescout.read_scan(tmp_path / "a.npz")
    np.testing.assert_allclose(scan.channels["phase_rad"], np.rad2deg(values), rtol=1e-6)
    np.testing.assert_allclose(scan.channels["phase_deg"], values, rtol=1e-6)
    assert scan.units == {"phase_rad": "deg", "phase_deg": "deg"}
    (warning,) = scan.warnings
    assert "hwc (float64 (12, 20, 3))" in warning

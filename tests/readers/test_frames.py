"""Where a scan lies: the corners of real files, and pixels to metres and back."""

from datetime import datetime

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.feature import match_template
from skimage.transform import resize

import corescout
from corescout.data import ScanFrame

# file, pixel (y, x), where it lies relative to the file's own offset in metres (X, Y)
CORNERS = [
    ("scan_0001.ibw", (0, 0), (-2.5e-6, 2.5e-6)),
    ("scan_0001.ibw", (255, 255), (2.5e-6, -2.5e-6)),
    ("PZT_final0001.h5", (0, 255), (1e-6, 1e-6)),
    # 256 x 128 pixels, turned by 90 degrees clockwise: upper left goes to upper right
    ("PZT_thick0009.h5", (0, 0), (0.5e-6, 0.5e-6)),
    ("PZT_thick0009.h5", (0, 255), (0.5e-6, -0.5e-6)),
    ("PZT_thick0009.h5", (127, 0), (-0.5e-6, 0.5e-6)),
]


@pytest.mark.parametrize(("name", "yx_px", "from_centre_m"), CORNERS)
def test_corners_of_real_scans(scan_file, name, yx_px, from_centre_m):
    scan = corescout.read_scan(scan_file(name))
    offset = (float(scan.metadata["XOffset"]), float(scan.metadata["YOffset"]))
    np.testing.assert_allclose(scan.frame.center_m, offset, atol=1e-15)
    np.testing.assert_allclose(scan.frame.to_m(yx_px) - offset, from_centre_m, atol=1e-12)


def test_pitch_and_size_of_the_worked_example(scan_file):
    frame = corescout.read_scan(scan_file("scan_0001.ibw")).frame
    np.testing.assert_allclose(frame.pitch_m, 19.608e-9, atol=1e-12)
    np.testing.assert_allclose(frame.size_m, np.array(frame.pitch_m) * 256)


def test_a_zoom_lies_where_its_survey_shows_it(scan_file):
    survey = corescout.read_scan(scan_file("PTO_Funakubo0004.h5"))
    zoom = corescout.read_scan(scan_file("PTO_Funakubo0005.h5"))
    side = round(256 * zoom.frame.pitch_m[0] / survey.frame.pitch_m[0])
    large, small = (
        np.array(s.channel(), dtype=float) / np.std(s.channel()) for s in (survey, zoom)
    )
    match = match_template(large, resize(small, (side, side), anti_aliasing=True))
    seen = np.array(np.unravel_index(match.argmax(), match.shape)) + (side - 1) / 2
    predicted = survey.frame.to_px(zoom.frame.to_m((127.5, 127.5)))
    assert match.max() > 0.8
    np.testing.assert_allclose(predicted, seen, atol=1.5)


# axes of one and the same NSID image as others write them: order, direction and unit
AXES = {
    "x, y in m": ("xy", 1, 1, 1.0, "m"),
    "in nm": ("xy", 1, 1, 1e9, "nm"),
    "in um": ("xy", 1, 1, 1e6, "\u00b5m"),
    "labelled deg": ("xy", 1, 1, 1.0, "deg"),
    "y falls": ("xy", 1, -1, 1.0, "m"),
    "x falls": ("xy", -1, 1, 1.0, "m"),
    "both fall": ("xy", -1, -1, 1e9, "nm"),
    "rows first": ("yx", 1, -1, 1.0, "m"),
}


@pytest.mark.parametrize("case", AXES)
def test_the_axes_of_an_nsid_file_say_where_a_pixel_lies(tmp_path, rng, case):
    order, x_way, y_way, scale, unit = AXES[case]
    image = rng.random((12, 20)).astype(np.float32)  # row 0 at +Y, column 0 at -X
    x, y = np.arange(20) * 4e-9 * scale, np.arange(12) * 9e-9 * scale
    stored = image.T[::x_way, ::-y_way]  # [x, y], both growing unless the axis falls
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("Measurement_000/Channel_000/a")
        data = group.create_dataset("a", data=stored if order == "xy" else stored.T)
        data.attrs["DIMENSION_LABELS"] = np.array(list(order), dtype=h5py.string_dtype())
        data.attrs["quantity"] = "AmplitudeRetrace"
        for name, axis in (("x", x[::x_way]), ("y", y[::y_way])):
            group.create_dataset(name, data=axis).attrs["units"] = unit
    scan = corescout.read_scan(tmp_path / "a.h5")
    np.testing.assert_array_equal(scan.channel(), image)
    np.testing.assert_allclose(scan.frame.pitch_m, (4e-9, 9e-9))


@pytest.mark.parametrize("unit", ["pixel", "", "generic", "px"])
def test_axes_that_count_pixels_are_no_scale(tmp_path, rng, unit):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset("g/a", data=rng.random((20, 20)))
        data.attrs["DIMENSION_LABELS"] = np.array(["x", "y"], dtype=h5py.string_dtype())
        for name in "xy":
            file.create_dataset(f"g/{name}", data=np.arange(20)).attrs["units"] = unit
    assert corescout.read_scan(tmp_path / "a.h5").frame is None


UNITS = [("AmplitudeRetrace", "V", 1.0, "V"), ("AmplitudeRetrace", "pm", 1e-12, "m"),
         ("PhaseRetrace", "rad", 180 / np.pi, "deg"), ("PhaseRetrace", "m", 1.0, "deg"),
         ("FrequencyRetrace", "m", 1.0, "Hz"), ("Current", "nA", 1e-9, "A")]  # fmt: skip


@pytest.mark.parametrize(("name", "said", "factor", "unit"), UNITS)
def test_units_of_a_foreign_nsid_file(tmp_path, rng, name, said, factor, unit):
    values = rng.random((20, 20)).astype(np.float32)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset("g/a", data=values)
        data.attrs["DIMENSION_LABELS"] = np.array(["y", "x"], dtype=h5py.string_dtype())
        data.attrs.update(quantity=name, units=said)
    scan = corescout.read_scan(tmp_path / "a.h5")
    assert scan.units == {name: unit}
    np.testing.assert_allclose(scan.channel(), values * factor, rtol=1e-6)


def test_a_pixel_size_beside_a_scale_of_the_file_is_not_used_and_said(scan_file):
    scan = corescout.read_scan(scan_file("scan_0001.ibw"), pixel_size_m=1e-9)
    assert scan.frame == corescout.read_scan(scan_file("scan_0001.ibw")).frame
    assert "not used" in scan.warnings[-1]


def test_the_time_of_acquisition(scan_file):
    assert corescout.read_scan(scan_file("scan_0001.ibw")).acquired_at == datetime(
        2024, 8, 20, 8, 30, 46
    )
    assert (
        corescout.read_scan(scan_file("PZT_final0001.h5")).acquired_at.date()
        == datetime(2010, 6, 15).date()
    )


@given(
    shape=st.tuples(st.integers(1, 4000), st.integers(1, 4000)),
    pitch=st.tuples(st.floats(1e-11, 1e-6), st.floats(1e-11, 1e-6)),
    centre=st.tuples(st.floats(-1e-2, 1e-2), st.floats(-1e-2, 1e-2)),
    angle=st.floats(-10, 10),
    place=st.tuples(st.floats(-0.5, 3999.5), st.floats(-0.5, 3999.5)),
)
def test_pixels_to_metres_and_back(shape, pitch, centre, angle, place):
    frame = ScanFrame(shape, pitch, centre, angle)
    # A double holds a centre of 1 cm to 2e-18 m: a hundredth of a pixel at worst.
    np.testing.assert_allclose(frame.to_px(frame.to_m(place)), place, atol=1e-2)


def test_y_points_up_and_the_angle_turns_clockwise():
    frame = ScanFrame((11, 11), (1.0, 1.0), angle_rad=np.pi / 2)
    np.testing.assert_allclose(frame.to_m((5, 10)), (0, -5), atol=1e-12)
    np.testing.assert_allclose(frame.to_m((0, 5)), (5, 0), atol=1e-12)

"""Where a scan lies: the corners of real files, and pixels to metres and back."""

from datetime import datetime

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

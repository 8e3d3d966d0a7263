"""Whatever holds an image becomes a scan, with its mask, its frame and its units, or is refused."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st

import corescout
from corescout.data import InputError, Scan, ScanFrame
from corescout.interactive.inputs import as_keypoints, as_plan, as_scan
from corescout.plan import Plan

IMAGE = np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int16, np.uint8, bool, ">f8"])
def test_an_array_of_real_numbers_is_a_scan(kind):
    scan = as_scan(IMAGE.astype(kind), "10nm")
    np.testing.assert_array_equal(scan.channel(), IMAGE.astype(kind).astype(np.float32))
    assert scan.frame.pitch_m == (10e-9, 10e-9)


@pytest.mark.parametrize("kind", [np.float64, np.int32])
def test_what_is_masked_is_missing(kind):
    masked = np.ma.masked_greater(IMAGE.astype(kind), 5)
    values = as_scan(masked).channel()
    np.testing.assert_array_equal(np.isnan(values), IMAGE > 5)


def test_channels_by_name_have_their_roles():
    scan = as_scan({"Amplitude": IMAGE, "Phase": IMAGE})
    assert scan.roles == {"Amplitude": "amplitude", "Phase": "phase"}
    assert scan.units["Phase"] == "deg"


REFUSED = {
    "complex numbers": (IMAGE * 1j, "numpy.angle"),
    "complex channel": ({"R": IMAGE * 1j}, "'R'"),
    "a line": (IMAGE[0], "(H, W)"),
    "a stack": (np.zeros((2, 3, 4)), "mapping"),
    "text": (np.array([["a", "b"]] * 2), "numbers"),
    "nothing": (None, "(H, W)"),
    "no channel": ({}, "one shape"),
    "channels of two shapes": ({"a": IMAGE, "b": IMAGE[:2]}, "one shape"),
    "a file that is none": ("absent.ibw", "absent.ibw"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_image_is_refused_with_what_to_do(case):
    image, word = REFUSED[case]
    with pytest.raises(InputError) as caught:
        as_scan(image)
    assert word in str(caught.value)


@pytest.mark.parametrize("pitch", ["10", "ten nm", 0, -1e-9, 10, float("nan"), [1], "0nm"])
def test_a_pitch_that_is_no_length_is_refused(pitch):
    with pytest.raises(InputError, match=r"10\s?nm"):
        as_scan(IMAGE, pitch)


def test_a_scale_of_its_own_is_kept():
    scan = Scan("s", {"a": IMAGE}, frame=ScanFrame((3, 4), (5e-9, 5e-9)))
    assert as_scan(scan, "10nm").frame.pitch_m == (5e-9, 5e-9)


@pytest.mark.parametrize(
    ("places", "word"),
    [
        ([(0, 4)], "row first"),
        ([(-1, 0)], "row first"),
        ([1, 2], "two columns"),
        ([(np.nan, 0)], "finite"),
        ("abc", "two columns"),
    ],
)
def test_key_points_that_are_no_places_on_the_scan_are_refused(places, word):
    with pytest.raises(InputError, match=word):
        as_keypoints(places, as_scan(IMAGE))


def test_key_points_of_an_array_are_drawn_ones():
    found = as_keypoints([(0, 0), (2, 3)], as_scan(IMAGE))
    assert (found.source, len(found)) == ("drawn", 2)


def test_plan_channel_and_seed():
    assert as_plan(None) == Plan.preset("live")
    made = as_plan("paper", channel="A", seed=3)
    assert (made.preset_name, made.channels, made.seed) == ("paper", ("A",), 3)
    one, other = (as_plan(None, rng=np.random.default_rng(7)).seed for _ in range(2))
    assert one == other
    with pytest.raises(InputError, match="did you mean 'standard'"):
        as_plan("standart")
    with pytest.raises(InputError, match="both"):
        as_plan(None, seed=1, rng=np.random.default_rng())


def labelled(y, x, values, unit="m", dims=("y", "x")):
    axes = {"y": ("y", y, {"units": unit}), "x": ("x", x, {"units": unit})}
    array = xarray.DataArray(values, dims=("y", "x"), coords=axes, name="height")
    array.attrs["units"] = "V"
    return array.transpose(*dims)


@settings(max_examples=30, deadline=None)
@given(
    rows=st.integers(2, 9),
    columns=st.integers(2, 9),
    pitch=st.floats(1e-10, 1e-6),
    centre=st.tuples(st.floats(-1e-4, 1e-4), st.floats(-1e-4, 1e-4)),
    up=st.booleans(),
    left=st.booleans(),
    swapped=st.booleans(),
)
def test_a_place_keeps_its_value_however_the_axes_run(
    rows, columns, pitch, centre, up, left, swapped
):
    y = centre[1] + (np.arange(rows) - (rows - 1) / 2) * pitch
    x = centre[0] + (np.arange(columns) - (columns - 1) / 2) * pitch
    values = np.arange(rows * columns, dtype=float).reshape(rows, columns)
    y, values = (y, values) if up else (y[::-1], values[::-1])
    x, values = (x[::-1], values[:, ::-1]) if left else (x, values)
    array = labelled(y, x, values, dims=("x", "y") if swapped else ("y", "x"))
    scan = as_scan(array)
    for i in range(rows):
        for j in range(columns):
            row, column = np.rint(scan.frame.to_px((x[j], y[i]))).astype(int)
            assert scan.channel()[row, column] == values[i, j]


def test_units_of_coordinates_and_values_are_kept():
    scan = as_scan(labelled(np.arange(3)[::-1] * 10.0, np.arange(4) * 10.0, IMAGE, "nm"))
    assert scan.units["height"] == "V"
    assert scan.frame.pitch_m == pytest.approx((10e-9, 10e-9))
    assert scan.frame.center_m == pytest.approx((15e-9, 10e-9))


def test_coordinates_without_a_unit_are_no_scale_and_uneven_ones_are_refused(caplog):
    assert as_scan(labelled(np.arange(3.0), np.arange(4.0), IMAGE, "")).frame is None
    assert caplog.text == ""  # they count pixels
    assert as_scan(labelled(np.arange(3) * 5e-9, np.arange(4.0), IMAGE, "")).frame is None
    assert "the coordinates y have no unit" in caplog.text
    assert "attrs['units'] = 'm'" in caplog.text
    with pytest.raises(InputError, match="evenly"):
        as_scan(labelled(np.array([0.0, 1, 3]), np.arange(4.0), IMAGE))
    with pytest.raises(InputError, match="two axes"):
        as_scan(xarray.DataArray(np.zeros((2, 3, 4))))


def test_a_dataset_is_its_channels():
    array = labelled(np.arange(3.0)[::-1], np.arange(4.0), IMAGE, "nm")
    scan = as_scan(xarray.Dataset({"Amplitude": array, "Phase": array}))
    assert set(scan.channels) == {"Amplitude", "Phase"}
    assert scan.frame is not None


class LooksLikeSidpy(np.ndarray):
    """What a `sidpy.Dataset` shows of itself: [x, y], dimensions with values and units."""


def test_a_sidpy_dataset_is_taken_by_its_looks():
    values = IMAGE.T.copy().view(LooksLikeSidpy)
    values.quantity, values.units, values.data_type, values.title = "Amplitude", "V", "IMAGE", "t"
    values._axes = {
        0: SimpleNamespace(name="x", values=np.arange(4) * 1e-9, units="m"),
        1: SimpleNamespace(name="y", values=np.arange(3) * 1e-9, units="m"),
    }
    scan = as_scan(values)
    np.testing.assert_array_equal(scan.channel("Amplitude"), IMAGE[::-1])
    assert scan.frame.pitch_m == pytest.approx((1e-9, 1e-9))
    assert scan.units["Amplitude"] == "V"


def test_a_real_sidpy_dataset():
    sidpy = pytest.importorskip("sidpy")
    dataset = sidpy.Dataset.from_array(IMAGE.T, title="t")
    dataset.data_type, dataset.quantity, dataset.units = "image", "Amplitude", "V"
    for k, (name, count) in enumerate((("x", 4), ("y", 3))):
        dataset.set_dimension(
            k, sidpy.Dimension(np.arange(count) * 1e-9, name, units="m", quantity="distance")
        )
    scan = corescout.as_scan(dataset)
    np.testing.assert_array_equal(scan.channel(), IMAGE[::-1])
    assert scan.frame.pitch_m == pytest.approx((1e-9, 1e-9))

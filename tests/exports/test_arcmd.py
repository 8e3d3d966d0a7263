"""Commands for Asylum: they parse back to the targets."""

import math
from dataclasses import replace

import numpy as np
import pytest
from skimage.feature import match_template
from skimage.transform import resize

from corescout.data import InputError, ScanFrame, Target
from corescout.exports import arcmd_text
from corescout.readers import read_scan
from reading_arcmd import arcmd_places_m


def test_the_text_parses_back_to_the_targets():
    places = [(1.23456789e-6, -9.87e-8), (0.0, 2.5e-6)]
    targets = [Target(f"t{i}", "s", (0.0, 0.0), p, 1, i) for i, p in enumerate(places)]
    text = arcmd_text(targets)
    assert np.allclose(arcmd_places_m(text), places, rtol=0, atol=1e-15)
    assert text.count('DrawSpot("Draw")') == 2
    assert "GoToSpot" not in text
    visited = arcmd_text([replace(t, action="spectrum") for t in targets])
    assert visited.splitlines()[0] == 'DrawSpot("Clear")'
    assert visited.splitlines()[-4:] == [
        'PV("ForceSpotNumber",1)', "GoToSpot()", 'PV("ForceSpotNumber",2)', "GoToSpot()"
    ]  # fmt: skip


def test_without_metres_there_are_no_commands():
    with pytest.raises(InputError, match="metres"):
        arcmd_text([Target("t", "s", (0.0, 0.0), None, 1, 1)])


def test_a_target_in_the_survey_has_the_coordinates_of_its_zoom(scan_file):
    """The zoom is found on the survey by its image alone; the frames must say the same place."""
    survey = read_scan(scan_file("PTO_Funakubo0004.h5"))
    zoom = read_scan(scan_file("PTO_Funakubo0005.h5"))
    name = "DeflectionRetrace"  # edges: topography is dominated by its slope
    shape = [round(n * p / q) for n, p, q in zip(
        zoom.shape_px, zoom.frame.pitch_m[::-1], survey.frame.pitch_m[::-1], strict=True
    )]  # fmt: skip
    small = resize(np.asarray(zoom.channel(name), float), shape, anti_aliasing=True)
    score = match_template(np.asarray(survey.channel(name), float), small)
    corner = np.unravel_index(np.argmax(score), score.shape)
    assert score.max() > 0.8
    place = tuple(float(c + (n - 1) / 2) for c, n in zip(corner, shape, strict=True))
    target = Target("t", survey.uid, place, tuple(map(float, survey.frame.to_m(place))), 1, 1)
    for frame in (None, survey.frame):  # absolute, and from the corner of Igor's image
        (said,) = arcmd_places_m(arcmd_text([target], frame), frame)
        off_m = np.hypot(*np.subtract(said, zoom.frame.center_m))
        assert off_m / survey.frame.pitch_m[0] < 1.5


@pytest.mark.parametrize("angle_deg", [0.0, 30.0])
def test_on_an_image_places_count_from_its_lower_left_corner(angle_deg):
    frame = ScanFrame((128, 256), (4e-9, 8e-9), (3e-6, -2e-6), math.radians(angle_deg))
    places = {(127.0, 0.0): (0.0, 0.0), (0.0, 255.0): (255 * 4e-9, 127 * 8e-9), (60.0, 10.0): None}
    targets = [
        Target("t", "s", yx, tuple(map(float, frame.to_m(yx))), 1, i) for i, yx in enumerate(places)
    ]
    text = arcmd_text(targets, frame)
    assert np.allclose(arcmd_places_m(text)[:2], list(places.values())[:2], rtol=0, atol=1e-14)
    back = arcmd_places_m(text, frame)
    assert np.allclose(back, [t.xy_m for t in targets], rtol=0, atol=1e-14)


def test_a_target_beside_the_image_is_refused():
    frame = ScanFrame((16, 16), (1e-8, 1e-8))
    with pytest.raises(InputError, match="beside it"):
        arcmd_text([Target("t", "s", (0.0, 0.0), (1e-7, 0.0), 1, 1)], frame)

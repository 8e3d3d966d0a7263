"""Commands for Asylum: they parse back to the targets."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.data import InputError, Target
from corescout.exports import arcmd_places_m, arcmd_text
from corescout.readers import read_scan


def test_the_text_parses_back_to_the_targets():
    places = [(1.23456789e-6, -9.87e-8), (0.0, 2.5e-6)]
    targets = [Target(f"t{i}", "s", (0.0, 0.0), p, 1, i) for i, p in enumerate(places)]
    text = arcmd_text(targets)
    assert np.allclose(arcmd_places_m(text), places, rtol=0, atol=1e-15)
    assert text.count('DrawSpot("Draw")') == 2
    assert "GoToSpot" not in text
    visited = arcmd_text([replace(t, action="spectrum") for t in targets])
    assert visited.splitlines()[-2:] == ['PV("ForceSpotNumber",1)', "GoToSpot()"]


def test_without_metres_there_are_no_commands():
    with pytest.raises(InputError, match="metres"):
        arcmd_text([Target("t", "s", (0.0, 0.0), None, 1, 1)])


def test_a_target_in_the_survey_has_the_coordinates_of_its_zoom(scan_file):
    survey = read_scan(scan_file("PTO_Funakubo0004.h5"))
    zoom = read_scan(scan_file("PTO_Funakubo0005.h5"))
    place = (200.4, 45.0)  # where the zoom's centre is seen on the survey, (y, x)
    x, y = (float(v) for v in survey.frame.to_m(place))
    ((x_said, y_said),) = arcmd_places_m(arcmd_text([Target("t", survey.uid, place, (x, y), 1, 1)]))
    off_px = np.hypot(x_said - zoom.frame.center_m[0], y_said - zoom.frame.center_m[1])
    assert off_px / survey.frame.pitch_m[0] < 1.5

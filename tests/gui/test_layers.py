"""What layers are made of: labels a few letters at a time, points that are seen on large scans."""

import numpy as np

from corescout.gui.canvas.layer_data import size_on, target_layers
from corescout.gui.canvas.letters import Letters
from corescout.surfaces import generate_surface


def labelled(*labels):
    return None, {"name": "targets", "features": {"label": np.array(labels)}}, "points"


def test_labels_come_two_new_letters_at_a_time_and_all_in_the_end():
    letters, entry, told = Letters(), labelled("1", "2", "3", "12", "30"), []
    rest = entry
    while rest is not None:
        part, rest = letters.split(rest)
        told.append(list(part[1]["features"]["label"]))
    assert told[0] == ["1", "2", "", "12", ""]
    assert told[-1] == ["1", "2", "3", "12", "30"]
    assert len(told) == 2
    known = labelled("321")
    assert letters.split(known) == (known, None)


def test_a_layer_without_labels_is_left_alone():
    for entry in target_layers(generate_surface((64, 64), seed=0).scan, ()):
        assert Letters().split(entry) == (entry, None)


def test_points_are_larger_on_a_larger_scan_and_never_smaller():
    small, large = (generate_surface((side, 64), seed=0).scan for side in (128, 1024))
    assert size_on(small, 4.0) == 4.0
    assert 2 * 4.0 < size_on(large, 4.0) < 4 * 4.0

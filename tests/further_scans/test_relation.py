"""What a further scan is: a repeat, one with time reversed or turned, another area."""

import math
from dataclasses import replace

import numpy as np
import pytest

from corescout.data import Scan, ScanFrame
from corescout.further_scans.relation import beyond, way_of


def scan(angle_deg=0.0, center_m=(0.0, 0.0), pitch_m=8e-9, **metadata):
    frame = ScanFrame((64, 64), (pitch_m, pitch_m), center_m, math.radians(angle_deg))
    return Scan("s", {"Amplitude": np.zeros((64, 64))}, frame=frame, metadata=metadata)


DOWN, UP = {"ScanDown": "1"}, {"ScanDown": "0"}


@pytest.mark.parametrize(
    ("first", "further", "expected"),
    [
        (scan(), scan(), "repeat"),
        (scan(**DOWN), scan(**DOWN), "repeat"),
        (scan(**DOWN), scan(**UP), "reversed"),
        (scan(SCAN_DIR="up"), scan(SCAN_DIR="down"), "reversed"),
        (scan(**DOWN), scan(), "repeat"),
        (scan(), scan(90.0), "turned"),
        (scan(), scan(-80.0), "turned"),
        (scan(**DOWN), scan(180.0, **DOWN), "reversed"),
        (scan(**DOWN), scan(180.0, **UP), "repeat"),
        (scan(), scan(center_m=(64 * 8e-9, 0.0)), "area"),
        (scan(), scan(center_m=(32 * 8e-9, 0.0)), "repeat"),
        (scan(), scan(180.0), "repeat"),  # the files do not say which way rows go
    ],
)
def test_the_slow_axis_tells_what_a_repeat_is(first, further, expected):
    assert way_of(first, further) == expected


def test_the_area_beyond_is_counted_in_frames_of_the_first():
    width = 64 * 8e-9
    assert beyond(scan(), scan()) == 0
    assert beyond(scan(), scan(center_m=(width, 0.0))) == pytest.approx(1.0)
    assert beyond(scan(), scan(center_m=(width / 2, 0.0))) == pytest.approx(0.5, abs=0.03)
    assert beyond(scan(), scan(pitch_m=16e-9)) == pytest.approx(3.0, abs=0.2)
    assert beyond(scan(), replace(scan(), frame=None)) == 0

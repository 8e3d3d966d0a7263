"""Files that move a tip are under the limits of the instrument that they are for."""

import math
from dataclasses import replace

import pytest

from corescout.data import InputError
from corescout.instruments import Limits
from corescout.instruments.target_export import export_text
from corescout.targets import way_through

LIMITS = Limits(
    x_m=(-5e-6, 5e-6), y_m=(-5e-6, 5e-6), largest_step_m=3e-5, largest_speed_m_per_s=2e-6,
    largest_bias_v=5.0, longest_spectrum_s=2.0, most_targets=50, readback_tolerance_m=50e-9,
    rotation_verified=False, emergency="halt",
)  # fmt: skip


@pytest.fixture
def way_of(quick_result):
    # In the middle of the scan: they lie on it however it is turned.
    targets = [
        replace(t, xy_m=(0.3 * t.xy_m[0], 0.3 * t.xy_m[1])) for t in quick_result.targets[:3]
    ]

    def make(action):
        return way_through([t.with_action(action, {}) for t in targets], (0.0, 0.0))

    return make


@pytest.fixture
def turned(quick_result):
    scan = quick_result.scan
    frame = replace(scan.frame, angle_rad=math.radians(37))
    return replace(quick_result, scan=replace(scan, frame=frame))


def test_commands_that_move_the_tip_need_limits(quick_result, way_of):
    with pytest.raises(InputError, match="--instrument"):
        export_text(quick_result, way_of("spectrum"), "arcmd")
    assert "GoToSpot" in export_text(quick_result, way_of("spectrum"), "arcmd", LIMITS)
    assert "GoToSpot" not in export_text(quick_result, way_of("mark"), "arcmd")


@pytest.mark.parametrize(
    ("change", "words"),
    [({"x_m": (4e-6, 5e-6)}, "outside"), ({"most_targets": 2}, "3 targets"),
     ({"largest_step_m": 1e-8}, "step"), ({"largest_bias_v": 1.0}, "bias")],
)  # fmt: skip
@pytest.mark.parametrize("file_format", ["arcmd", "json", "csv"])
def test_what_lies_outside_is_not_written(quick_result, way_of, change, words, file_format):
    with pytest.raises(InputError, match=words):
        export_text(quick_result, way_of("spectrum"), file_format, replace(LIMITS, **change))


def test_a_rotated_scan_is_visited_after_a_marker_check_only(turned, way_of):
    with pytest.raises(InputError, match="marker check"):
        export_text(turned, way_of("spectrum"), "arcmd", LIMITS)
    assert "GoToSpot" not in export_text(turned, way_of("mark"), "arcmd", LIMITS)  # the check
    checked = replace(LIMITS, rotation_verified=True)
    assert "GoToSpot" in export_text(turned, way_of("spectrum"), "arcmd", checked)

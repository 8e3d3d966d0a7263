"""One kind of needle shows one type, whatever its direction; two kinds show two."""

import numpy as np
import pytest

from corescout.pipeline import explore
from corescout.plan import Plan
from corescout.surfaces.needles import Needles, needle_surface

QUICK = Plan.preset(
    "live",
    windows_px=(9,),
    invariances=("none", "r"),
    pixel_size_m=1e-8,
    decision={"seeds": 1, "null_surrogates": 0},
)
DARK = Needles((0.3, 1.8), (3.0, 3.0), (0.3, 0.3), 17.0, 0.2)


def test_one_kind_in_two_directions_shows_one_type():
    assert explore(needle_surface(DARK, 1, (144, 144)).scan, QUICK).n_types == 1


def test_dark_and_bright_needles_show_two():
    needles = Needles((0.3, 1.8), (3.0, 3.0), (0.3, 1.7), 17.0, 0.0)
    surface = needle_surface(needles, 1, (144, 144))
    result = explore(surface.scan, QUICK)
    assert result.n_types == 2
    truth = surface.type_at(np.asarray(result.patches.center_yx_px))
    inside = truth > 0
    shown = np.asarray(result.types.of_point)[inside]
    agree = np.mean((shown == 1) == (truth[inside] == truth[inside][shown == 1][0]))
    assert max(agree, 1 - agree) > 0.85


@pytest.mark.slow
@pytest.mark.parametrize("name", ["one_orientation", "two_orientations"])
def test_the_scans_of_one_needle_show_one_type_possible_ones_included(scan_file, name):
    plan = QUICK.model_copy(update={"windows_px": (9, 13), "invariances": ("none", "r", "rt")})
    result = explore(scan_file(f"null_one_needle_{name}_0.npy"), plan)
    assert result.n_types == 1
    assert not result.evidence.has_types

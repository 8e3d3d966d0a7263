"""`bench property` in small: loops counted on one surface whose truth is known."""

import numpy as np
import pytest

from benchmarks.truth.property import Case, loops_needed
from corescout.instruments.twin import LOOPS
from corescout.instruments.twin_loops import LoopField
from corescout.steering import field_of


@pytest.fixture(scope="module")
def case(typed_result, surface):
    places = np.asarray(typed_result.patches.center_yx_px)
    field = field_of(typed_result, allowed=surface.type_at(places) > 0, radius_m=24e-9)
    loops = LoopField(surface, LOOPS, "junction", outliers=0.0, failures=0.0)
    truth = loops.coercive_v(places)
    return Case("small", field, truth, truth.copy())


def test_policies_measure_no_place_twice_and_learn_the_property(case):
    for policy in ("ours", "random", "grid"):
        found = loops_needed(case, policy, seed=0, most=45)
        assert set(found.needed) == {"map", "map_of_types", "types"}
        assert all(10 <= n <= 45 for n in found.needed.values())
        spread = case.truth[case.field.allowed].std()
        assert found.rms_v < spread  # it tells more than the mean
        assert 0.6 < found.inside <= 1


def test_the_same_seed_counts_the_same(case):
    twice = [loops_needed(case, "ours", seed=1, most=20) for _ in "ab"]
    assert twice[0] == twice[1]

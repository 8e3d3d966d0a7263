"""Properties of loops: those of the loop they are made of, and why a loop tells nothing."""

import numpy as np
import pytest

from corescout.data import InputError, Measurement
from corescout.instruments.loops import Loop, sweep_v
from corescout.loop_properties import PROPERTIES, loop_properties


def measured(response, bias=None, name="response"):
    bias = sweep_v(-6, 6, 96) if bias is None else bias
    return Measurement(None, bias, "bias", "V", {name: response}, {name: "m"})


@pytest.mark.parametrize(
    ("coercive_v", "imprint_v", "width_v"), [(2.0, 0.3, 0.6), (1.0, -0.8, 0.2)]
)
@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_loop_has_the_properties_it_was_made_with(
    rng, coercive_v, imprint_v, width_v, noise, sign
):
    loop, bias = Loop(40e-12, coercive_v, imprint_v, width_v), sweep_v(-6, 6, 96)
    values = sign * loop.response_m(bias) + 5e-12 + noise * 40e-12 * rng.standard_normal(96)
    found = loop_properties(measured(values))
    assert found.failed == ""
    assert found.unit == "m"
    assert set(found.values) == set(PROPERTIES)
    off_v = 0.02 + 1.5 * noise
    expected = {
        "coercive_bias_v": coercive_v,
        "positive_coercive_bias_v": imprint_v + coercive_v,
        "negative_coercive_bias_v": imprint_v - coercive_v,
        "imprint_v": imprint_v,
        "positive_nucleation_bias_v": imprint_v + coercive_v - 1.738 * width_v,
        "negative_nucleation_bias_v": imprint_v - coercive_v + 1.738 * width_v,
    }
    for name, value in expected.items():
        wide = 4 if "nucleation" in name else 1
        assert found.values[name] == pytest.approx(value, abs=wide * off_v), name
    assert found.values["saturation_response"] == pytest.approx(40e-12, rel=0.02 + noise)
    # far from saturation's ends the area is height times distance of the branches
    assert found.values["work_of_switching"] == pytest.approx(4 * 40e-12 * coercive_v, rel=0.06)
    opening = [np.tanh((-imprint_v + s * coercive_v) / width_v) for s in (1, -1)]
    half = 40e-12 * (opening[0] - opening[1]) / 2
    assert found.values["remanent_response"] == pytest.approx(half, rel=0.03 + noise)
    assert found.fit_r2 > 0.9


def test_single_wild_points_move_nothing():
    bias = sweep_v(-6, 6, 96)
    values = Loop(1.0, 2.0, 0.3).response_m(bias)
    values[[10, 50]] += [6.0, -8.0]
    found = loop_properties(measured(values))
    assert found.values["coercive_bias_v"] == pytest.approx(2.0, abs=0.05)


def test_a_loop_that_tells_nothing_says_why(rng):
    bias = sweep_v(-6, 6, 96)
    cases = {
        "explains": rng.standard_normal(96),
        "constant": np.ones(96),
        "too few": np.full(96, np.nan),
        "not opened": bias * 1.0,
    }
    for why, values in cases.items():
        found = loop_properties(measured(values))
        assert why in found.failed, (why, found.failed)
        assert not found.values
    one_way = np.linspace(-5, 5, 50)
    assert "branch" in loop_properties(measured(np.tanh(one_way), one_way)).failed


def test_a_channel_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="'dI/dV'"):
        loop_properties(measured(np.zeros(96)), "dI/dV")
    named = measured(Loop(1.0, 2.0, 0.3).response_m(sweep_v(-6, 6, 96)), name="PR off field")
    assert loop_properties(named).values["coercive_bias_v"] == pytest.approx(2.0, abs=0.02)

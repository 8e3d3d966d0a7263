"""Loops of the twin depend on the place as the formula says, and now and then tell nothing."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.instruments.messages import Message
from corescout.instruments.twin import LOOPS, DigitalTwin
from corescout.instruments.twin_loops import FORMULAS, LoopField
from corescout.loop_properties import loop_properties


@pytest.fixture(scope="module")
def places(surface):
    return np.argwhere(surface.wall_type > 0).astype(float)[::5]


def spectrum(twin, xy_m):
    twin.send(Message("move", {"x_m": xy_m[0], "y_m": xy_m[1]}))
    values = {"bias_start_v": -6.0, "bias_end_v": 6.0, "n_points": 96.0, "seconds": 0.1}
    return twin.send(Message("spectrum", values))


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_measured_loop_has_the_coercive_bias_of_the_formula(surface, places, formula):
    twin = DigitalTwin(surface, 1e6, position_error_m=0.0, creep=0.0, formula=formula, seed=2)
    twin.loop_field = replace(twin.loop_field, outliers=0.0, failures=0.0)
    twin.connect()
    for place in places[:: len(places) // 6]:
        found = loop_properties(spectrum(twin, surface.scan.frame.to_m(place)))
        truth = twin.loop_field.coercive_v(place[None])[0]
        assert found.values["coercive_bias_v"] == pytest.approx(truth, abs=0.1)


def test_formulas_follow_what_they_name(surface, places):
    def of(formula):
        field = LoopField(surface, LOOPS, formula, scatter_v=0.0)
        types = np.array([LOOPS[int(k)].coercive_v for k in surface.type_at(places)])
        return field.coercive_v(places) - types

    near = surface.place_at(places) == 3
    assert of("junction")[near].mean() > of("junction")[~near].mean() + 0.3
    # what is hidden is not told by junctions alone, and white noise by nothing
    assert abs(np.corrcoef(of("hidden"), of("junction"))[0, 1]) < 0.6
    assert abs(np.corrcoef(of("none"), of("junction"))[0, 1]) < 0.1
    assert of("spacing").std() > 0.05


def test_some_loops_fail_and_some_are_outliers(surface, places):
    field = LoopField(surface, LOOPS, "junction", outliers=0.1, failures=0.2)
    rng = np.random.default_rng(0)
    place = (float(places[0][0]), float(places[0][1]))
    loops = [field.loop_at(place, rng) for _ in range(200)]
    came = np.array([loop.coercive_v for loop in loops if loop is not None])
    assert 0.12 < 1 - len(came) / 200 < 0.28
    truth = field.coercive_v(places[:1])[0]
    assert 0.05 < (np.abs(came - truth) > 0.5).mean() < 0.2


def test_a_failed_loop_shows_noise_alone(surface, places):
    twin = DigitalTwin(surface, 1e6, formula="junction")
    twin.loop_field = replace(twin.loop_field, failures=1.0)
    twin.connect()
    assert loop_properties(spectrum(twin, surface.scan.frame.to_m(places[0]))).failed

"""Types of a candidate without rotation are asked of turned patches and of points moved by 2 px."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.data import Evidence
from corescout.pipeline import explore
from corescout.plan import Plan
from corescout.preparation import prepare
from corescout.search.turned import agreement_when_moved, asked_of_turned
from corescout.surfaces.needles import Needles, needle_surface
from corescout.trial import Outcome

PLAN = Plan.preset(
    "live",
    windows_px=(9,),
    invariances=("none",),
    baselines=(),
    decision={
        "seeds": 1,
        "null_surrogates": 0,
        "none_decides": True,
        "merged_types": 2,
        "types": "winner",  # whose codes are asked
    },
)
CLAIMED = Evidence(0.05, 2.0, (0.1,) * 19, True, "evidence of separate types")
ONE_KIND = Needles((0.3, 1.87), (4.0, 4.0), (1.7, 1.7), 17.0, 0.2)
TWO_KINDS = Needles((0.3, 1.87, 1.1, 2.67), (3.0, 3.0), (0.3, 1.7), 17.0, 0.2)


def explored(needles, side_px=144, seed=1, *, true_kinds=False):
    """What the test is asked of: the outcome, its mixture and types, as an exploration has them.

    Where they are the true kinds each component is of the kind that most of its points are of.
    """
    surface = needle_surface(needles, seed, (side_px, side_px))
    scan = surface.scan
    result = explore(scan, PLAN)
    outcome = Outcome.__new__(Outcome)
    for name, value in {
        "candidate": result.winner, "weights": result.weights, "fit": result.fit,
    }.items():  # fmt: skip
        object.__setattr__(outcome, name, value)
    types = np.asarray(result.type_of_component)
    if true_kinds:
        y, x = np.rint(np.asarray(result.patches.center_yx_px)).astype(int).T
        kind = surface.wall_type[y, x]
        of = result.mixture.assign(result.codes).argmax(axis=1)
        of_each = [kind[(of == k) & (kind > 0)] for k in range(len(types))]
        types = np.array([1 + (k == 2).sum() * 2 // max(len(k), 1) for k in of_each])
        types = types.clip(1, 2)
    return prepare(scan, PLAN), outcome, result.mixture, types


@pytest.fixture(scope="module")
def directions():
    return explored(ONE_KIND, 176, 2)


def test_directions_change_with_the_turn_and_are_not_claimed(directions):
    turned, _ = agreement_when_moved(*directions, PLAN)
    assert turned < 0.4
    said = asked_of_turned(CLAIMED, *directions, PLAN)
    assert not said.has_types
    assert "follow the direction" in said.reason


def test_what_was_not_tested_or_is_lateral_is_left_alone(directions):
    untested = replace(CLAIMED, null_gains=())
    assert asked_of_turned(untested, *directions, PLAN) is untested
    prepared, *rest = directions
    roles = {**prepared.scan.roles, "Amplitude": "amplitude lateral"}
    lateral = replace(prepared, scan=replace(prepared.scan, roles=roles))
    assert asked_of_turned(CLAIMED, lateral, *rest, PLAN) is CLAIMED


def test_dark_and_bright_needles_stay_what_they_are():
    """On four of five surfaces at least: a short training may mix both kinds in a component."""
    found = [explored(TWO_KINDS, seed=seed, true_kinds=True) for seed in range(1, 6)]
    assert all(set(types) == {1, 2} for *_, types in found)
    agree = [min(agreement_when_moved(*each, PLAN)) for each in found]
    stay = [asked_of_turned(CLAIMED, *each, PLAN).has_types for each in found]
    assert stay == [agreement > 0.4 for agreement in agree]
    assert sum(stay) >= 4, agree

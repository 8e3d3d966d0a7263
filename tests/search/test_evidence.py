"""The test against surfaces without types: in waves, and no longer than it can matter."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.data import Candidate
from corescout.plan import DecisionPlan, Plan
from corescout.search import judge, settled, waves
from corescout.search.evidence import without_claim_of_scattering


def plan_with(count: int) -> Plan:
    return Plan.preset("live", decision=DecisionPlan(null_surrogates=count))


@pytest.mark.parametrize("count", [0, 1, 6, 7, 19, 39])
def test_every_surrogate_is_in_one_wave(count):
    numbers = [i for wave in waves(plan_with(count)) for i in wave]
    assert numbers == list(range(count))


def test_it_is_settled_exactly_when_nothing_can_make_it_significant():
    plan = plan_with(39)  # p <= 0.05 allows one of 39 to reach the gain
    rng = np.random.default_rng(0)
    for _ in range(200):
        nulls = tuple(rng.normal(size=int(rng.integers(1, 30))))
        gain = float(rng.normal() + 1.5)
        best_case = nulls + (-np.inf,) * (39 - len(nulls))
        hopeless = not judge(gain, best_case, plan).has_types
        assert settled(gain, nulls, plan) == hopeless


def test_the_verdict_says_that_more_were_not_needed():
    evidence = judge(1.0, (2.0, 3.0, 0.1), plan_with(19))
    assert not evidence.has_types
    assert "2 of 3 surfaces without types reach it, more were not needed" in evidence.reason


def test_types_need_all_surrogates():
    evidence = judge(1.0, tuple(np.linspace(-1, 0.5, 19)), plan_with(19))
    assert evidence.has_types
    assert "more were not needed" not in evidence.reason


def test_types_that_were_to_be_tested_and_were_not_are_not_claimed():
    assert judge(1.0, (), plan_with(0)).has_types  # asked for no test
    few, late = judge(1.0, (), plan_with(1)), judge(1.0, (), plan_with(19))
    assert not few.has_types
    assert "1 of them cannot bring p <= 0.05 about" in few.reason
    assert not late.has_types
    assert "time was up" in late.reason


def test_scattering_alone_claims_nothing():
    claimed = judge(1.0, tuple(np.linspace(-1, 0.5, 19)), plan_with(19))
    trained = Candidate(13, "r", ("Amplitude",))
    assert without_claim_of_scattering(claimed, trained) is claimed
    capped = without_claim_of_scattering(claimed, replace(trained, kind="scattering"))
    assert not capped.has_types
    assert np.isnan(capped.p_value)
    assert capped.reason.startswith("no evidence of separate types, as nothing that was trained")
    assert "0 of 19 surfaces without types reach it" in capped.reason
    denied = judge(-1.0, (), plan_with(19))
    assert without_claim_of_scattering(denied, replace(trained, kind="scattering")) is denied

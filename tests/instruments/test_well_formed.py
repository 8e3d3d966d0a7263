"""A plan that is not made of numbers gives errors in the check, and can never be armed."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from corescout.data import InputError
from corescout.instruments import SessionError, plan_visits

BAD = [float("nan"), float("inf"), "1e-9", None, True, 10**400, [1.0]]


def with_place(plan, value):
    first = replace(plan.targets[0], xy_m=(value, 0.0))
    return replace(plan, targets=(first, *plan.targets[1:]))


def with_setting(plan, value):
    first = replace(plan.targets[0], settings={"seconds": value})
    return replace(plan, targets=(first, *plan.targets[1:]))


@pytest.mark.parametrize("make", [with_place, with_setting])
@pytest.mark.parametrize("value", BAD, ids=lambda v: repr(v)[:12])
def test_what_is_no_number_is_an_error_of_the_check(session, plan, make, value):
    bad = make(plan, value)
    check = session.preview(bad)
    assert any("expected numbers" in e for e in check.errors)
    assert not check.messages
    with pytest.raises(SessionError):
        session.approve("", by="test")


def test_a_time_without_a_zone_is_an_error_of_the_check(session, plan):
    check = session.preview(replace(plan, expires_at=datetime(2030, 1, 1)))
    assert any("with its zone" in e for e in check.errors)
    check = session.preview(replace(plan, tolerance_m=float("nan")))
    assert any("tolerance" in e for e in check.errors)


def test_numbers_of_numpy_that_are_plain_ones_are_numbers(session, plan):
    check = session.preview(with_setting(plan, np.float64(0.1)))
    assert not any("expected numbers" in e for e in check.errors)


@pytest.mark.parametrize("value", BAD[:4] + BAD[5:], ids=lambda v: repr(v)[:12])
def test_a_plan_of_such_targets_is_not_made(wall_surface, plan, value):
    with pytest.raises(InputError, match="finite numbers"):
        plan_visits(wall_surface.scan, [replace(plan.targets[0], settings={"seconds": value})])

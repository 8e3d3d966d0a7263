"""The computer's clock is set back by a day: what has expired stays expired."""

from __future__ import annotations

import json
import os
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from corescout.data import InputError
from corescout.instruments import Journal, Message, Session, SessionError
from corescout.instruments.clock import SteadyClock
from corescout.instruments.folder.outbox import Outbox, read_plan
from corescout.live.policy import Policy, Signed

BACK = timedelta(days=-1)
SEEN_BY = ("instruments.clock", "instruments.journal", "live.policy")


class WallClock(datetime):
    """The computer's clock, which people set; the monotonic one goes on."""

    set_by = timedelta()

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + cls.set_by


@pytest.fixture
def set_clock(monkeypatch):
    """Set the computer's clock, wherever the product looks at it."""
    for module in SEEN_BY:
        monkeypatch.setattr(f"corescout.{module}.datetime", WallClock)
    return lambda by: monkeypatch.setattr(WallClock, "set_by", by)


def short(plan, seconds=0.05):
    """The plan, with an end that is soon."""
    return replace(plan, expires_at=datetime.now(UTC) + timedelta(seconds=seconds))


def test_an_expired_plan_is_not_revived(session, plan, twin, set_clock):
    old = short(plan)
    time.sleep(0.1)
    set_clock(BACK)
    (said,) = session.preview(old).errors
    assert "expired" in said
    assert "clock was set back by 86" in said
    with pytest.raises(SessionError, match="expired"):
        session.approve(old.digest, by="test")
    assert twin.log == []


def test_a_plan_expires_by_the_seconds_that_pass_after_the_clock_was_set_back(
    session, plan, twin, set_clock
):
    soon = short(plan, 0.6)
    assert session.preview(soon).errors == ()
    session.approve(soon.digest, by="test")
    set_clock(BACK)
    time.sleep(0.7)
    said = list(session.run(soon))[-1]
    assert "expired" in said.reason
    assert twin.log == []
    assert session.state == "HOLD"


def test_a_later_time_that_was_seen_once_counts(session, plan, set_clock):
    """The clock was right when the plan expired, and is set back after."""
    until_tomorrow = short(plan, 3600.0)
    set_clock(timedelta(hours=2))
    assert "expired" in session.preview(until_tomorrow).errors[0]
    set_clock(timedelta())
    assert "expired" in session.preview(until_tomorrow).errors[0]


def test_a_plan_that_expired_in_an_earlier_session_is_not_revived(
    twin, limits, plan, tmp_path, set_clock
):
    """The journal knows that its end has passed."""
    old = short(plan)
    path = tmp_path / "journal.jsonl"
    time.sleep(0.1)
    path.write_text(json.dumps({"at": datetime.now(UTC).isoformat(), "what": "release"}) + "\n")
    set_clock(BACK)
    with closing(Journal(path)) as journal:
        assert "expired" in Session(twin, limits, journal).preview(old).errors[0]


@pytest.fixture
def handed_over(tmp_path):
    """A plan that lies in a folder since an hour: it has expired."""
    path = Outbox(tmp_path).put([Message("bias", {"bias_v": 0.0})]).path
    assert len(read_plan(path)) == 1
    said = json.loads(path.read_text())
    for key in ("made_at", "expires_at"):
        said[key] = (datetime.fromisoformat(said[key]) - timedelta(hours=1)).isoformat()
    path.write_text(json.dumps(said))
    os.utime(path, (time.time() - 3600,) * 2)
    return path


def test_a_plan_in_a_folder_is_not_revived_while_the_program_runs(handed_over, set_clock):
    clock = SteadyClock()
    set_clock(timedelta(minutes=-50))
    with pytest.raises(InputError, match="in force"):
        read_plan(handed_over, clock)


def test_a_plan_in_a_folder_is_not_revived_by_a_program_that_starts_after(handed_over, set_clock):
    """It was written later than it is: nobody knows how long it has lain."""
    set_clock(timedelta(minutes=-70))
    with pytest.raises(InputError, match="clock"):
        read_plan(handed_over, SteadyClock())


def test_a_plan_in_a_folder_lasts_no_longer_than_plans_do(handed_over):
    said = json.loads(handed_over.read_text())
    said["expires_at"] = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    handed_over.write_text(json.dumps(said))
    with pytest.raises(InputError, match="in force"):
        read_plan(handed_over)


def test_an_expired_policy_covers_nothing_also_when_it_is_signed_again(session, plan, set_clock):
    check = session.preview(plan)
    assert check.errors == ()
    end = datetime.now(UTC) + timedelta(seconds=0.05)
    policy = Policy("me", most_plans=5, most_targets=20, largest_bias_v=8.0, expires_at=end)
    lasting = replace(policy, expires_at=end + timedelta(hours=1))
    signed = Signed(policy, clock=session.clock)
    time.sleep(0.1)
    set_clock(BACK)
    assert signed.refusal(plan, check) == "the policy has expired"
    again = Signed(policy, clock=session.clock)  # as a watch does
    assert again.refusal(plan, check) == "the policy has expired"
    assert Signed(lasting, clock=session.clock).refusal(plan, check) is None


def test_the_clock_follows_forward_and_never_back(set_clock):
    steady = SteadyClock()
    before = steady.now()
    set_clock(timedelta(hours=3))
    ahead = steady.now()
    assert ahead - before >= timedelta(hours=3)
    set_clock(BACK)
    assert steady.now() >= ahead
    # The two clocks are read one after the other.
    assert abs(steady.set_back() - timedelta(hours=27)) < timedelta(minutes=1)

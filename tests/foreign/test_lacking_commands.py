"""Controllers that do not know one of the commands: what is safe goes on, the rest is not begun."""

from __future__ import annotations

import time

import pytest

from corescout.data.errors import CorescoutError
from corescout.instruments import SessionError, plan_visits
from foreign.conftest import IMAGE, MOTIONS, target


def carried_out(bench) -> None:
    plan = plan_visits(IMAGE, [target(0.1, 0.0)])
    bench.session.preview(plan)
    bench.session.approve(plan.digest, by="test")
    list(bench.session.run(plan))


@pytest.mark.parametrize("lacking", ["Util.VersionGet", "Util.SessionPathGet", "Signals.NamesGet"])
def test_what_says_who_it_is_is_not_needed(benches, lacking):
    bench = benches(unknown=frozenset({lacking}))
    assert bench.run(target(0.1, 0.0)) == "done"


def test_who_does_not_take_a_stop_is_not_armed(benches):
    bench = benches(unknown=frozenset({"FolMe.Stop"}))
    plan = plan_visits(IMAGE, [target(0.1, 0.0)])
    bench.session.preview(plan)
    with pytest.raises(SessionError, match="does not take a STOP"):
        bench.session.approve(plan.digest, by="test")
    assert bench.session.state == "PREVIEW"
    assert not bench.controller.log.acted(*MOTIONS)


@pytest.mark.parametrize(
    "lacking", ["Bias.Get", "FolMe.XYPosGet", "Scan.StatusGet", "FolMe.SpeedGet", "Bias.Set"]
)
def test_without_what_must_be_read_nothing_moves(benches, lacking):
    bench = benches(unknown=frozenset({lacking}))
    with pytest.raises(CorescoutError, match=lacking):
        carried_out(bench)
    assert not bench.controller.log.acted(*MOTIONS)


def test_a_spectrum_that_cannot_be_ended_is_not_confirmed_before_it_ends(benches):
    bench = benches(unknown=frozenset({"BiasSpectr.Stop"}), integration_s=0.05)
    bench.begin(target(0.05, 0.0))
    bench.until(lambda: bench.controller.microscope.snapshot()["spectrum"])
    bench.stop()
    said = bench.states()
    while bench.controller.microscope.snapshot()["spectrum"]:
        assert "confirmed" not in said
        time.sleep(0.02)
        said = bench.states()
    bench.until(lambda: "confirmed" in bench.states())
    assert bench.controller.microscope.bias_v() == 0.0

"""Stops at random moments, with answers after 1 to 100 ms and some dead connections."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from benchmarks.reliability.stop import report, trials
from benchmarks.reliability.stop_trials import stop_once

STOPS, AT_A_TIME = 60, 3
SLACK_S = 0.3  # of a loaded machine; `corescout bench stop` has none


def test_sixty_stops_at_random_moments():
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        outcomes = list(pool.map(stop_once, trials(STOPS)))
    found = report(outcomes)
    said = "\n".join(found.notes)
    assert found.values["wrongly_confirmed"] == 0, said
    assert found.values["biased_after"] == 0, said
    assert found.values["longest_rest_s"] <= 0.5 + SLACK_S, said
    assert found.values["longest_return_s"] <= 0.5 + SLACK_S, said
    assert found.values["longest_until_told_s"] <= 1.0 + SLACK_S, said
    assert found.values["confirmed_share"] >= 0.98, said
    assert found.values["while_moving"] >= STOPS / 3, "few of the stops had anything to stop"

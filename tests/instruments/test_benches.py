"""Small samples of `corescout bench kill` and `bench limits`."""

from benchmarks.reliability import kill, limits


def test_killed_lives_lose_nothing_and_measure_nothing_twice():
    report = kill.run(quick=True)
    assert report.passed, report.values


def test_generated_plans_and_stops_keep_the_limits():
    report = limits.run(quick=True)
    assert report.passed, report.values

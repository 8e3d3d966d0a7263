"""A small sample of `corescout bench kill`: killed lives, and nothing measured twice."""

from corescout.bench import kill


def test_killed_lives_lose_nothing_and_measure_nothing_twice():
    report = kill.run(quick=True)
    assert report.passed, report.values

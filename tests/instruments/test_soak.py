"""A small sample of `corescout bench soak`: nothing lost, nothing twice."""

from benchmarks.reliability import soak


def test_faults_of_files_and_connections_lose_nothing():
    report = soak.run(quick=True)
    assert report.passed, report.values

"""`bench gpax` where there is no gpax, and the choice of its places against a plain formula."""

import numpy as np

from benchmarks.truth.gpax_compare import PYTHON, run
from benchmarks.truth.gpax_worker import matern, most_uncertain


def test_without_gpax_it_says_so_and_measures_nothing(monkeypatch):
    monkeypatch.delenv(PYTHON, raising=False)
    report = run()
    assert report.values == {"gpax": "not there"}
    assert PYTHON in report.notes[0]
    assert report.bars == ()


def test_the_least_certain_places_are_far_from_the_loops_and_from_each_other(rng):
    everywhere = np.linspace(0, 10, 101)[:, None]
    task = {
        "x": np.array([[0.0], [10.0]]), "everywhere": everywhere, "free": np.ones(101, bool),
        "xy_m": np.column_stack([everywhere[:, 0], np.zeros(101)]), "radius_m": 1.0, "count": 3,
    }  # fmt: skip
    rows = most_uncertain(task, np.array([2.0]), 1.0, 0.01)
    assert abs(rows[0] - 50) <= 1
    assert np.diff(np.sort(rows)).min() >= 10
    from sklearn.gaussian_process.kernels import Matern

    a, b = rng.standard_normal((5, 3)), rng.standard_normal((4, 3))
    length = np.array([0.5, 1.0, 3.0])
    np.testing.assert_allclose(
        matern(a, b, length, 2.0), 2 * Matern(length, nu=2.5)(a, b), rtol=1e-6
    )

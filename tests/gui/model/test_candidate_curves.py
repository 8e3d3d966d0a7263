"""Candidates as curves: seeds become bars, a void candidate keeps its reason."""

import numpy as np
import pytest

from corescout.data import Candidate, Reward, Trial
from corescout.gui.model.candidate_curves import curves


def trial(number, window, invariance, value, seed=0, void=None):
    reward = Reward("gain", value, "higher", void_because=void)
    candidate = Candidate(window_px=window, invariances=invariance, seed=seed)
    return Trial(number, candidate, "void" if void else "done", {"gain": reward}, 1.0, void)


def test_seeds_become_bars_and_invariances_become_curves():
    found = curves(
        [
            trial(0, 13, "r", 1.0),
            trial(1, 9, "r", 2.0),
            trial(2, 9, "rt", 5.0),
            trial(3, 13, "r", 3.0, seed=100),
            trial(4, 13, "r", 90.0, seed=200, void="collapsed"),
        ],
        "gain",
    )
    assert [(c.key, [d.candidate.window_px for d in c.dots]) for c in found] == [
        ("r", [9, 13]),
        ("rt", [9]),
    ]
    nine, thirteen = found[0].dots
    assert (thirteen.number, thirteen.value, thirteen.n_seeds) == (0, 2.0, 2)
    assert thirteen.spread == pytest.approx(np.sqrt(2))
    assert np.isnan(nine.spread)
    assert "130 nm, r (13 px)" in thirteen.words("gain", 10e-9)


def test_a_void_candidate_keeps_its_reason():
    (curve,) = curves([trial(0, 9, "r", 7.0, void="collapsed: variance 0.01")], "gain")
    assert curve.dots[0].void == "collapsed: variance 0.01"
    assert "not compared: collapsed" in curve.dots[0].words("gain", None)
    (other,) = curves([trial(0, 9, "r", 7.0)], "icl")
    assert other.dots[0].void == "it has no icl"

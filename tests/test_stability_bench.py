"""How `bench stability` counts two runs of one scan."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.truth.stability import Pair, TrialMemory, pairs_of, tallied
from corescout.plan import Plan
from corescout.surfaces import generate_family


def test_a_kept_trial_comes_back():
    store = TrialMemory()
    assert store.get("a") is None
    store.put("a", b"trial", "13 px")
    assert store.get("a") == b"trial"
    assert store.deaths("a") == 0


def test_one_type_twice_does_not_count_and_once_counts_nothing():
    scored = {"ami": 0.5}
    pairs = [
        Pair("voronoi 1", "winner", (2, 2), 0.9, True, scored),
        Pair("voronoi 2", "winner", (1, 1), float("nan"), False, scored),
        Pair("voronoi 3", "winner", (1, 3), 0.0, False, scored),
        Pair("level_set 3", "winner", (3, 3), 0.4, True, {"ami": float("nan")}),
        Pair("real", "winner", (2, 2), 0.3, False),
    ]
    values, bars = tallied(pairs)
    assert values["generated_winner_counted"] == 3
    assert values["generated_winner_ari"] == pytest.approx(0.4)
    assert values["generated_winner_below_half"] == 2
    assert values["generated_winner_unsaid"] == 1
    assert values["generated_winner_said_of_stable"] == 1
    assert values["voronoi_winner_ari"] == pytest.approx(0.45)
    assert values["generated_winner_ami"] == pytest.approx(0.5)
    assert values["real_winner_unsaid"] == 1
    assert {bar.key for bar in bars} >= {"generated_winner_ari", "real_winner_ari"}
    assert not any(bar.key.endswith("consensus_ari") for bar in bars)


def test_a_scan_is_explored_with_two_seeds_and_both_ways(monkeypatch):
    surface = generate_family("voronoi", 801, (128, 128))
    presets = Plan.preset
    small = {"windows_px": (9, 13), "invariances": ("r",)}

    def quick(name, *, seed, decision):
        asked = {**decision, "null_surrogates": 0, "seeds": 2}
        return presets(name, seed=seed, decision=asked, **small)

    monkeypatch.setattr(Plan, "preset", quick)
    winner, consensus = pairs_of("voronoi 801", surface.scan, surface)
    assert (winner.way, consensus.way) == ("winner", "consensus")
    assert min(winner.shown + consensus.shown) >= 1
    assert winner.scores["ami"] <= 1
    assert 0 <= consensus.scores["coverage"] <= 1
    assert np.isnan(winner.ari) or -1 <= winner.ari <= 1
    assert "types" in str(replace(winner, said=True))

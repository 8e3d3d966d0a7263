"""One name for a reward, wherever a person reads it."""

import numpy as np
import pytest

from corescout.report.html import report_html
from corescout.rewards import REWARDS
from corescout.rewards.words import NAMES, reward_words
from corescout.search.scoring import Scoring


def test_every_reward_of_the_table_has_its_words():
    assert {name for name in REWARDS if name not in NAMES} == set()


@pytest.mark.parametrize(
    ("name", "words", "axis"),
    [
        ("icl", "ICL (w = 2)", "ICL (w = 2) (per point)"),
        ("stability", "agreement of seeds (ARI)", "agreement of seeds (ARI)"),
        ("neg_elbo_plus_h", "-ELBO + H", "-ELBO + H (nats)"),
        ("my_module:my_own", "my own", "my own"),
    ],
)
def test_words_and_units(name, words, axis):
    assert reward_words(name) == words
    assert reward_words(name, unit=True) == axis


def test_the_report_and_the_sentences_say_the_same(quick_result, monkeypatch):
    from corescout.plan import DecisionPlan

    monkeypatch.setattr("corescout.report.html.FIGURES", {})
    page = report_html(quick_result)
    for name in ("icl", "gain", "context_retention"):
        assert f">{reward_words(name)}</th>" in page
        scoring = Scoring(DecisionPlan(reward=name), np.empty(0), np.empty(0))
        assert scoring.what == reward_words(name)

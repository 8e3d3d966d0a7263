"""Whether the verdict says that another training may show one type, or several."""

from __future__ import annotations

import numpy as np
import pytest

from corescout.data import Candidate, Fit, Latents
from corescout.mixtures import fit_mixtures
from corescout.plan import DecisionPlan, MixturePlan
from corescout.rewards.criteria import bic, gain
from corescout.search.another_training import AnotherTraining
from corescout.trial import Outcome

YX = np.stack(np.meshgrid(np.arange(24), np.arange(24), indexing="ij"), -1).reshape(-1, 2) * 8.0
ASKED = DecisionPlan()


def trained(kinds, seed):
    """A training whose codes tell these kinds apart."""
    rng, count = np.random.default_rng(seed), len(YX)
    z = np.column_stack([8.0 * kinds, np.zeros(count)]) + rng.standard_normal((count, 2))
    mixtures = fit_mixtures([z], [np.ones(count, bool)], MixturePlan(max_components=3), [0])[0]
    none = np.zeros(count)
    fit = Fit(
        Candidate(9, "r", seed=seed), Latents(z, np.zeros_like(z)), none, none, none,
        np.ones(count, bool), mixtures, YX, np.zeros((count, 0)),
    )  # fmt: skip
    return Outcome(fit.candidate, fit, {}, {"gain": gain(fit), "bic": bic(fit)}, None, seed, 0.0)


@pytest.fixture(scope="module")
def trainings():
    """Three that find the halves of a scan, and one whose kinds are met everywhere."""
    halves = (YX[:, 0] > YX[:, 0].mean()).astype(int)
    everywhere = np.random.default_rng(1).integers(0, 2, len(YX))
    return [trained(halves, 0), trained(halves, 1), trained(halves, 2), trained(everywhere, 3)]


def test_trainings_that_keep_to_places_are_counted(trainings):
    assert AnotherTraining.of(trainings, ASKED) == AnotherTraining(4, 3)
    for unasked in ({"null_surrogates": 0}, {"largest_agreement": None}, {"possible_types": False}):
        plan = ASKED.model_copy(update=unasked)
        assert AnotherTraining.of(trainings, plan) == AnotherTraining()


@pytest.mark.parametrize(
    ("keeping", "n_types", "said"),
    [
        (12, 3, ""),
        (0, 1, ""),
        (2, 3, "10 of 12 trainings of the finalists would show one type by themselves"),
        (11, 1, "another training may show several types"),
    ],
)
def test_it_is_said_where_the_trainings_speak_against_what_is_shown(keeping, n_types, said):
    words = AnotherTraining(12, keeping).in_words(n_types)
    assert said in words
    assert bool(words) == bool(said)


def test_one_training_says_nothing_of_others():
    assert AnotherTraining(1, 0).in_words(3) == ""

"""Collapse: told, retried, and an excess dimension told from an accident."""

import numpy as np
import pytest

from corescout.data import Candidate, Latents, Normalisation, PatchSet
from corescout.plan import MixturePlan, TrainingPlan
from corescout.trial import RETRY_STRIDE, TrialGroup, collapse, run_trials

SIDE = 7
TRAINING = TrainingPlan(epochs=60, batch_size=64, learning_rate=1e-2)


def group_of(values: np.ndarray, training: TrainingPlan) -> TrialGroup:
    count = len(values)
    patches = PatchSet(
        values=values.astype(np.float32)[:, None],
        index=np.arange(count),
        center_yx_px=np.zeros((count, 2)),
        normalisation=Normalisation(("a",), np.zeros(1), np.ones(1)),
    )
    return TrialGroup(
        candidates=(Candidate(SIDE, channels=("a",)),),
        patch_sets=(patches,),
        context=np.zeros((count, 0)),
        block=np.zeros(0, np.int64),
        training=training,
        mixtures=MixturePlan(max_components=2),
    )


def patches_with(n_factors: int, rng, count: int = 320) -> np.ndarray:
    """Patches that one or two factors make: left against right, top against bottom."""
    y, x = np.indices((SIDE, SIDE)) / (SIDE - 1) - 0.5
    a, b = rng.choice([-1.0, 1.0], (2, count, 1, 1)) * rng.uniform(0.3, 1.0, (2, count, 1, 1))
    slope = a * x + (b * y if n_factors == 2 else 0)
    return np.clip(0.5 + 0.8 * slope, 0.02, 0.98)


@pytest.mark.parametrize("variances", [(1.0, 0.9), (1.0, 0.2), (0.1, 1.0)])
def test_the_dimension_that_carries_nothing_is_named(rng, variances):
    z = rng.standard_normal((2000, 2)) * np.sqrt(variances)
    reason = collapse(Latents(z, np.ones_like(z)), 0.3)
    least = int(np.argmin(variances))
    assert (reason is None) == (min(variances) > 0.3)
    assert reason is None or f"Var(z{least + 1})" in reason


@pytest.mark.parametrize(("left", "word"), [(0.2, None), (0.001, "direction alone")])
def test_a_dimension_that_the_turns_average_out_held_the_direction(rng, left, word):
    one_turn = rng.standard_normal((500, 2))
    mean = one_turn * np.sqrt([1.0, left])
    reason = collapse(Latents(mean, np.ones_like(mean), one_turn=one_turn), 0.3)
    assert (reason is None) == (word is None)
    assert word is None or ("z2" in reason and word in reason)


def test_one_factor_leaves_an_excess_dimension(rng):
    training = TRAINING.model_copy(update={"collapse_variance": 0.3, "retries": 1})
    (outcome,) = run_trials(group_of(patches_with(1, rng), training))
    assert (
        "with all 2 seeds; a model of 1 dimension does as well: an excess one" in outcome.collapsed
    )
    assert outcome.trained_seed == RETRY_STRIDE
    assert outcome.rewards["bic"].void_because == outcome.collapsed
    assert outcome.rewards["total_variance"].void_because is None


def test_two_factors_that_are_called_collapsed_are_an_accident(rng):
    """The gate is set where nothing passes: both dimensions are needed all the same."""
    training = TRAINING.model_copy(update={"collapse_variance": 9.0, "retries": 1})
    (outcome,) = run_trials(group_of(patches_with(2, rng), training))
    assert "an accident of the training" in outcome.collapsed


def test_without_retries_nothing_is_said_of_dimensions(rng):
    training = TRAINING.model_copy(update={"collapse_variance": 9.0, "retries": 0, "epochs": 3})
    (outcome,) = run_trials(group_of(patches_with(1, rng), training))
    assert "dimension" not in outcome.collapsed

"""A surface with fewer patches than the scan is trained for as many steps."""

import pytest

from corescout.plan import TrainingPlan
from corescout.vae import as_many_steps, epochs_of

PLANS = (
    TrainingPlan(epochs=50, max_steps=600, batch_size=64),
    TrainingPlan(epochs=30, max_steps=None, batch_size=128),
)


def steps(plan, n_patches):
    return epochs_of(plan, n_patches) * (n_patches // plan.batch_size)


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("as_of", [21_054, 60_000, 200_000])
def test_fewer_patches_are_trained_on_for_as_many_steps(plan, as_of):
    found = as_many_steps(plan, 21_053, as_of)
    assert steps(found, 21_053) == pytest.approx(steps(plan, as_of), rel=0.1)
    assert found.model_copy(update={"epochs": 1, "max_steps": 1}) == plan.model_copy(
        update={"epochs": 1, "max_steps": 1}
    )


@pytest.mark.parametrize("plan", PLANS)
def test_as_many_patches_are_trained_on_as_the_plan_says(plan):
    assert as_many_steps(plan, 3_725, 3_725) == plan

"""Which patches a training is shown, where there are more than its steps have room for."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from corescout.plan import TrainingPlan

_FEWEST_EPOCHS = 4  # over all patches; of more patches than that leaves room for some are shown


def patches_of(plan: TrainingPlan, n_patches: int) -> int:
    """Patches of `n_patches` that a training is shown, where the plan caps its steps.

    As many as fill the steps in a whole number of epochs, so that more key points cost no more
    steps: up to 9,600 for 600 steps of 64 all, beyond 38,400 so many, each of them once.
    """
    if plan.max_steps is None:
        return n_patches
    most = plan.max_steps * plan.batch_size
    if n_patches * _FEWEST_EPOCHS <= most:
        return n_patches
    epochs = min(plan.epochs, max(1, math.ceil(most / n_patches)))
    return min(n_patches, max(1, most // epochs))


def shown(patches: NDArray[np.float32], plan: TrainingPlan) -> NDArray[np.float32]:
    """Return those of patches (N, ...) that a training is shown, drawn at random, in their order.

    The same for every seed, so that models of one stack share them.
    """
    count = patches_of(plan, len(patches))
    if count == len(patches):
        return patches
    rows = np.sort(np.random.default_rng(0).choice(len(patches), count, replace=False))
    return np.asarray(patches[rows])

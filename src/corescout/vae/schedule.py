"""How long a training takes, and how learning rate and KL weight run over it."""

from __future__ import annotations

import math

from corescout.plan import TrainingPlan


def epochs_of(plan: TrainingPlan, n_patches: int) -> int:
    """Epochs that fit the plan's cap on steps, at least 4: more patches need fewer passes."""
    steps_per_epoch = max(1, n_patches // min(plan.batch_size, n_patches))
    if plan.max_steps is None:
        return plan.epochs
    return max(min(plan.epochs, plan.max_steps // steps_per_epoch), min(plan.epochs, 4))


def as_many_steps(plan: TrainingPlan, n_patches: int, as_of: int) -> TrainingPlan:
    """Return the plan that trains on `n_patches` for about as many steps as on `as_of` patches."""
    if n_patches == as_of:
        return plan
    steps = epochs_of(plan, as_of) * max(1, as_of // min(plan.batch_size, as_of))
    epochs = round(steps / max(1, n_patches // min(plan.batch_size, n_patches)))
    return plan.model_copy(update={"epochs": max(1, epochs), "max_steps": None})


def learning_rate_at(step: int, n_steps: int, plan: TrainingPlan) -> float:
    """One cycle: cosine from 1/25 of the peak to the peak over 30 %, then down to 1/1000 of it."""
    if plan.schedule == "constant":
        return plan.learning_rate
    rise = 0.3 * n_steps
    if step < rise:
        low, high, at = plan.learning_rate / 25, plan.learning_rate, step / rise
    else:
        low, high = plan.learning_rate, plan.learning_rate / 1000
        at = (step - rise) / max(1.0, n_steps - rise)
    return high + (low - high) * 0.5 * (1 + math.cos(math.pi * at))


def warmup_at(step: int, n_steps: int, plan: TrainingPlan) -> float:
    """Factor on the KL weight: rises linearly to 1, so that no dimension is given up early."""
    return min(1.0, (step + 1) / max(1.0, plan.kl_warmup * n_steps))

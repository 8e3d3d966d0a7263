"""On a GPU the surrogates train as one stack; the patches are the same as on the cores."""

import numpy as np

from corescout.data import Candidate
from corescout.preparation import prepare
from corescout.search.evidence import surrogate_tasks
from corescout.search.surrogates import surrogates


def test_surrogates_are_one_stack_on_a_gpu(surface, quick_plan):
    prepared = prepare(surface.scan, quick_plan)
    winner = Candidate(9, "r", channels=prepared.channels)

    def tasks(device):
        training = quick_plan.training.model_copy(update={"device": device})
        plan = quick_plan.model_copy(update={"training": training})
        return surrogate_tasks(winner, plan, range(6))

    def patches(task):
        return surrogates(prepared.trial_data, winner, task.plan, task.surrogates).patch_sets

    (stack,) = tasks("cuda")
    several = tasks("cpu")
    assert len(several) == 2
    assert stack.candidates == tuple(c for t in several for c in t.candidates)
    n = min(len(patches(t)[0]) for t in several)
    whole = patches(stack)
    assert len(whole[0]) == n
    assert np.isfinite(whole[0].values).all()

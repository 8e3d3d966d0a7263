"""On a GPU the surrogates train as one stack; the patches are the same as on the cores."""

import numpy as np

from corescout.data import Candidate
from corescout.keypoints import find_keypoints
from corescout.preparation import prepare
from corescout.search.evidence import surrogate_groups
from corescout.surfaces import phase_randomised


def test_surrogates_are_one_stack_on_a_gpu(surface, quick_plan):
    prepared = prepare(surface.scan, quick_plan)
    winner = Candidate(9, "r", channels=prepared.channels)

    def groups(device):
        training = quick_plan.training.model_copy(update={"device": device})
        plan = quick_plan.model_copy(update={"training": training})
        return surrogate_groups(
            prepared, winner, plan, range(6), phase_randomised,
            lambda image: find_keypoints(image, plan.keypoints, 5.0),
        )  # fmt: skip

    (stack,) = groups("cuda")
    several = groups("cpu")
    assert len(several) == 2
    assert stack.candidates == tuple(c for g in several for c in g.candidates)
    n = min(len(g.patch_sets[0]) for g in several)
    assert len(stack.patch_sets[0]) == n
    assert np.isfinite(stack.patch_sets[0].values).all()

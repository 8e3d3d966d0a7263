"""Surfaces without types of a scan with more key points than a mixture sees."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.data import Candidate, StoppedError
from corescout.keypoints import find_keypoints
from corescout.preparation import prepare
from corescout.search.surrogates import most_patches, surrogates
from corescout.search.tasks import Task, group_of, run_task
from corescout.surfaces import phase_randomised

MOST = 60


@pytest.fixture(scope="module")
def capped(surface, quick_plan):
    dense = quick_plan.mixtures.density_filter.model_copy(update={"max_points": MOST})
    mixtures = quick_plan.mixtures.model_copy(update={"density_filter": dense})
    plan = quick_plan.model_copy(update={"mixtures": mixtures})
    return prepare(surface.scan, plan).trial_data, plan


@pytest.fixture(scope="module")
def winner(capped):
    return Candidate(9, "r", channels=capped[0].channels)


def test_a_surface_holds_no_more_patches_than_a_mixture_sees(capped, winner):
    data, plan = capped
    assert len(data) > 2 * MOST
    made = surrogates(data, winner, plan, (0, 1))
    share = plan.mixtures.density_filter.share
    assert (
        {len(s) for s in made.patch_sets}
        == {most_patches(len(data), plan)}
        == {int(np.ceil(MOST / share))}
    )
    task = Task(plan, (replace(winner, seed=1), replace(winner, seed=2)), (0, 1))
    group = group_of(data, task)
    batches = [max(1, n // plan.training.batch_size) for n in (len(data), len(made.patch_sets[0]))]
    assert group.passes == round(plan.training.epochs * batches[0] / batches[1])
    for outcome in run_task(data, task):
        assert outcome.fit.kept.sum() == MOST
        assert len(outcome.fit.mixtures[1].seen) == MOST


def test_its_patches_are_those_of_the_middle_of_the_surface(capped, winner):
    data, plan = capped
    (patches,) = surrogates(data, winner, plan, (0,)).patch_sets
    image = phase_randomised(data.images[0], plan.seed + 1)
    share = 2 * most_patches(len(data), plan) / len(data)
    sides = [int(np.ceil(n * np.sqrt(share))) for n in image.shape]
    first = [(n - side) // 2 for n, side in zip(image.shape, sides, strict=True)]
    part = image[first[0] : first[0] + sides[0], first[1] : first[1] + sides[1]]
    found = {tuple(p) for p in np.rint(find_keypoints(part, plan.keypoints, 5).yx_px).tolist()}
    for values, yx in zip(patches.values, patches.center_yx_px, strict=True):
        y, x = (yx - 4).astype(int)
        np.testing.assert_array_equal(values[0], part[y : y + 9, x : x + 9])
        assert tuple(yx) in found


def test_a_surface_is_the_same_in_whatever_stack_it_is_made(capped, winner):
    data, plan = capped
    together = surrogates(data, winner, plan, (0, 1, 2)).patch_sets
    for number, patches in enumerate(together):
        (alone,) = surrogates(data, winner, plan, (number,)).patch_sets
        assert alone.values.tobytes() == patches.values.tobytes()


def test_key_points_that_were_drawn_stay_where_they_are(capped, winner):
    data, plan = capped
    drawn = replace(data, keypoint_source="drawn")
    (patches,) = surrogates(drawn, winner, plan, (0,)).patch_sets
    share = 2 * most_patches(len(data), plan) / len(data)
    first = [(n - int(np.ceil(n * np.sqrt(share)))) // 2 for n in data.images.shape[1:]]
    scan = np.asarray(data.patches(9).center_yx_px)
    apart = np.abs(np.asarray(patches.center_yx_px)[:, None] + first - scan[None]).sum(axis=2)
    assert apart.min(axis=1).max() == 0


@pytest.mark.parametrize(
    ("look", "when"), [(1, "a surface"), (10, "a surface"), (12, "key points"), (25, "a surface")]
)
def test_a_stop_ends_the_surfaces_between_two_steps(capped, winner, pressed_at_look, look, when):
    data, plan = capped
    large = replace(data, images=np.tile(data.images, (1, 7, 7)))
    stop = pressed_at_look(look)
    with pytest.raises(StoppedError, match=f"stopped while .*{when}"):
        surrogates(large, winner, plan, range(1000), stop)
    assert stop.looks == look

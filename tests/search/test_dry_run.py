"""What a dry run adds up for machines of a given speed; `bench dry-run` holds it to the clock."""

from dataclasses import replace

import pytest

from corescout.data import InputError
from corescout.plan import Plan
from corescout.preparation import prepare
from corescout.search.dry_run import Speed, dry_run, estimate, measure_speed
from corescout.surfaces import generate_surface
from corescout.trial import TrialGroup

MACHINE = Speed((1.0, 1e12), (1e-9, 1e-9), after_s=0.25, surrogate_s=0.1, threads=1.0)
ALONE = {"seeds": 1, "null_surrogates": 0}


@pytest.fixture(scope="module")
def prepared():
    scan = generate_surface((96, 96), seed=3).scan
    return prepare(scan, Plan.preset("live"))


def groups_of(prepared, plan):
    return [
        TrialGroup(
            candidates=(c,), patch_sets=(prepared.patches(c.window_px),), context=prepared.context,
            block=prepared.block, training=plan.training, mixtures=plan.mixtures,
        )
        for c in plan.candidates(prepared.channels)
    ]  # fmt: skip


def said(prepared, machine=MACHINE, **settings):
    plan = Plan.preset("live", **settings)
    return estimate(prepared, plan, groups_of(prepared, plan), machine, 2)


def test_the_whole_is_the_sum_of_what_is_tried(prepared):
    found = said(prepared, decision=ALONE)
    assert found.seconds == pytest.approx(sum(c.seconds for c in found.candidates))
    assert sum(c.share for c in found.candidates) == pytest.approx(1.0)
    more = said(prepared, decision={**ALONE, "seeds": 3, "finalists": 2})
    assert more.n_repeats == 4
    mean_s = found.seconds / len(found.candidates)
    assert more.seconds == pytest.approx(found.seconds + 4 * mean_s)


def test_what_follows_a_training_counts_once_for_each(prepared):
    """Mixtures, rewards and evidence: most of what an estimate by trainings alone leaves out."""
    slow = replace(MACHINE, after_s=MACHINE.after_s + 1.0)
    plain, longer = said(prepared, decision=ALONE), said(prepared, slow, decision=ALONE)
    assert longer.seconds - plain.seconds == pytest.approx(len(plain.candidates))


def test_each_surface_without_types_is_made_trained_and_scored(prepared):
    without = said(prepared, decision=ALONE)
    ten = said(prepared, decision={**ALONE, "null_surrogates": 10})
    twenty = said(prepared, decision={**ALONE, "null_surrogates": 20})
    assert ten.seconds - without.seconds > 10 * MACHINE.surrogate_s
    assert twenty.seconds - ten.seconds == pytest.approx(ten.seconds - without.seconds)
    slow = replace(MACHINE, surrogate_s=MACHINE.surrogate_s + 1.0)
    slower = said(prepared, slow, decision={**ALONE, "null_surrogates": 10})
    assert slower.seconds - ten.seconds == pytest.approx(10.0)


def test_passes_windows_and_collapses_are_paid_for(prepared):
    machine = replace(MACHINE, after_s=0.0)
    training = {"max_steps": None, "retries": 0}
    once, twice = (
        said(prepared, machine, decision=ALONE, training={**training, "epochs": n}).seconds
        for n in (20, 40)
    )
    assert twice == pytest.approx(2 * once)
    of_window = {
        c.candidate.window_px: c.seconds
        for c in said(prepared, machine, decision=ALONE, windows_px=(9, 21)).candidates
        if c.candidate.kind == "vae"
    }
    assert of_window[9] < of_window[21]
    again = said(
        prepared, machine, decision=ALONE, training={**training, "epochs": 20, "retries": 2}
    )
    assert once < again.seconds < 3 * once


def test_threads_share_what_they_can(prepared):
    alone, two = said(prepared), said(prepared, replace(MACHINE, threads=1.6))
    assert two.seconds == pytest.approx(alone.seconds / 1.6)
    assert [c.seconds for c in two.candidates] == [c.seconds for c in alone.candidates]


def test_the_fits_of_a_consensus_are_paid_for_once_a_seed_and_by_no_thread_less(prepared):
    machine = replace(MACHINE, threads=2.0, consensus_s=1.5)
    three = said(prepared, machine, decision={"seeds": 3})
    assert three.consensus_s == 4.5
    alone = said(prepared, replace(machine, consensus_s=0.0), decision={"seeds": 3})
    assert three.seconds == pytest.approx(alone.seconds + 4.5)


def test_the_fits_of_a_consensus_are_timed_where_one_is_asked_for(prepared):
    few = {"windows_px": (9,), "invariances": (), "baselines": ("pca",)}
    mixtures = {"max_components": 2, "starts": 1}
    for types, more in (("consensus", True), ("winner", False)):
        plan = Plan.preset("live", **few, mixtures=mixtures, decision={**ALONE, "types": types})
        found = measure_speed(prepared, plan, groups_of(prepared, plan), 1)
        assert (found.consensus_s > 0) == more


def test_a_spatial_decoder_is_the_dearest_training(prepared):
    plain = said(prepared, decision=ALONE)
    confirmed = said(prepared, decision={**ALONE, "confirm_spatial": True})
    assert confirmed.seconds - plain.seconds > max(c.seconds for c in plain.candidates)


def test_the_machine_is_timed_on_pieces_of_the_very_work(prepared):
    plan = Plan.preset("live", windows_px=(9, 13), invariances=("none", "rt"), baselines=("pca",))
    speed = measure_speed(prepared, plan, groups_of(prepared, plan), 2)
    assert list(speed.pass_cost) == sorted(speed.pass_cost)
    assert speed.after_s > 0
    assert speed.surrogate_s > 0
    assert 1.0 <= speed.threads <= 2.0
    found = dry_run(prepared, plan, 1)
    tried = [c.candidate for c in found.candidates]
    assert tried == list(plan.candidates(prepared.channels))
    assert min(c.seconds for c in found.candidates) > 0


def test_the_cost_by_which_progress_is_shared_out_holds_the_trainings(prepared):
    plan = Plan.preset("live", baselines=("pca",))
    for group in groups_of(prepared, plan):
        assert group.cost > group.training_cost
        assert (group.training_cost == 0) == (group.candidates[0].kind == "pca")


def test_a_reward_that_is_not_there_is_said_before_anything_is_timed(prepared):
    plan = Plan.preset("live", decision={"reward": "no_such_reward"})
    with pytest.raises(InputError, match="no_such_reward"):
        dry_run(prepared, plan)

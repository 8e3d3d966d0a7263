"""pyroved's own iVAE trains a candidate: refused by name, stopped at once, and like our engine."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from corescout.data import InputError, StoppedError
from corescout.pipeline import explore
from corescout.plan import Plan
from corescout.preparation import prepare
from corescout.trial import TrialGroup, run_trials
from corescout.vae import check_engine, specification_of, train_with_pyroved

PLAN = Plan.preset("paper").changed("training.engine", "pyroved")
TRAINING = PLAN.training.model_copy(update={"epochs": 30, "learning_rate": 3e-3})


@pytest.fixture(scope="module")
def prepared(surface):
    return prepare(surface.scan, Plan.preset("paper", windows_px=(13,)))


def candidate(**changes):
    plan = PLAN.model_copy(update={"windows_px": (13,), "invariances": ("r",)})
    return replace(plan.candidates(("Amplitude",))[0], **changes)


@pytest.mark.parametrize(
    ("changes", "training", "name"),
    [
        ({"channels": ("a", "b")}, {}, "2 channels"),
        ({"invariances": "rts"}, {}, "scale"),
        ({"decoder": "canonical"}, {}, "canonical decoder"),
        ({}, {"schedule": "one_cycle"}, "training.schedule"),
        ({}, {"kl_warmup": 0.5}, "training.kl_warmup"),
        ({}, {"initialisation": "scaled"}, "training.initialisation"),
        ({}, {"max_steps": 10}, "training.max_steps"),
        ({}, {"angle_guide": "circular"}, "angle"),
        ({}, {"mask": "round"}, "mask"),
        ({}, {"device": "cuda"}, "training.device"),
        ({}, {"step": "numba"}, "training.step"),
    ],
)
def test_what_pyroved_lacks_is_refused_by_name(changes, training, name):
    plan = TRAINING.model_copy(update=training)
    with pytest.raises(InputError, match=name):
        check_engine(specification_of(candidate(**changes), plan), plan)


@pytest.mark.parametrize("invariances", ["none", "r", "rt"])
def test_the_paper_is_accepted(invariances):
    check_engine(specification_of(candidate(invariances=invariances), TRAINING), TRAINING)


def test_a_refusal_comes_before_anything_is_trained(surface):
    plan = Plan.preset("live", windows_px=(13,)).changed("training.engine", "pyroved")
    told = []
    with pytest.raises(InputError, match=r"training\.engine 'pyroved'"):
        explore(surface.scan, plan, on_progress=told.append)
    assert told == []


def test_stop_ends_the_process_within_an_epoch(prepared):
    stop, epochs = threading.Event(), []

    def told(share):
        epochs.append(share)
        stop.set()

    plan = TRAINING.model_copy(update={"epochs": 100_000})
    spec = specification_of(candidate(), plan)
    values = np.asarray(prepared.patches(13).values)
    with pytest.raises(StoppedError):
        train_with_pyroved(values, spec, 1.0, 0, plan, stop=stop, on_step=told)
    assert 1 <= len(epochs) < 1000


def test_both_engines_find_codes_of_the_same_quality(prepared):
    """The same model, patches and steps: likelihood and divergence agree.

    pyroved also takes the last, short batch of an epoch: of whole batches both take equal steps.
    """
    rows = np.arange(2 * TRAINING.batch_size)
    whole = prepared.patches(13)
    patches = replace(
        whole,
        values=whole.values[rows],
        index=whole.index[rows],
        center_yx_px=whole.center_yx_px[rows],
    )
    found = {}
    for engine in ("pyroved", "corescout"):
        training = TRAINING.model_copy(update={"engine": engine, "collapse_variance": 0.0})
        group = TrialGroup(
            candidates=(candidate(),),
            patch_sets=(patches,),
            context=prepared.context[rows],
            block=prepared.block[rows],
            training=training,
            mixtures=PLAN.mixtures.model_copy(update={"max_components": 4}),
            rewards=("total_variance",),
        )
        fits = [outcome.fit for outcome in run_trials(group)]
        found[engine] = (
            np.mean([np.asarray(f.log_likelihood_per_px).mean() for f in fits]),
            np.mean([np.asarray(f.kl_nats).mean() for f in fits]),
        )
    (likelihood, kl), (ours, our_kl) = found["pyroved"], found["corescout"]
    assert likelihood == pytest.approx(ours, abs=0.01)  # nats per pixel
    assert kl == pytest.approx(our_kl, rel=0.25)  # seeds differ


def test_the_same_seed_gives_the_same_weights(prepared):
    plan = TRAINING.model_copy(update={"epochs": 2})
    spec = specification_of(candidate(), plan)
    values = np.asarray(prepared.patches(13).values)
    one, other = (train_with_pyroved(values, spec, 1.0, 3, plan) for _ in range(2))
    assert all(np.array_equal(one[name], other[name]) for name in one)

"""The whole method from the command line: channels, dimensions, presets, baselines, decisions."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from corescout.cli import options
from corescout.data import InputError, Reward
from corescout.pipeline import apply, explore
from corescout.plan import BayesianPlan, DecisionPlan, MixturePlan, Plan, TrainingPlan
from corescout.report.html import report_html
from corescout.response import with_response
from corescout.search.lateral import without_rotation
from corescout.surfaces import generate_family

COARSE = TrainingPlan(epochs=4, collapse_variance=0, retries=0)
FEW = MixturePlan(max_components=3)


@pytest.fixture(scope="module")
def family():
    """A surface with amplitude and phase."""
    return generate_family("voronoi", 1, (128, 128))


def plan_from(**given) -> Plan:
    return options.make_plan("live", **given)


def test_the_command_line_makes_the_plan():
    made = plan_from(
        channel=["ACosPhase", "ASinPhase"],
        latent_dims="1,2,3,4",
        baselines="pca,nmf,fft",
        objectives="gain,context_retention",
        also="held_out_gain,neg_elbo_plus_h",
        merging="entropy",
    )
    assert made.channels == ("ACosPhase", "ASinPhase")
    assert made.latent_dims == (1, 2, 3, 4)
    assert made.decision.objectives == ("gain", "context_retention")
    assert made.decision.merging == "entropy"
    assert set(made.wanted_rewards) == {
        "held_out_gain", "neg_elbo_plus_h", "gain", "context_retention",
    }  # fmt: skip
    assert {c.latent_dim for c in made.candidates(("a",))} == {1, 2, 3, 4}
    assert {c.kind for c in made.candidates(("a",))} == {"vae", "pca", "nmf", "fft"}
    assert plan_from(weights="gain=1, bic=0.2").decision.weights == {"gain": 1.0, "bic": 0.2}
    assert plan_from(reward="icl").decision.reward_names == ("icl",)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"reward": "icl", "weights": "gain=1"}, "one of --reward"),
        ({"weights": "gain"}, "gain=1,bic=0.2"),
        ({"objectives": "gain"}, "objectives"),
        ({"also": "no_such_reward"}, "held_out_gain"),
        ({"latent_dims": "0,2"}, "latent_dims"),
        ({"baselines": "umap"}, "baselines"),
    ],
)
def test_what_cannot_be_asked_for_is_said_before_any_work(given, word):
    with pytest.raises(InputError, match=word):
        plan_from(**given)


@pytest.mark.parametrize("latent_dim", [1, 4])
@pytest.mark.parametrize("likelihood", ["continuous_bernoulli", "gaussian"])
def test_two_derived_channels_in_one_and_four_dimensions(family, latent_dim, likelihood):
    plan = Plan.preset(
        "live",
        channels=("ACosPhase", "ASinPhase"),
        windows_px=(9,),
        # One number with r may hold nothing but the direction, which turning averages out.
        invariances=("r" if latent_dim > 1 else "none",),
        latent_dims=(latent_dim,),
        likelihood=likelihood,
        training=COARSE,
        mixtures=FEW,
        decision=DecisionPlan(seeds=1, null_surrogates=0),
    )
    result = explore(family.scan, plan)
    assert result.patches.values.shape[1] == 2
    assert result.fit.latents.mean.shape[1] == latent_dim
    parts = result.trials[0].rewards["total_variance"].parts
    assert 0 < parts["active_units"] <= latent_dim
    assert f"of {latent_dim}" in report_html(result)
    assert result.winner.label.endswith(f"{latent_dim}-D")
    again = apply(result, family.scan)
    np.testing.assert_allclose(again.fit.latents.mean, result.fit.latents.mean, atol=1e-5)


def test_the_paper_preset_in_small(surface):
    paper = Plan.preset("paper")
    plan = paper.model_copy(
        update={
            "windows_px": (9,),
            "invariances": ("none", "r"),
            "training": paper.training.model_copy(update={"epochs": 20, "collapse_variance": 0}),
            "mixtures": paper.mixtures.model_copy(update={"starts": 1, "max_components": 3}),
            "bayesian": paper.bayesian.model_copy(update={"max_steps": 20, "starts": 1}),
        }
    )
    result = explore(surface.scan, plan)
    assert result.winner.decoder == "spatial"
    assert result.mixture.n_components >= 2
    assert "chosen by ICL (w = 1)" in result.why.replace("Chosen", "chosen")
    assert "not tested against surfaces without types" in result.why.replace("Not", "not")
    for trial in result.trials:
        assert trial.rewards["icl_1"].parts["n_components"] >= 2
        assert np.isfinite(trial.rewards["neg_elbo_plus_h"].value)
    (winner,) = [t for t in result.trials if t.candidate == result.winner]
    assert winner.rewards["evidence"].void_because
    assert any("the most that were tried" in n for n in result.notes) == (
        result.mixture.n_components == 3
    )


def test_every_difference_of_the_presets_is_an_option():
    plans = [json.loads(Plan.preset(n).model_dump_json()) for n in ("live", "standard", "paper")]
    for values in plans:
        assert Plan.model_validate(values).model_dump(mode="json") == values
    assert all(a != b for a, b in pairwise(plans))


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (("amplitude", ""), ("none", "r", "rt")),
        (("amplitude lateral", ""), ("none", "t")),
        (("amplitude", "response lateral"), ("none", "t")),
        (("amplitude lateral x", "amplitude lateral y"), ("none", "t")),
        (("amplitude lateral x", "response lateral x"), ("none", "t")),
    ],
)
def test_rotation_is_off_for_one_lateral_component(roles, expected):
    plan, notes = without_rotation(
        Plan.preset("live"), ("a", "b"), dict(zip(("a", "b"), roles, strict=True))
    )
    assert plan.invariances == expected
    assert bool(notes) == (expected != ("none", "r", "rt"))


def test_a_lateral_scan_is_explored_without_rotation(family):
    roles = {"Amplitude": "amplitude lateral", "Phase": "phase lateral"}
    lateral = with_response(replace(family.scan, roles=roles))
    assert lateral.roles["ACosPhase"] == "response lateral"
    plan = Plan.preset(
        "live",
        windows_px=(9,),
        invariances=("r",),
        training=COARSE,
        mixtures=FEW,
        decision=DecisionPlan(seeds=1, null_surrogates=0),
    )
    result = explore(lateral, plan)
    assert result.winner.invariances == "none"
    assert any("one component of a vector" in note for note in result.notes)
    assert result.plan["invariances"] == ["none"]


def prefers_pca(fit) -> Reward:
    return Reward("prefers_pca", 1.0 if fit.candidate.kind == "pca" else 0.0, "higher")


def test_a_baseline_that_wins_is_named_and_can_be_applied(surface, monkeypatch):
    from corescout.rewards import REWARDS

    monkeypatch.setitem(REWARDS, "prefers_pca", prefers_pca)
    plan = Plan.preset(
        "live",
        windows_px=(9,),
        invariances=("none",),
        baselines=("pca", "fft"),
        training=COARSE,
        mixtures=FEW,
        bayesian=BayesianPlan(max_steps=20, starts=1),
        decision=DecisionPlan(
            reward="prefers_pca", context_margin=None, seeds=1, null_surrogates=2, finalists=1
        ),
    )
    result = explore(surface.scan, plan)
    assert result.winner.kind == "pca"
    assert "PCA (a baseline)" in result.why
    assert "a baseline won, the best autoencoder (9 px, none) has 0.00" in result.why
    again = apply(result, surface.scan)
    np.testing.assert_allclose(again.fit.latents.mean, result.fit.latents.mean, atol=1e-6)
    assert report_html(replace(result, trials=()))

"""A search beyond the grid: what Optuna proposes, told and asked in memory."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from corescout import Plan
from corescout.data import InputError, Reward, StoppedError, Trial
from corescout.importance import importances
from corescout.pipeline import explore
from corescout.plan_changes import PlanError
from corescout.preparation import plan_on
from corescout.quantities import windows
from corescout.report.drawing import png_bytes
from corescout.report.figures import FIGURES
from corescout.search.executors import Threads
from corescout.search.proposals import BATCH, Proposals
from corescout.surfaces import generate_surface

QUICK = {
    "windows_px": tuple(range(7, 16, 2)),
    "invariances": ("none", "r"),
    "baselines": (),
    "training": {"epochs": 2, "retries": 0, "hidden": 16, "collapse_variance": 0.0, "turns": 1},
    "decision": {"seeds": 1, "null_surrogates": 0, "none_decides": True},
    "search": {"method": "tpe", "trials": 12, "beta0": (0.3, 3.0)},
}


SIDES = tuple(range(5, 64, 2))


@pytest.fixture(scope="module")
def scan():
    return generate_surface((96, 96), seed=2).scan


def told(method, value, trials=40, objectives=None, seed=4, sides=SIDES, **search):
    """Proposals for rewards that are known functions of the candidate; in their order."""
    decision = {"objectives": objectives} if objectives else {"reward": "gain"}
    plan = Plan.preset(
        "live",
        windows_px=sides,
        latent_dims=(1, 2, 3),
        search={"method": method, "trials": trials, **search},
        decision=decision,
        seed=seed,
    )
    proposals, found = Proposals(plan, ("Amplitude",)), []
    while proposals.left:
        first = len(found)
        batch = [
            Trial(first + i, c, "done", {n: Reward(n, v, "higher") for n, v in value(c).items()})
            for i, c in enumerate(proposals.ask(first))
        ]
        proposals.tell(batch)
        found += batch
    return found


def test_proposals_come_nearer_to_the_best_than_they_began():
    found = told("tpe", lambda c: {"gain": -abs(c.window_px - 41) - 5 * abs(np.log(c.beta0))},
                 beta0=(0.1, 10.0))  # fmt: skip
    assert len(found) == len({t.candidate for t in found}) == 40
    gains = [t.rewards["gain"].value for t in found]
    assert np.mean(gains[20:]) > np.mean(gains[:10]) + 8
    assert all(0.1 <= t.candidate.beta0 <= 10 for t in found)


def test_what_collapsed_is_proposed_less_and_less():
    void = [
        [
            t.candidate.window_px < 35
            for t in told(
                "tpe",
                lambda c: {"gain": np.nan if c.window_px < 35 else -abs(c.window_px - 45)},
                seed=seed,
            )
        ]
        for seed in range(5)
    ]
    assert np.mean([v[20:] for v in void]) < 0.7 * np.mean([v[:10] for v in void])


def test_several_objectives_are_sought_together():
    found = told("nsga2", lambda c: {"gain": float(c.window_px), "icl": -float(c.window_px)},
                 objectives=("gain", "icl"))  # fmt: skip
    sides = [t.candidate.window_px for t in found]
    assert len(found) == 40
    assert min(sides) <= 13
    assert max(sides) >= 55


def test_a_space_that_is_exhausted_ends_the_search():
    found = told("tpe", lambda c: {"gain": 0.0}, trials=10_000, sides=(5, 7))
    assert len({t.candidate for t in found}) == len(found) <= 2 * 3 * 3


def test_threads_change_no_number_and_what_is_known_is_not_computed_again(scan):
    plan = Plan.preset("live", **QUICK)
    kept, computed = {}, []

    class Store:
        get = staticmethod(kept.get)

        def put(self, key, content, label):
            computed.append(label)
            kept[key] = content

        def died(self, key, label, why):
            raise AssertionError(why)

        def deaths(self, key):
            return 0

    stop = threading.Event()

    def stop_in_the_middle(progress):
        if len(progress.trials) >= 6:
            stop.set()

    with pytest.raises(StoppedError), Threads(1) as one:
        explore(scan, plan, executor=one, store=Store(), stop=stop, on_progress=stop_in_the_middle)
    before = len(computed)
    assert 6 <= before < 12
    resumed = explore(scan, plan, workers=2, store=Store())
    assert len(computed) == 12
    whole = explore(scan, plan, workers=1)
    assert [t.candidate for t in whole.trials] == [t.candidate for t in resumed.trials]
    assert [t.rewards for t in whole.trials] == [t.rewards for t in resumed.trials]
    assert (whole.winner, whole.why) == (resumed.winner, resumed.why)
    draw = FIGURES["importance"][1]
    assert png_bytes(draw(whole)) == png_bytes(draw(resumed))
    assert (
        draw(
            replace(
                whole, plan=plan.changed("search", {"method": "grid", "beta0": None}).model_dump()
            )
        )
        is None
    )


def test_a_search_that_a_budget_cut_repeats_by_its_plan(scan):
    plan = Plan.preset("live", **QUICK, budget_s=0.01)
    cut = explore(scan, plan, workers=1)
    tried = [t for t in cut.trials if t.state != "not_tried"]
    assert BATCH >= len(tried) >= 1
    again = explore(scan, Plan.model_validate(cut.plan), workers=2)
    assert [t.candidate for t in again.trials][: len(tried)] == [t.candidate for t in tried]


def test_the_setting_that_decides_a_reward_is_the_one_that_mattered():
    found = told("tpe", lambda c: {"gain": float(c.window_px)}, beta0=(0.1, 10.0))
    shares = importances(found, "gain")
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["window_px"] > 0.9
    assert list(shares) == ["window_px", "invariances", "latent_dim", "beta0"]
    assert importances(found[:9], "gain") == {}
    assert importances(found, "icl") == {}
    alike = [replace(t, rewards={"gain": Reward("gain", 1.0, "higher")}) for t in found]
    assert importances(alike, "gain") == {}


def test_windows_in_nanometres_are_odd_numbers_of_pixels_of_the_scan(scan):
    pitch_nm = scan.frame.pitch_m[0] * 1e9
    asked = (6.5 * pitch_nm * 1e-9, 13.2 * pitch_nm * 1e-9)
    plan = Plan.preset("live", search={"windows_m": asked})
    assert plan_on(plan, scan).windows_px == (7, 9, 11, 13)
    with pytest.raises(InputError, match="a scan with a scale"):
        plan_on(plan, replace(scan, frame=None))
    with pytest.raises(InputError, match="odd number"):
        plan_on(Plan.preset("live", search={"windows_m": (1e-12, 2e-12)}), scan)


def test_sides_of_windows_are_read_as_they_are_written():
    assert windows("9,13", "--windows") == (9, 13)
    assert windows("7-13", "--windows") == (7, 9, 11, 13)
    assert windows("80nm - 0.3um", "--windows") == (pytest.approx(80e-9), pytest.approx(300e-9))
    for wrong in ("13-7", "7-30nm", "-", "7-"):
        with pytest.raises(InputError):
            windows(wrong, "--windows")


@pytest.mark.parametrize(
    ("search", "what"),
    [({"beta0": (0.1, 1.0)}, "method"), ({"method": "tpe", "beta0": (1.0, 0.1)}, "smaller"),
     ({"windows_m": (0.0, 1e-7)}, "above 0"), ({"method": "grit"}, "tpe")],
)  # fmt: skip
def test_a_search_that_cannot_be_made_is_refused(search, what):
    with pytest.raises(PlanError, match=what):
        Plan.preset("live", search=search)

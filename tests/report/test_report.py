"""The report: every figure drawn, self-contained, safe against odd names."""

import gc
import re
from dataclasses import replace

import numpy as np
import pytest

from corescout.edits import rename
from corescout.pipeline import explore
from corescout.plan import BayesianPlan, DecisionPlan, MixturePlan, Plan, TrainingPlan
from corescout.report.drawing import ELLIPSE_SHARE, png_bytes
from corescout.report.figures import FIGURES
from corescout.report.html import report_html
from corescout.runs import read_run, write_run

OWN_MODULE = """
import numpy as np
from corescout.data import Reward

def roundness(fit):
    return Reward("roundness", float(np.var(fit.latents.mean)), "higher")

def broken(fit):
    return 1 / 0
"""
OWN = ("figure_rewards:roundness", "figure_rewards:broken")
# drawn where the run asked for what they show
OF_SOME_RUNS = {"F6", "F7", "pareto", "importance"}
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def rich_result(surface, tmp_path_factory):
    """Several dimensions, baselines, objectives, own rewards and the Bayesian mixture, coarsely."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "figure_rewards.py").write_text(OWN_MODULE)
    plan = Plan.preset(
        "live",
        windows_px=(9, 13),
        invariances=("r",),
        latent_dims=(1, 3),
        baselines=("pca", "fft"),
        extra_rewards=(*OWN, "held_out_gain", "neg_elbo_plus_h"),
        training=TrainingPlan(epochs=5, collapse_variance=0, retries=0),
        mixtures=MixturePlan(max_components=3),
        bayesian=BayesianPlan(max_steps=30, n_components=4, starts=1),
        decision=DecisionPlan(
            objectives=("gain", "context_retention"),
            seeds=1,
            null_surrogates=0,
            merging="entropy",
            merged_types=2,
        ),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        return explore(surface.scan, plan)


@pytest.mark.parametrize("name", [n for n in FIGURES if n != "importance"])  # of a search by Optuna
@pytest.mark.parametrize("run", ["quick_result", "rich_result"])
def test_every_figure_draws_the_same_twice(request, run, name):
    result, (_, draw) = request.getfixturevalue(run), FIGURES[name]
    if run == "quick_result" and name in OF_SOME_RUNS:
        assert draw(result) is None
        return
    one, other = png_bytes(draw(result)), png_bytes(draw(result))
    assert one.startswith(PNG)
    assert len(one) > 5000
    assert one == other


def test_types_of_the_winner_alone_have_no_motifs_beside_them(typed_result):
    assert FIGURES["S3"][1](typed_result) is None


def test_a_users_reward_stands_in_the_table_and_the_plot(rich_result):
    kept = gc.get_freeze_count()
    page = report_html(rich_result)
    assert gc.get_freeze_count() == kept  # what the collector was kept off is its again
    head = re.search(r"<h2>Candidates</h2>.*?</tr>", page, re.S)[0]
    own = {name.rpartition(":")[2] for name in OWN}  # a reward of one's own goes by its function
    for name in (*own, "held-out gain"):
        assert f">{name}</th>" in head
    assert "ZeroDivisionError" in page
    titles = {axes.get_title() for axes in FIGURES["F4"][1](rich_result).axes}
    assert {*own, "held-out gain (nats/point)"} <= titles
    assert "1 of 1" in page
    assert "3 of 3" in page


def test_the_rich_run_says_what_it_did(rich_result, tmp_path):
    assert "Pareto front holds" in rich_result.why
    broken = [t.rewards[OWN[1]] for t in rich_result.trials]
    assert all("figure_rewards.py, line 9" in r.void_because for r in broken)
    assert all(np.isfinite(t.rewards["gain"].value) for t in rich_result.trials)
    again = read_run(write_run(rich_result, tmp_path / "run"))
    number = next(iter(rich_result.bayesian_by_trial))
    one, other = (r.bayesian_by_trial[number] for r in (rich_result, again))
    assert (one.elbo_nats, one.n_effective) == (other.elbo_nats, other.n_effective)
    np.testing.assert_array_equal(one.mixture.means, other.mixture.means)
    assert again.fit.held_out_nats.keys() == rich_result.fit.held_out_nats.keys()
    assert FIGURES["F7"][1](again) is not None


def test_the_page_needs_nothing_else(quick_result):
    page = report_html(quick_result)
    assert page.count("data:image/png;base64,") == len(FIGURES) - len(OF_SOME_RUNS)
    assert not re.search(r"(?:src|href)=['\"](?!data:)", page)
    for target in quick_result.targets:
        assert f"{target.xy_m[0] * 1e6:.4f}" in page


def test_nothing_that_a_file_says_becomes_markup(quick_result, monkeypatch):
    monkeypatch.setattr("corescout.report.html.FIGURES", {})
    odd = "<script>x</script>'\"><img src=http://a.b/c>"
    trial = replace(quick_result.trials[0], reason=odd)
    typed = rename(quick_result, 1, odd)
    page = report_html(
        replace(
            typed,
            scan=replace(quick_result.scan, source=odd, uid=odd),
            trials=(trial, *quick_result.trials[1:]),
            notes=(odd,),
        )
    )
    assert page.count("&lt;script&gt;x&lt;/script&gt;") >= 5
    assert "<script" not in page
    assert "<img" not in page


def test_an_applied_result_has_no_candidates(quick_result, surface):
    from corescout.pipeline import apply

    page = report_html(apply(quick_result, surface.scan))
    assert "<h2>Candidates</h2>" not in page
    assert 'id="F5"' in page


def test_the_ellipse_holds_what_the_title_says():
    z = np.random.default_rng(0).standard_normal((100_000, 2))
    assert np.mean((z**2).sum(axis=1) <= 4) == pytest.approx(ELLIPSE_SHARE, abs=0.005)

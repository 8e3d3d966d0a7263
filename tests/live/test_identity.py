"""Types keep number, name and colour through a training, and through an exploration anew."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from corescout.colors import type_color
from corescout.data import InputError
from corescout.data.same_types import matched
from corescout.edits import recolor, rename
from corescout.live.reading.analyst import Analyst
from corescout.live.reading.identity import Identities, renumbered, types_of_points
from corescout.live.reading.learning import relearn, replay_of
from corescout.live.reading.next_scan import trained, understand
from corescout.surfaces import generate_surface


def test_the_assignment_shares_the_most_points():
    before = np.repeat([1, 2, 3], [50, 30, 20])
    now = np.repeat([7, 4, 9], [50, 30, 20])
    assert matched(now, before) == {7: 1, 4: 2, 9: 3}
    split = np.where(np.arange(100) < 25, 5, now)  # half of type 1 is a new one
    assert matched(split, before)[4] == 2
    assert len({k for k in matched(split, before).values() if k == 1}) == 1
    assert matched(now, np.zeros(100, int)) == {}
    mixed = np.tile([1, 2, 3, 4, 5], 20)
    assert matched(now, mixed) == {}  # nothing that is shared by chance


def test_a_new_type_gets_a_new_number_and_colour(typed):
    result, known = typed.result, Identities()
    known.take(result)
    count = result.n_types
    before = types_of_points(result)
    shuffled = {k: count + 1 - k for k in range(1, count + 1)}
    other = renumbered(result, shuffled, {})
    kept = known.keep(other, types_of_points(other), before)
    np.testing.assert_array_equal(types_of_points(kept), before)
    strange = np.where(before == 2, 0, before)  # type 2 was never seen before
    new = known.keep(result, before, strange)
    numbers = set(types_of_points(new).tolist())
    assert 2 not in numbers
    assert count + 1 in numbers
    assert type_color(count + 1) != type_color(2)
    assert new.core_points.type_names[count] == f"type {count + 1}"
    assert {t.type for t in new.targets} <= numbers
    assert set(new.core_points.type.tolist()) <= numbers
    again = known.keep(result)
    assert min(set(types_of_points(again).tolist())) > count + 1


def test_names_and_colours_follow_their_types(typed, live_plan, look):
    analyst = Analyst(live_plan, typed)
    edited = recolor(rename(analyst.latest.result, 1, "flux closure"), 1, "#123456")
    analyst.adopt(edited)
    read = analyst.understand(look(seed=9), [])
    assert read.result.types.name(1) == "flux closure"
    known = Identities()
    known.take(edited)
    now = types_of_points(typed.result)
    kept = known.keep(typed.result, now, now)
    assert kept.types.name(1) == "flux closure"
    assert kept.types.colors[1] == "#123456"
    other = replace(edited, weights=dict(edited.weights))
    with pytest.raises(InputError):
        analyst.adopt(other)


@pytest.fixture(scope="module")
def learned(typed, look):
    scan = look(seed=4, tip_px=0.7)
    new = understand(typed, scan)
    return new, relearn(typed, new.result, replay_of(typed.result))


def test_training_goes_on_from_the_last_weights(typed, learned):
    _, (result, calibration, replay, now, before) = learned
    known = typed.result.weights
    assert set(result.weights) == set(known)
    name = "encoder.1.weight"
    moved = np.linalg.norm(result.weights[name] - known[name]) / np.linalg.norm(known[name])
    assert 0 < moved < 0.8  # trained, and not from elsewhere
    assert len(replay) > len(typed.result.patches)
    assert len(now) == len(before) == len(result.patches) + len(typed.result.patches)
    assert len(calibration.misfit) > len(typed.calibration.misfit)


def test_learning_lowers_novelty_and_keeps_most_types(typed, learned, live_plan):
    new, (result, *_) = learned
    better = float(-(result.fit.log_likelihood_per_px + result.fit.target_entropy_per_px).mean())
    fit = new.result.fit
    assert better < float(-(fit.log_likelihood_per_px + fit.target_entropy_per_px).mean())
    analyst = Analyst(live_plan, typed)
    read = analyst.learn(new, threading.Event())
    assert analyst.latest.number == 2
    kept = set(types_of_points(read.result).tolist()) & set(types_of_points(new.result).tolist())
    assert kept  # some types go on under their numbers
    assert read.novelty.share <= new.novelty.share + 0.05


def test_candidates_that_make_the_types_together_still_do_after_training(
    consensus_result, live_plan, look
):
    known = trained(consensus_result)
    analyst = Analyst(live_plan, known)
    new = analyst.understand(look(seed=4, tip_px=0.7), [])
    read = analyst.learn(new, threading.Event())
    latest = analyst.latest
    assert latest.number == 2
    name = "encoder.1.weight"
    assert np.any(latest.result.weights[name] != known.result.weights[name])
    before, now = (r.votes.consensus for r in (known.result, latest.result))
    assert now.voters == before.voters  # with their weights
    assert latest.result.mixture.means.shape[1] == 6
    # the winner's own mixture is of its codes as they are now
    assert np.isfinite(latest.result.in_latent_space.mahalanobis2).all()
    kept = set(types_of_points(read.result).tolist()) & set(types_of_points(new.result).tolist())
    assert kept
    same = np.mean(types_of_points(read.result) == types_of_points(new.result))
    assert same > 0.5  # under their numbers
    # a scan after it is read by the same candidates, the winner as it voted before
    again = analyst.understand(look(seed=4, tip_px=0.7), [])
    np.testing.assert_allclose(again.result.codes, new.result.codes, atol=1e-6)
    assert again.result.why.startswith("Candidates together: the ")


def test_an_exploration_anew_keeps_numbers_where_the_points_agree(typed, live_plan, look):
    analyst = Analyst(live_plan, typed)
    scan = look(seed=6)
    read = analyst.explore(scan, [], threading.Event())
    kept = set(types_of_points(read.result).tolist()) & set(types_of_points(typed.result).tolist())
    assert kept
    other = generate_surface((192, 192), seed=8, patterns=("needles",)).scan
    channels = {"Height": other.channels["Topography"]}
    foreign = replace(other, channels=channels, roles={}, uid="foreign")
    read = analyst.explore(foreign, [], threading.Event())
    known = set(range(1, typed.result.n_types + 1))
    assert not known & set(types_of_points(read.result).tolist())

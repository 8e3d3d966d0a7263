"""Targets: apart from each other and from what was measured, the most typical first."""

import numpy as np
import pytest

from corescout.plan import TargetPlan
from corescout.targets import choose_targets, without_target


def chosen(result, plan, measured=()):
    return choose_targets(
        result.scan, np.asarray(result.patches.center_yx_px), result.typed, result.core_points,
        plan, measured,
    )  # fmt: skip


def distances(places: np.ndarray) -> np.ndarray:
    pairs = np.linalg.norm(places[:, None] - places[None], axis=2)
    return pairs[np.triu_indices(len(places), 1)]


@pytest.mark.parametrize("choice", ["core", "boundary", "novel"])
@pytest.mark.parametrize("spacing_px", [0.0, 10.0, 25.0])
def test_number_and_spacing(quick_result, choice, spacing_px):
    targets = chosen(quick_result, TargetPlan(per_type=3, spacing_px=spacing_px, choice=choice))
    kinds = [t.type for t in targets]
    assert max(kinds.count(k) for k in set(kinds)) <= 3
    assert distances(np.array([t.yx_px for t in targets])).min() >= spacing_px


def test_a_boundary_target_is_where_what_is_shown_is_least_sure(typed_result):
    plan = TargetPlan(per_type=1, spacing_px=0.0, choice="boundary", diversity=0.0)
    sure, kinds = typed_result.typed.probabilities.max(axis=1), typed_result.types.of_point
    places = np.asarray(typed_result.patches.center_yx_px)
    targets = chosen(typed_result, plan)
    assert len(targets) == 3
    for target in targets:
        (row,) = np.flatnonzero((places == target.yx_px).all(axis=1))
        assert sure[row] == sure[kinds == target.type].min()


def test_the_spacing_in_metres_wins(quick_result):
    targets = chosen(quick_result, TargetPlan(spacing_m=160e-9))
    assert distances(np.array([t.xy_m for t in targets])).min() >= 160e-9 - 1e-15


def test_measured_places_are_kept_away_from(quick_result):
    plan = TargetPlan(per_type=2)
    first = chosen(quick_result, plan)
    measured = [t.xy_m for t in first]
    second = chosen(quick_result, plan, measured)
    both = np.array([t.yx_px for t in (*first, *second)])
    assert distances(both).min() >= plan.spacing_px


def test_core_targets_are_core_points(quick_result):
    core = {tuple(p) for p in quick_result.patches.center_yx_px[quick_result.core_points.index]}
    assert all(t.yx_px in core for t in chosen(quick_result, TargetPlan()))


def test_the_margin_keeps_from_the_edge(quick_result):
    pitch = min(quick_result.scan.frame.pitch_m)
    targets = chosen(quick_result, TargetPlan(margin_m=30 * pitch))
    places = np.array([t.yx_px for t in targets])
    last = np.array(quick_result.scan.shape_px) - 1
    assert np.minimum(places, last - places).min() >= 30 - 1e-9


def test_the_radius_around_measured_places_is_its_own(quick_result):
    measured = [quick_result.scan.frame.to_m((80.0, 80.0))]
    targets = chosen(quick_result, TargetPlan(avoid_m=400e-9, spacing_px=5), measured)
    places = np.array([t.xy_m for t in targets])
    assert np.linalg.norm(places - measured[0], axis=1).min() >= 400e-9


def test_diverse_targets_lie_farther_apart(quick_result):
    def least(diversity):
        targets = chosen(quick_result, TargetPlan(per_type=4, spacing_px=5, diversity=diversity))
        kinds = {t.type for t in targets}
        return [
            distances(np.array([t.yx_px for t in targets if t.type == kind])).mean()
            for kind in sorted(kinds)
            if sum(t.type == kind for t in targets) > 1
        ]

    assert np.mean(least(1.0)) > np.mean(least(0.0))


def test_the_first_target_of_a_type_is_its_clearest(quick_result):
    plain = chosen(quick_result, TargetPlan(per_type=1, diversity=0.0))
    diverse = chosen(quick_result, TargetPlan(per_type=1, diversity=1.0))
    assert [t.yx_px for t in plain] == [t.yx_px for t in diverse]


def test_core_targets_stand_among_their_own_kind(quick_result):
    places = np.asarray(quick_result.patches.center_yx_px)
    kind = np.asarray(quick_result.types.of_point)
    for target in chosen(quick_result, TargetPlan(per_type=3)):
        order = np.argsort(np.linalg.norm(places - target.yx_px, axis=1))[1:7]
        assert np.mean(kind[order] == target.type) >= 0.5


def missing(result, plan):
    yx = np.asarray(result.patches.center_yx_px)
    parts = (result.scan, yx, result.typed, result.core_points, plan)
    return without_target(*parts, choose_targets(*parts))


def test_a_type_without_a_target_says_why(typed_result):
    assert missing(typed_result, TargetPlan()) == ()
    crowded = missing(typed_result, TargetPlan(spacing_px=1000.0))
    assert len(crowded) == len(typed_result.types.numbers) - 1
    assert all("within the spacing" in line for line in crowded)
    at_the_edge = missing(typed_result, TargetPlan(margin_m=1.0))
    assert len(at_the_edge) == len(typed_result.types.numbers)
    assert all("margin of the edge" in line for line in at_the_edge)

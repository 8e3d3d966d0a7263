"""Targets: apart from each other and from what was measured, the most typical first."""

import numpy as np
import pytest

from corescout.plan import TargetPlan
from corescout.targets import choose_targets


def chosen(result, plan, measured=()):
    return choose_targets(
        result.scan, np.asarray(result.patches.center_yx_px), np.asarray(result.fit.latents.mean),
        result.mixture, np.asarray(result.type_of_component), result.core_points, plan, measured,
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

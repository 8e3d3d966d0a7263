"""Doubts about the slow axis have a figure, a share and a place."""

import numpy as np
import pytest

from corescout.lines.tip_change import _Crossing
from corescout.plan import Plan
from corescout.preparation import prepare
from corescout.quality import assess
from corescout.surfaces import Imaging, generate_family, generate_surface
from corescout.surfaces.line_faults import planted_faults

SHAPE = (192, 192)


def kinds(scan):
    return {f.kind: f for f in assess(scan)}


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_a_clean_scan_has_none(seed):
    surface = generate_family("voronoi", seed, SHAPE, imaging=Imaging())
    assert not {"line jumps", "lost lines", "fading"} & set(kinds(surface.scan))


def test_jumps_are_said_with_share_and_place():
    imaging = Imaging(jump_share=0.15)
    surface = generate_family("voronoi", 1, SHAPE, imaging=imaging)
    found = kinds(surface.scan)["line jumps"]
    planted = np.flatnonzero(planted_faults(imaging, SHAPE[0], 1).jump)
    assert found.share == pytest.approx(0.15, abs=0.04)
    assert np.isin(found.lines, planted).mean() > 0.85
    assert "scan again" in found.message


def test_fading_is_said_with_its_figures():
    """The contrast falls to a fifth from top to bottom."""
    surface = generate_family("voronoi", 0, SHAPE, imaging=Imaging(fade=0.8))
    found = kinds(surface.scan)["fading"]
    assert "falls from" in found.message
    assert "pm" in found.message
    assert found.share > 0.5
    assert min(found.lines) > SHAPE[0] / 2


def test_a_fading_scan_is_covered_evenly():
    """As many of the walls of the lower half are found as without fading."""
    halves = []
    for fade in (0.0, 0.75):
        surface = generate_family("voronoi", 2, SHAPE, imaging=Imaging(fade=fade))
        rows = prepare(surface.scan, Plan(windows_px=(9,))).keypoints.yx_px[:, 0]
        halves.append(np.mean(rows > SHAPE[0] / 2))
    assert halves[1] == pytest.approx(halves[0], abs=0.06)


@pytest.mark.parametrize(("family", "seed", "at"), [("voronoi", 1, 0.45), ("level_set", 0, 0.35)])
def test_a_blunter_tip_is_said_with_the_line_where_it_changed(family, seed, at):
    imaging = Imaging(tip_change_px=2.0, tip_change_at=at)
    said = changes(generate_family(family, seed, SHAPE, imaging=imaging))
    line = int(said[0].split("line ")[1].split()[0])
    assert line == pytest.approx(at * SHAPE[0], abs=6)
    assert "broader" in said[0]


@pytest.mark.parametrize("seed", [3, 4, 7])
def test_regions_with_other_walls_are_no_changed_tip(seed):
    """Their walls are twice as broad as those above them."""
    assert changes(generate_surface((160, 160), seed)) == []


def changes(surface):
    notes = prepare(surface.scan, Plan(windows_px=(9,))).notes
    return [n for n in notes if n.startswith("tip change")]


def test_walls_that_cross_a_line_count_once_each():
    """The median of each wall's pairs, and the median and its error of those."""
    rng = np.random.default_rng(0)
    upper, column = rng.uniform(0, 90, 300), rng.uniform(0, 100, 300)
    lower, broader = upper + rng.uniform(3, 24, 300), rng.normal(0.3, 0.1, 300)
    across = (upper < 49) & (lower > 51)
    wall = column[across] // 12
    each = np.array([np.median(broader[across][wall == w]) for w in np.unique(wall)])
    change, errors = _Crossing.of(upper, lower, column, broader).at(50.0)
    assert len(each) > 4
    assert change == np.median(each)
    scatter = max(1.4826 * np.median(np.abs(each - change)), 0.1)
    assert errors == pytest.approx(change / (1.2533 * scatter / np.sqrt(len(each))))

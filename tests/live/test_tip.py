"""The tip monitor warns of a blunt tip before the types change, and not of a good one."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from corescout.live.reading.drift import Drift
from corescout.live.reading.identity import types_of_points
from corescout.live.reading.next_scan import understand
from corescout.live.reading.sharp_types import SharpTypes
from corescout.live.reading.tip import TipMonitor


def test_a_wearing_tip_is_suspect_before_the_types_change(typed, look):
    """Those of several candidates change at a blur of 0.6 px, before a second reading warns."""
    told, _, changed_at = told_and_changed(typed, look)
    assert told is not None
    assert changed_at is None or told <= changed_at


def test_a_wearing_tip_is_warned_of_before_the_types_of_the_winner_change(typed, look):
    alone = replace(
        typed.result,
        votes=None,
        mixture=typed.result.winner_mixture,
        type_of_component=typed.result.in_latent_space.type_of_component,
    )
    _, warned_at, changed_at = told_and_changed(replace(typed, result=alone), look)
    assert warned_at is not None
    assert changed_at is None or warned_at <= changed_at


def told_and_changed(typed, look):
    """Blur of the tip, px, at which it is suspect, is warned of, and changes the types."""
    monitor, suspect_at, warned_at, changed_at = TipMonitor(), None, None, None
    first = None
    for step, tip_px in enumerate(np.arange(0, 3.1, 0.2)):
        scan = look(seed=step, tip_px=float(tip_px))
        reading = monitor.read(scan, "Amplitude", (0.0, 0.0))
        if suspect_at is None and reading.suspect:
            suspect_at = tip_px
        if warned_at is None and reading.warning:
            warned_at = tip_px
        found = understand(typed, scan)
        places = np.asarray(found.result.patches.center_yx_px)
        seen = {
            tuple(p): t for p, t in zip(places.tolist(), types_of_points(found.result), strict=True)
        }
        first = first or seen
        both = [p for p in seen if p in first]
        ami = adjusted_mutual_info_score([first[p] for p in both], [seen[p] for p in both])
        if changed_at is None and (ami < 0.8 or found.does_not_fit is not None):
            changed_at = tip_px
    return suspect_at, warned_at, changed_at


@pytest.mark.parametrize("noise", [0.02, 0.1])
def test_a_good_tip_is_not_warned_of(look, noise):
    monitor = TipMonitor()
    for seed in range(8):
        shift = (seed * 0.7, -seed * 0.4)  # the frame moves over the sample, as by drift
        scan = look(center_px=shift, seed=seed, noise=noise)
        reading = monitor.read(scan, "Amplitude", None if seed == 0 else (0.0, 0.0))
        assert reading.spots >= 3
        assert reading.warning is None
        assert 0.9 < reading.width_ratio < 1.1


def test_another_place_has_no_reading(look):
    monitor = TipMonitor()
    assert monitor.read(look(shape=(96, 96)), "Amplitude", None) is not None
    away = look(center_px=(60.0, 60.0), shape=(48, 48))
    assert monitor.read(away, "Amplitude", (5e-6, 5e-6)) is None
    zoom = look(shape=(96, 96), zoom=2.0)
    assert monitor.read(zoom, "Amplitude", (-5e-6, -5e-6)) is None
    assert len(monitor.readings) == 1


def test_types_under_a_blunt_tip_are_held_against_those_before(typed, look):
    sharp, before, doubts = SharpTypes(), None, {}
    story = [(0.0, False), (0.0, False), (0.4, True), (3.0, True), (3.2, True), (0.0, False)]
    for step, (tip_px, suspect) in enumerate(story):
        scan = look(seed=step, tip_px=tip_px)
        refused = "too blurred" if tip_px == 3.2 else None
        drift = None if before is None else Drift(before, scan.uid, (0.0, 0.0), refused)
        sharp.follow(drift)
        doubts[step] = sharp.doubt(understand(typed, scan).result, suspect=suspect)
        before = scan.uid
    assert [step for step, doubt in doubts.items() if doubt] == [3, 4]
    assert look(seed=1).uid in doubts[3]
    assert doubts[4] == doubts[3]  # nothing to compare: it goes on

"""The scans of one pattern of `bench null`, and how claims on them are counted."""

from collections import Counter

import numpy as np
import pytest

from benchmarks.truth.null import LARGE_PX, above, first_seed, holm, scans, tallied, upper_bound
from benchmarks.truth.null_evidence import Asked, ask
from benchmarks.truth.null_families import CHANGES, FAMILIES, Null
from benchmarks.truth.null_kept import asked_once
from benchmarks.truth.quilting import quilted
from corescout.data import Keypoints
from corescout.rewards.context import correlation_length_px

GENERATED = tuple(family for family in FAMILIES if family != "quilted")
SIDE = 128


def amplitude(null, again=0):
    return np.asarray(null.scan(again).channel(), float)


def sharpness(image):
    """Mean square of the steps along the lines, of each line."""
    return (np.diff(image, axis=1) ** 2).mean(axis=1)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("family", GENERATED)
def test_every_family_scans_with_every_change(family, change):
    image = amplitude(Null(family, change, False, SIDE, 3))
    assert image.shape == (SIDE, SIDE)
    assert np.isfinite(image).all()
    assert image.std() > 0
    assert np.array_equal(image, amplitude(Null(family, change, False, SIDE, 3)))
    assert not np.array_equal(image, amplitude(Null(family, change, False, SIDE, 4)))


def test_coarse_is_twice_the_scale():
    lengths = [
        np.mean([correlation_length_px(amplitude(Null("noise", "none", coarse, 256, s)))
                 for s in range(6)])
        for coarse in (False, True)
    ]  # fmt: skip
    assert 1.6 < lengths[1] / lengths[0] < 2.4


def test_a_repeat_is_the_same_sample_with_other_noise():
    null = Null("labyrinth", "none", False, SIDE, 2)
    one, other = amplitude(null), amplitude(null, again=1)
    assert not np.array_equal(one, other)
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.9


def test_contrast_falls_from_the_first_line_to_the_last():
    steady, falling = (amplitude(Null("noise", c, False, SIDE, 5)) for c in ("none", "contrast"))
    share = falling[-30:].mean() / falling[:30].mean()
    assert share < 0.8 * steady[-30:].mean() / steady[:30].mean()


def test_the_tip_blunts_towards_the_last_line():
    steady, blunt = (amplitude(Null("labyrinth", c, False, 256, 4)) for c in ("none", "blunting"))
    kept = sharpness(blunt) / sharpness(steady)
    assert kept[-60:].mean() < 0.7 * kept[:60].mean()


def test_the_spacing_grows_towards_the_last_line():
    image = amplitude(Null("noise", "spacing", False, 256, 6))
    top, bottom = (correlation_length_px(part) for part in (image[:128], image[128:]))
    assert top < bottom


def test_quilted_texture_is_made_of_a_real_scan(data_dir, monkeypatch):
    monkeypatch.setenv("CORESCOUT_TEST_DATA", str(data_dir))
    image = amplitude(Null("quilted", "none", False, SIDE, 0))
    assert image.shape == (SIDE, SIDE)
    assert np.isfinite(image).all()


def test_quilting_takes_every_pixel_from_the_image_and_keeps_no_zone(rng):
    image = rng.permutation(64 * 64).reshape(64, 64).astype(float)
    found = quilted(image, 9, 50, rng)
    assert found.shape == (50, 50)
    assert np.isin(found, image).all()
    zones = np.where(np.arange(64)[None] < 32, 0.0, 10.0) + rng.normal(size=(64, 64))
    halves = quilted(zones, 9, 120, rng)
    low = (halves < 5).mean(axis=0)
    assert 0.2 < low.mean() < 0.8  # both zones are drawn


def test_edited_points_lack_half_of_a_quarter_and_given_ones_lie_anywhere():
    null = Null("noise", "none", False, 256, 1)
    yx = np.stack(np.meshgrid(np.arange(12, 244, 8.0), np.arange(12, 244, 8.0)), -1).reshape(-1, 2)
    found = Keypoints(yx, np.ones(len(yx)), "canny")
    edited = np.asarray(null.keypoints("edited", found).yx_px)
    places = {tuple(p) for p in yx}
    kept = np.array([p for p in edited if tuple(p) in places])
    quarter = (yx < 128).all(axis=1)
    assert 0.35 < (kept < 128).all(axis=1).sum() / quarter.sum() < 0.65
    assert len(edited) - len(kept) == len(yx) // 10
    given = null.keypoints("given", found)
    assert len(given) == 300
    assert given.source == "drawn"


def test_half_of_the_scans_are_steady_and_sizes_take_turns():
    wanted = [null for null, points in scans(120, 0) if points == "detected"]
    changes = Counter(null.change for null in wanted)
    assert changes["none"] == len(wanted) / 2
    assert set(changes) == set(CHANGES)
    assert len(set(Counter((n.family, n.side_px) for n in wanted).values())) == 1
    assert len({(n.family, n.seed) for n, p in scans(120, 0) if p == "detected"}) == len(wanted)


def asked(grade, has_types=False, change="none", points="detected"):
    null = Null("noise", change, False, 128, 0)
    return Asked(null, points, "scattering", grade, has_types, 2)


def test_claims_are_counted_by_the_verdict_and_by_the_grade():
    rows = [asked("one pattern")] * 6 + [asked("zones"), asked("distinct", has_types=True)]
    rows += [asked("refused"), asked("drift", change="blunting"), asked("zones", points="given")]
    values, notes = tallied(rows)
    assert values["scattering_noise_tested"] == 8
    assert values["scattering_noise_claimed_share"] == 0.25
    assert values["scattering_blunting_claimed_share"] == 0
    assert values["scattering_any_noise_tested"] == 9
    assert values["scattering_given_points_claimed_share"] == 1
    assert sum("zones" in note or "distinct" in note for note in notes) >= 3


def test_the_bound_and_the_cells_that_are_rejected():
    assert upper_bound(0, 58) == pytest.approx(1 - 0.05 ** (1 / 58))
    assert upper_bound(5, 5) == 1
    assert above(0, 50) == 1
    assert above(12, 60) < 1e-4
    assert holm({"a": 0.001, "b": 0.03, "c": 0.4}) == ["a"]
    assert holm({"a": 0.02}) == ["a"]
    assert holm({}) == []


def test_a_scan_is_asked_without_training():
    found = ask(Null("noise", "none", False, SIDE, 77), "detected", "scattering")
    assert found.grade in ("one pattern", "drift", "possible zones")
    assert found.shown >= 1
    repeated = ask(Null("noise", "none", False, SIDE, 77), "detected", "scattering, repeat")
    assert repeated.grade == found.grade
    small = ask(Null("noise", "none", True, 40, 77), "detected", "scattering")
    assert small.grade == "refused"
    assert small.shown == 0


def test_a_tenth_as_many_more_are_large_where_nothing_is_trained():
    large = [n for n, _ in scans(200, 0, large=True) if n.side_px == LARGE_PX]
    assert Counter(n.family for n in large) == dict.fromkeys(FAMILIES, 20)
    assert all(n.change == "none" for n in large)
    assert len({(n.family, n.seed) for n in large}) == len(large)
    assert not any(n.side_px == LARGE_PX for n, _ in scans(200, 0))


def test_enough_scans_of_each_family_and_each_change():
    steady = [n.family for n, p in scans(200, 0) if p == "detected" and n.change == "none"]
    changes = [n.change for n, p in scans(200, 0) if n.change != "none"]
    handed = [p for _, p in scans(200, 0) if p != "detected"]
    assert min(Counter(steady).values()) >= 100
    assert min(Counter(changes).values()) >= 100
    assert len(handed) >= 60


def test_points_are_handed_over_on_every_size_and_scale():
    handed = Counter((p, n.coarse, n.side_px) for n, p in scans(200, 0) if p != "detected")
    assert len(handed) == 2 * 2 * 3


def test_other_seeds_are_asked_where_they_are_named(monkeypatch):
    monkeypatch.delenv("CORESCOUT_BENCH_FIRST_SEED", raising=False)
    usual = first_seed()
    monkeypatch.setenv("CORESCOUT_BENCH_FIRST_SEED", "120000")
    assert first_seed() == 120_000 != usual


def test_a_scan_is_asked_once_by_all_runs_together(tmp_path):
    null, times = Null("stripes", "tip change", True, 224, 7), []

    def ask_it(*what):
        times.append(what)
        return Asked(*what, "drift", False, 2)

    def once(points):
        return asked_once(tmp_path, null, points, "13 px, repeat", ask_it)

    first = once("detected")
    assert once("detected") == first == Asked(null, "detected", "13 px, repeat", "drift", False, 2)
    assert once("edited").points == "edited"
    assert len(times) == 2
    next(tmp_path.glob("*detected*")).write_text("")  # another run is asking it
    assert once("detected") is None
    assert len(times) == 2


def test_large_scans_count_with_their_family_and_by_themselves():
    null = Null("noise", "none", False, LARGE_PX, 0)
    values, _ = tallied([Asked(null, "detected", "scattering", "zones", False, 2)])
    assert values["scattering_noise_512_px_claimed_share"] == 1
    assert values["scattering_noise_tested"] == 1

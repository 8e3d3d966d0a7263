"""The whole road: from a scan to types, core points and targets."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

import corescout
from corescout.data import Scan, ScanFrame, StoppedError
from corescout.pipeline import apply, explore
from corescout.plan import Plan
from corescout.preparation import prepare
from corescout.square_grid import square_grid
from corescout.surfaces import generate_surface
from corescout.surfaces.truth import compare


def numbers(result) -> list[np.ndarray]:
    """Everything that must not change from run to run."""
    latents = [result.latents_by_trial[n] for n in sorted(result.latents_by_trial)]
    gains = [t.rewards["gain"].value for t in result.trials]
    places = [t.yx_px for t in result.targets]
    return [*latents, np.array(gains), np.array(places), result.core_points.typicality,
            np.array(result.evidence.null_gains)]  # fmt: skip


@pytest.mark.parametrize("workers", [1, 2])
def test_the_same_numbers_again_and_for_any_number_of_workers(
    surface, quick_plan, quick_result, workers
):
    again = explore(surface.scan, quick_plan, workers=workers)
    for one, other in zip(numbers(quick_result), numbers(again), strict=True):
        np.testing.assert_array_equal(one, other)
    assert again.why == quick_result.why


def test_another_seed_gives_other_numbers(surface, quick_plan, quick_result):
    plan = quick_plan.model_copy(update={"seed": 1})
    other = explore(surface.scan, plan)
    assert not np.array_equal(other.latents_by_trial[0], quick_result.latents_by_trial[0])


def test_the_answer_hangs_together(surface, quick_result):
    result = quick_result
    assert [t.number for t in result.trials] == list(range(len(result.trials)))
    assert {t.state for t in result.trials} <= {"done", "void"}
    assert result.winner.window_px in (9, 13)
    assert str(result.winner.window_px) in result.why
    assert len(result.patches) == len(result.keypoints) == len(result.fit.latents)
    assert result.patches.window_px == result.winner.window_px
    core = result.core_points
    assert set(core.type) == set(range(1, result.n_types + 1))
    assert ((core.typicality >= 0) & (core.typicality <= 1)).all()
    places = {tuple(p) for p in result.patches.center_yx_px[core.index]}
    for target in result.targets:
        assert target.yx_px in places
        np.testing.assert_allclose(target.xy_m, surface.scan.frame.to_m(target.yx_px), atol=1e-15)
    assert [t.number for t in result.targets] == list(range(1, len(result.targets) + 1))


def test_types_take_turns_in_the_targets(quick_result):
    kinds = [t.type for t in quick_result.targets]
    assert set(kinds[: quick_result.n_types]) == set(range(1, quick_result.n_types + 1))


def test_the_executed_plan_repeats(surface, quick_result):
    again = explore(surface.scan, Plan.model_validate(quick_result.plan))
    for one, other in zip(numbers(quick_result), numbers(again), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_budget_cuts_the_list_and_repeats_without_the_clock(surface, quick_plan):
    plan = quick_plan.model_copy(update={"budget_s": 0.01})
    cut = explore(surface.scan, plan)
    not_tried = [t.candidate.label for t in cut.trials if t.state == "not_tried"]
    assert not_tried
    assert "not tried" in cut.why
    again = explore(surface.scan, Plan.model_validate(cut.plan))
    np.testing.assert_array_equal(cut.latents_by_trial[0], again.latents_by_trial[0])
    assert [t.state for t in again.trials] == [t.state for t in cut.trials]


def test_stop_ends_the_work_and_keeps_what_was_finished(surface, quick_plan):
    stop, seen = threading.Event(), []

    def on_progress(progress):
        seen.append(progress)
        if progress.trials:
            stop.set()

    with pytest.raises(StoppedError) as stopped:
        explore(surface.scan, quick_plan, on_progress=on_progress, stop=stop, workers=1)
    assert stopped.value.trials
    assert seen[-1].fraction < 0.9


def test_progress_only_grows(surface, quick_plan):
    seen = []
    explore(surface.scan, quick_plan, on_progress=seen.append)
    fractions = [p.fraction for p in seen]
    assert fractions == sorted(fractions)
    assert max(fractions) <= 1
    assert len(seen[-1].trials) >= 4


def test_what_is_missing_is_masked(surface, quick_plan):
    values = np.array(surface.scan.channel())
    values[70:74] = np.nan
    values[30, 40] = np.nan
    holed = replace(surface.scan, channels={"Amplitude": values})
    prepared = prepare(holed, quick_plan)
    assert any("missing" in note for note in prepared.notes)
    for window in quick_plan.windows_px:
        patches = prepared.patches(window)
        assert np.isfinite(patches.values).all()
        reach = np.abs(patches.center_yx_px[:, None] - np.argwhere(np.isnan(values))[None])
        assert (reach.max(axis=2) > window / 2).all()


def scan_of(values, **changes) -> Scan:
    return Scan("x", {"Amplitude": values}, **changes)


BAD_SCANS = {
    "constant": (np.ones((64, 64)), {}, "contrast"),
    "all NaN": (np.full((64, 64), np.nan), {}, "no finite pixel"),
    "16 x 16": (np.random.default_rng(0).random((16, 16)), {}, "larger than the largest window"),
    "few key points": (np.repeat([[0.0, 1.0]], 24, axis=1).repeat(48, axis=0), {}, "key points"),
    "unknown channel": (np.eye(64), {"channels": ("Nope",)}, "Amplitude"),
    "window larger than the scan": (np.eye(64), {"windows_px": (9, 99)}, "99 px"),
}


@pytest.mark.parametrize("case", BAD_SCANS)
def test_a_scan_that_cannot_be_used(case):
    values, changes, word = BAD_SCANS[case]
    with pytest.raises(corescout.InputError, match=word):
        explore(scan_of(values), Plan.preset("live", **changes))


def test_positions_on_non_square_pixels_are_those_of_the_file(quick_plan):
    surface = generate_surface((160, 160), seed=3)
    squeezed = np.array(surface.scan.channel())[::2]
    frame = ScanFrame((80, 160), (8e-9, 16e-9))
    result = explore(scan_of(squeezed, frame=frame), quick_plan)
    assert any("square" in note for note in result.notes)
    assert result.analysis_pitch_m == pytest.approx(8e-9)
    places = result.patches.center_yx_px
    assert places[:, 0].max() < 80
    assert places[:, 1].max() > 120
    # The wall under a key point of the squeezed scan is the wall of the original one.
    on_wall = surface.type_at(places * (2, 1), 4.0) > 0
    assert on_wall.mean() > 0.8


def test_a_representation_applies_to_its_own_scan_and_to_a_crop(surface, quick_result):
    same = apply(quick_result, surface.scan)
    rows = {tuple(p): i for i, p in enumerate(same.patches.center_yx_px)}
    shared = [(i, rows[tuple(p)]) for i, p in enumerate(quick_result.patches.center_yx_px)
              if tuple(p) in rows]  # fmt: skip
    # The search keeps the largest window from the edge, the transfer the winner's: the lines that
    # both walk begin elsewhere, so some points between lie a spacing's fraction apart.
    assert len(shared) > 0.85 * len(quick_result.patches)
    ours, theirs = map(list, zip(*shared, strict=True))
    np.testing.assert_allclose(
        quick_result.fit.latents.mean[ours], same.fit.latents.mean[theirs], atol=1e-4
    )
    crop = np.array(surface.scan.channel())[20:140, 30:150]
    frame = ScanFrame(crop.shape, surface.scan.frame.pitch_m)
    cropped = apply(quick_result, scan_of(crop, frame=frame))
    assert cropped.n_types == quick_result.n_types
    by_place = {(p[0] + 20, p[1] + 30): i for i, p in enumerate(cropped.patches.center_yx_px)}
    pairs = [(i, by_place[tuple(p)]) for i, p in enumerate(quick_result.patches.center_yx_px)
             if tuple(p) in by_place]  # fmt: skip
    assert len(pairs) > 20
    ours, theirs = map(list, zip(*pairs, strict=True))
    # The gain of a line is estimated from what the crop holds of it: codes move a little.
    np.testing.assert_allclose(
        quick_result.fit.latents.mean[ours], cropped.fit.latents.mean[theirs], atol=0.05
    )


def test_a_finer_scan_is_analysed_at_the_window_in_nm(surface, quick_result):
    fine = np.kron(np.array(surface.scan.channel()), np.ones((2, 2)))
    frame = ScanFrame(fine.shape, (4e-9, 4e-9))
    applied = apply(quick_result, scan_of(fine, frame=frame))
    assert applied.patches.window_px == quick_result.winner.window_px
    assert applied.analysis_pitch_m == quick_result.analysis_pitch_m
    assert applied.patches.center_yx_px.max() > 250


def test_a_scan_without_scale_is_refused(surface, quick_result):
    with pytest.raises(corescout.InputError, match="--pixel-size"):
        apply(quick_result, scan_of(np.array(surface.scan.channel())))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_planted_types_come_back(seed, record_property, capsys):
    surface = generate_surface(seed=seed)
    plan = Plan.preset("live", windows_px=(17,), invariances=("rt",))
    decision = plan.decision.model_copy(update={"seeds": 1, "null_surrogates": 0})
    result = explore(surface.scan, plan.model_copy(update={"decision": decision}))
    agreement = compare(surface, result)
    with capsys.disabled():
        print(f"\nseed {seed}: {result.n_types} types; {agreement}")  # noqa: T201
    assert agreement.purity >= 0.85
    assert agreement.purity > agreement.random_purity + 0.2
    assert agreement.coverage > agreement.random_coverage


def test_without_evidence_types_that_keep_to_their_places_are_possible_ones():
    surface = generate_surface(seed=1)
    plan = Plan.preset("live", windows_px=(17,), invariances=("rt",))

    def explored(possible_types):
        # One surrogate can at best bring p = 0.5 about: never evidence.
        changes = {"seeds": 1, "null_surrogates": 1, "possible_types": possible_types}
        decision = plan.decision.model_copy(update=changes)
        return explore(surface.scan, plan.model_copy(update={"decision": decision}))

    shown = explored(True)
    assert not shown.evidence.has_types
    assert shown.evidence.keeps_to_places
    assert shown.n_types > 1
    assert f"{shown.n_types} possible types are shown" in shown.why
    assert shown.types_in_words == f"{shown.n_types} possible types"
    assert len({t.type for t in shown.targets}) > 1
    one = explored(False)
    assert one.n_types == 1
    assert "all points are shown as one type" in one.why


@pytest.mark.slow
@pytest.mark.parametrize("name", ["scan_0001.ibw", "PZT_final0001.h5"])
def test_the_live_preset_on_a_real_scan(scan_file, name):
    started = time.monotonic()
    one = explore(scan_file(name), workers=2)
    assert time.monotonic() - started < 180
    other = explore(scan_file(name), workers=1)
    for a, b in zip(numbers(one), numbers(other), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_spatial_decoder_confirms_the_winner(surface, quick_plan):
    decision = quick_plan.decision.model_copy(
        update={"confirm_spatial": True, "seeds": 1, "null_surrogates": 0}
    )
    plan = quick_plan.model_copy(
        update={
            "decision": decision,
            "invariances": ("r",),
            "windows_px": (9,),
            "training": quick_plan.training.model_copy(update={"epochs": 12}),
        }
    )
    result = explore(surface.scan, plan)
    assert any("confirmed with the spatial decoder" in note for note in result.notes)


FRAMES = {
    "much coarser than the representation": (1e-7, 1e-7),
    "pixels of 1 : 10 000": (1e-9, 1e-5),
}


@pytest.mark.parametrize("case", FRAMES)
def test_a_grid_that_no_memory_holds_is_refused(surface, quick_result, case):
    frame = ScanFrame(surface.scan.shape_px, FRAMES[case])
    pitch_m = quick_result.analysis_pitch_m / 50
    with pytest.raises(corescout.InputError, match="resampled"):
        square_grid(frame.shape_px, frame, pitch_m if case.startswith("much") else None)


def test_a_scan_of_coarser_pixels_is_not_reliable_and_of_other_units_is_refused(
    surface, quick_result
):
    coarse = replace(
        surface.scan,
        frame=replace(surface.scan.frame, pitch_m=tuple(2 * p for p in surface.scan.frame.pitch_m)),
    )
    assert any("not reliable" in note for note in apply(quick_result, coarse).notes)
    channel = quick_result.channels[0]
    volts = {**surface.scan.channels, channel: surface.scan.channel(channel) * 1e9 + 5}
    with pytest.raises(corescout.InputError, match="grey levels"):
        apply(quick_result, replace(surface.scan, channels=volts))
    with pytest.raises(corescout.InputError, match="that the run is of"):
        apply(quick_result, Scan("b", {"other": surface.scan.channel(channel)}))

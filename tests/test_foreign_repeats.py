"""A place scanned again as laboratories do: its types are found, or it is said why not."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from benchmarks.truth.foreign_repeats import (
    KINDS,
    first_scan,
    on_second,
    sample_of,
    second_scan,
)
from benchmarks.truth.zones import CLEAN, PLAN, scanned
from corescout.data import InputError, ScanFrame
from corescout.further_scans import turned_words
from corescout.interactive.calls import apply
from corescout.library import find_like_type, library_type
from corescout.library.files import read, to_bytes
from corescout.live.reading.next_scan import trained, understand
from corescout.pipeline import explore


@pytest.fixture(scope="module")
def again(left_half):
    return scanned(left_half, CLEAN, 2)


@pytest.fixture(scope="module")
def in_volts(again):
    """Its amplitude as the detector gives it, in numbers that are not beyond the grey levels."""
    return replace(again, units={**again.units, "Amplitude": "V"})


def test_another_unit_is_refused_however_alike_the_numbers_are(half_result, in_volts):
    with pytest.raises(InputError, match=r"'Amplitude' in m, as the run has it; found V"):
        apply(half_result, in_volts)
    unknown = replace(in_volts, units={**in_volts.units, "Amplitude": ""})
    assert apply(half_result, unknown).n_types == half_result.n_types


def test_a_type_of_the_library_keeps_its_unit(half_result, in_volts, again, tmp_path):
    entry = library_type(half_result, 1)
    path = tmp_path / "type.npz"
    path.write_bytes(to_bytes(entry))
    kept = read(path)
    assert kept.representation.units == ("m",)
    with pytest.raises(InputError, match="'Amplitude' in m"):
        find_like_type(kept, in_volts)
    assert len(find_like_type(kept, again).order) > 50


def test_a_watch_explores_a_scan_in_another_unit_anew(half_result, in_volts):
    read_so = understand(trained(half_result), in_volts)
    assert read_so.result is None
    assert read_so.does_not_fit.what == "channel"
    assert "'Amplitude' in V" in read_so.does_not_fit.reason


def test_x_and_y_are_read_as_the_amplitude_that_they_give(half_result, again):
    x_and_y = KINDS["X and Y instead of amplitude and phase"].channels(again)
    with pytest.raises(InputError, match=r"derived 'LIAmplitude'.*--channel-map"):
        apply(half_result, x_and_y)
    applied = apply(half_result, x_and_y, channel_map={"Amplitude": "LIAmplitude"})
    same = apply(half_result, again)
    points = [np.asarray(r.patches.center_yx_px) for r in (applied, same)]
    np.testing.assert_array_equal(*points)
    assert adjusted_mutual_info_score(applied.types.of_point, same.types.of_point) > 0.9


@pytest.mark.parametrize(
    ("kind", "invariances", "degrees", "told"),
    [
        ("vae", "none", 90, "turned back"),
        ("vae", "t", -90, "turned back"),
        ("vae", "t", -45, "explore with r"),
        ("vae", "rt", 30, ""),
        ("vae", "none", 3, ""),
        ("scattering", "none", 45, ""),
    ],
)
def test_what_is_made_of_a_turned_frame_is_said(
    half_result, again, kind, invariances, degrees, told
):
    winner = replace(half_result.winner, kind=kind, invariances=invariances)
    known = replace(half_result, winner=winner, votes=None)
    turned = replace(again, frame=replace(again.frame, angle_rad=np.radians(degrees)))
    words = " ".join(turned_words(known, turned))
    assert told in words
    assert (f"{abs(degrees)} degrees" in words) == bool(told)
    assert turned_words(known, replace(again, frame=None)) == ()


@pytest.mark.parametrize("quarters", [1, 2, -1])
def test_patches_of_a_frame_that_is_turned_are_turned_back(half_result, quarters):
    """The very image, turned: its patches are those of the exploration."""
    plan = {**half_result.plan, "cleaning": {**half_result.plan["cleaning"], "lines": "off"}}
    known = replace(half_result, plan=plan)
    first = apply(known, half_result.scan)
    scan = half_result.scan
    frame = replace(scan.frame, angle_rad=quarters * np.pi / 2)
    channels = {n: np.rot90(v, quarters) for n, v in scan.channels.items()}
    there = frame.to_px(scan.frame.to_m(np.asarray(first.patches.center_yx_px)))
    applied = apply(known, replace(scan, channels=channels, frame=frame), keypoints=there)
    np.testing.assert_array_equal(applied.patches.values, first.patches.values)
    assert adjusted_mutual_info_score(first.types.of_point, applied.types.of_point) > 0.85


def test_walls_along_the_lines_of_a_turned_frame_are_not_taken_off():
    """Walls that ran down the first frame run along the lines of the second."""
    sample = sample_of(2201)
    plan = PLAN.changed("windows_px", (13,))
    result = explore(first_scan(sample), plan, workers=1)
    alone, turned = (
        on_second(result, sample, KINDS[name]) for name in ("noise alone", "turned by 90 degrees")
    )
    assert "which told the gains" in turned.said
    assert turned.ami > 0.85 * alone.ami
    scan, _ = second_scan(sample, KINDS["turned by 90 degrees"])
    by_itself = apply(result, scan, match_instrument=False)
    assert any("left as measured" in note for note in by_itself.notes)


def test_jumps_of_the_lines_of_a_turned_frame_are_mended(half_result, again):
    frame = replace(again.frame, angle_rad=np.pi / 2)
    channels = {n: np.rot90(v) for n, v in again.channels.items()}
    jumps = np.where(np.arange(frame.shape_px[0]) % 7 == 0, 1.5, 1.0).astype(np.float32)
    channels["Amplitude"] = channels["Amplitude"] * jumps[:, None]
    applied = apply(half_result, replace(again, channels=channels, frame=frame))
    assert not any("left as measured" in note for note in applied.notes)


def test_a_point_beside_a_wall_at_the_edge_keeps_its_place(half_result, again):
    """It is moved onto the wall only where its window still lies on the scan."""
    window, size = half_result.representation.largest_window_px, again.shape_px[0]
    edge = size - 1 - window // 2
    columns = np.arange(window // 2, edge + 1)
    last = np.column_stack([np.full(len(columns), edge), columns])
    applied = apply(half_result, again, keypoints=last.astype(float))
    assert len(applied.patches) == len(last)
    assert np.asarray(applied.patches.center_yx_px)[:, 0].max() == edge


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_of_scan_sees_the_sample_where_it_says(name):
    """The bench's own places, on the sample of clean domains: what a pixel shows is there."""
    sample = sample_of(2201)
    kind = KINDS[name]
    kind = replace(kind, imaging=replace(CLEAN, tip_px=0.0, noise=0.0, row_noise=0.0))
    scan, seen = second_scan(sample, replace(kind, channels=lambda scan: scan))
    margin = (sample.scan.shape_px[0] - 192) // 2
    y, x = np.rint(seen + margin).astype(int).reshape(-1, 2).T
    truth = np.abs(np.asarray(sample.response))[y, x].reshape(scan.shape_px)
    assert np.mean(np.isclose(scan.channels["Amplitude"], 1e-10 * truth, rtol=1e-3)) > 0.98
    middle = ScanFrame((192, 192), (8e-9, 8e-9)).to_px(np.zeros(2))
    row, column = np.rint((np.array(scan.shape_px) - 1) / 2).astype(int)
    assert np.hypot(*(seen[row, column] - middle)) < 6  # at most half of the largest drift

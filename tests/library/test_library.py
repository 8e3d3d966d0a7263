"""Types kept by name, found on another scan, and compared."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.data import InputError
from corescout.edits import rename, split
from corescout.library import (
    Library,
    compare,
    find_like_point,
    find_like_type,
    library_type,
)
from corescout.pipeline import apply, explore
from corescout.runs import write_run
from corescout.surfaces import generate_surface
from corescout.upright import upright_patches
from corescout.vae import reconstruct, specification_of


@pytest.fixture
def entry(typed_result):
    return library_type(rename(typed_result, 1, "needle walls"), 1, note="first day")


def test_a_type_comes_back_as_it_was_kept(entry, tmp_path):
    library = Library(tmp_path / "not there yet")
    assert library.entries() == ()
    library.add(entry)
    (back,) = library.entries()
    assert (back.uid, back.name, back.note) == (entry.uid, "needle walls", "first day")
    assert back.created_at == entry.created_at
    assert back.representation.candidate == entry.representation.candidate
    assert back.representation.looks == entry.representation.looks
    np.testing.assert_array_equal(back.mean_patch, entry.mean_patch)
    for name, weight in entry.representation.weights.items():
        np.testing.assert_array_equal(back.representation.weights[name], weight)
    assert library.get("NEEDLE WALLS").uid == library.get(entry.uid[:6]).uid == entry.uid


def test_a_name_is_taken_once_and_can_be_changed(entry, tmp_path):
    library = Library(tmp_path)
    library.add(entry)
    with pytest.raises(InputError, match="not in the library yet"):
        library.add(entry)
    library.rename(entry.uid, "stripes")
    assert [e.name for e in library.entries()] == ["stripes"]
    library.remove(entry.uid)
    assert library.entries() == ()


def test_a_damaged_file_is_named_and_the_others_are_read(entry, tmp_path):
    library = Library(tmp_path)
    whole = library.add(entry)
    (tmp_path / "half-0.type.npz").write_bytes(whole.read_bytes()[:2000])
    assert len(library.entries()) == 1
    (path,) = library.damaged()
    assert path.name == "half-0.type.npz"


def test_a_type_of_a_plan_that_this_version_does_not_know_says_so(entry, tmp_path):
    plan = dict(entry.representation.plan) | {"sharpness": 3}
    representation = replace(entry.representation, plan=plan)
    Library(tmp_path).add(replace(entry, representation=representation))
    assert Library(tmp_path).entries() == ()
    (why,) = Library(tmp_path).damaged().values()
    assert "sharpness" in why
    assert "new exploration" in why


def test_a_disk_that_cannot_be_written_leaves_nothing(entry, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with pytest.raises(InputError, match="CORESCOUT_LIBRARY"):
        Library(blocked).add(entry)
    assert blocked.read_text() == "no folder"


def test_a_type_is_found_on_another_scan(typed_result, entry, surface):
    """On its own scan those are found that the mixture calls so; on another the ranking holds."""
    here = find_like_type(entry, surface.scan, typed_result.keypoints)
    assert len(here.likeness) == len(typed_result.patches)
    best = here.best(15)
    assert (typed_result.types.of_point[best] == 1).all()
    assert np.all(np.diff(here.likeness[best]) <= 0)
    other = find_like_type(entry, generate_surface((160, 160), seed=8).scan)
    kinds = np.asarray(entry.representation.type_of_component)[
        entry.representation.mixture.assign(other.transferred.z).argmax(axis=1)
    ]
    assert (kinds[other.best(5)] == 1).all()


def test_the_most_alike_of_a_point_is_itself(typed_result, surface):
    found = find_like_point(typed_result, 17, surface.scan, typed_result.keypoints)
    assert found.order[0] == 17
    assert found.likeness[17] == pytest.approx(1)
    with pytest.raises(InputError, match="key point from 0"):
        find_like_point(typed_result, 10_000, surface.scan)


def test_patches_unlike_all_that_was_seen_are_called_unfamiliar(entry, surface, typed_result, rng):
    places = typed_result.keypoints
    known = find_like_type(entry, surface.scan, places).familiar.mean()
    noise = rng.normal(size=surface.scan.shape_px).astype(np.float32)
    channel = surface.scan.default_channel
    low, high = np.percentile(surface.scan.channel(channel), [1, 95])
    strange = replace(
        surface.scan,
        channels={**surface.scan.channels, channel: low + (high - low) * (0.5 + 0.6 * noise)},
    )
    assert known > 0.95
    assert find_like_type(entry, strange, places).familiar.mean() < 0.2


def test_two_looks_at_one_scan_agree(typed_result, surface):
    again = apply(typed_result, surface.scan, keypoints=typed_result.keypoints)
    found = compare(typed_result, again)
    assert found.places.ami == pytest.approx(1.0)
    assert found.places.n_pairs == len(typed_result.patches)
    assert found.places.drift_m == pytest.approx((0.0, 0.0), abs=4e-9)
    assert max(found.places.elsewhere) < 0.9
    # a p-value is no smaller than the independent cells of the scan allow
    assert found.places.p_value >= 1 / (1 + found.places.cells)
    assert found.same_representation
    assert [row.name for row in found.rows] == ["type 1", "type 2", "type 3"]
    assert sum(row.share[0] for row in found.rows) == pytest.approx(1)
    area_um2 = (160 * 8e-3) ** 2
    assert found.rows[0].per_um2[0] == pytest.approx(typed_result.types.count(1) / area_um2)


def test_types_dealt_at_random_do_not_agree(typed_result, rng):
    types = replace(typed_result.types, of_point=rng.permutation(typed_result.types.of_point))
    dealt = replace(typed_result, edited_types=types)
    found = compare(typed_result, dealt).places
    assert abs(found.ami) < 0.05
    assert found.p_value > 0.05


def test_nothing_agrees_where_one_side_has_one_type(typed_result):
    ones = np.ones(len(typed_result.patches), np.int64)
    look = {1: typed_result.types.looks[1]}
    one_type = replace(typed_result.types, of_point=ones, looks=look)
    alike = replace(typed_result, edited_types=one_type)
    for pair in ((typed_result, alike), (alike, alike)):
        found = compare(*pair).places
        assert found.ami is None
        assert found.p_value is None
        assert "nothing could disagree" in found.in_words


def test_a_type_that_one_scan_lacks_has_its_own_row(typed_result):
    parted = split(typed_result, [1, 2, 3, 4], "new")
    row = compare(typed_result, parted).rows[-1]
    assert (row.name, row.numbers, row.count) == ("new", (0, 4), (0, 4))


def test_a_renamed_type_is_the_same_and_a_name_alone_makes_none_the_same(typed_result):
    named = rename(rename(typed_result, 1, "needles"), 2, "type 1")
    rows = compare(typed_result, named).rows
    assert [row.numbers for row in rows] == [(1, 1), (2, 2), (3, 3)]
    assert [row.name for row in rows] == ["type 1 / needles", "type 2 / type 1", "type 3"]


def test_types_found_apart_are_the_same_by_their_places(typed_result):
    kinds, looks = typed_result.types, typed_result.types.looks
    turned = {1: 3, 2: 1, 3: 2}  # the same points, numbered as another search might
    of_point = np.array([turned[n] for n in kinds.of_point.tolist()])
    weights = {name: w + 1 for name, w in typed_result.weights.items()}
    apart = replace(typed_result, weights=weights,
                    edited_types=replace(kinds, of_point=of_point, looks=looks))  # fmt: skip
    found = compare(typed_result, apart)
    assert not found.same_representation
    assert found.places.same_types == turned
    assert [row.numbers for row in found.rows] == [(1, 3), (2, 1), (3, 2)]
    assert all(row.count[0] == row.count[1] for row in found.rows)
    dealt = np.random.default_rng(0).permutation(of_point)
    other = replace(apart, edited_types=replace(kinds, of_point=dealt, looks=looks))
    alone = compare(typed_result, other).rows
    assert [row.numbers for row in alone] == [(1, 0), (2, 0), (3, 0), (0, 1), (0, 2), (0, 3)]
    assert alone[0].name == "type 1 of the first"
    assert alone[3].name == "type 1 of the second"


def test_the_commands(typed_result, tmp_path, capsys, monkeypatch):
    from corescout.cli.app import _run

    monkeypatch.setenv("CORESCOUT_LIBRARY", str(tmp_path / "library"))
    run = write_run(typed_result, tmp_path / "run")
    scan = tmp_path / "scan.npy"
    np.save(scan, typed_result.scan.channel(typed_result.channels[0]))
    assert _run(["types", "list"]) == 0
    assert "no types" in capsys.readouterr().out
    assert _run(["types", "add", str(run), "type 2", "--name", "needles"]) == 0
    assert _run(["types", "list"]) == 0
    assert "needles" in capsys.readouterr().out
    assert _run(["types", "list", str(run)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[0].split()[:5] == ["number", "name", "patches", "share", "wall_um"]
    # The .npy has one channel of another name: what is missing is said in one line.
    assert _run(["types", "find", str(scan), "--type", "needles"]) == 2
    assert "expected" in capsys.readouterr().err
    assert _run(["types", "compare", str(run), str(run)]) == 0
    assert "AMI 1.00" in capsys.readouterr().out
    assert _run(["types", "find", str(scan)]) == 2


def test_measured_patches_are_turned_upright_as_the_decoder_has_them(surface, quick_plan):
    decision = quick_plan.decision.model_copy(
        update={"seeds": 1, "finalists": 1, "null_surrogates": 0}
    )
    plan = quick_plan.model_copy(
        update={"decision": decision, "windows_px": (13,), "invariances": ("rt",)}
    )
    result = explore(surface.scan, plan, workers=1)
    spec, latents = specification_of(result.winner, plan.training), result.fit.latents
    turned = reconstruct(latents, result.weights, spec)
    upright = reconstruct(latents, result.weights, spec, upright=True)
    side = turned.shape[-1]
    y, x = np.indices((side, side)) - (side - 1) / 2
    inside = y**2 + x**2 <= (side / 2 - 1.5) ** 2

    def apart(values):
        return np.abs(values - upright)[:, 0][:, inside].mean()

    back = upright_patches(turned, latents.angle_rad, latents.shift_px)
    assert apart(back) < 0.3 * apart(turned)
    # Turned the wrong way, random angles stay random: as far as before, within a tenth.
    wrong = apart(upright_patches(turned, -latents.angle_rad, latents.shift_px))
    assert wrong > 0.9 * apart(turned)

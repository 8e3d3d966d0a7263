"""A run folder: whole or not at all, read back to the same result, readable without Corescout."""

import csv
import io
import json
import os
import shutil
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from corescout.data import InputError
from corescout.pipeline import save
from corescout.runs import (
    FORMAT_VERSION,
    check_writable,
    is_run,
    read_run,
    write_run,
    write_stopped,
)


@pytest.fixture(scope="module")
def written(quick_result, tmp_path_factory):
    return save(quick_result, tmp_path_factory.mktemp("written") / "scan.corescout", log="hello\n")


@pytest.fixture
def run(written, tmp_path):
    """The run in a folder of its own, for a test to change."""
    return Path(shutil.copytree(written, tmp_path / written.name))


FILES = {
    "plan.json", "trials.json", "result.h5", "weights.npz", "decision.json", "key_points.csv",
    "core_points.csv", "targets.csv", "targets.json", "report.html", "log.txt",
}  # fmt: skip


def rows_of(path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_all_files_are_there_and_nothing_else(run):
    assert {p.name for p in run.iterdir()} == FILES
    assert [p.name for p in run.parent.iterdir()] == [run.name]


def test_a_run_reads_back_to_the_same_result(run, quick_result):
    again = read_run(run)
    assert (again.why, again.winner, again.notes) == (
        quick_result.why, quick_result.winner, quick_result.notes,
    )  # fmt: skip
    assert again.targets == quick_result.targets
    assert [t.candidate for t in again.trials] == [t.candidate for t in quick_result.trials]
    assert again.scan.frame == quick_result.scan.frame
    for field in ("mean", "std", "angle_rad", "shift_px"):
        ours, theirs = (getattr(r.fit.latents, field) for r in (quick_result, again))
        if ours is None:
            assert theirs is None
        else:
            np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(again.patches.values, quick_result.patches.values)
    np.testing.assert_array_equal(again.core_points.type, quick_result.core_points.type)
    np.testing.assert_array_equal(again.mixture.means, quick_result.mixture.means)
    assert again.fit.mixtures.keys() == quick_result.fit.mixtures.keys()
    for name, weight in quick_result.weights.items():
        np.testing.assert_array_equal(again.weights[name], weight)


def test_what_a_script_needs_is_in_plain_files(run, quick_result):
    decision = json.loads((run / "decision.json").read_text())
    assert decision["format_version"] == FORMAT_VERSION
    assert decision["window_px"] == quick_result.winner.window_px
    assert decision["window_nm"] == pytest.approx(quick_result.winner.window_px * 8)
    assert decision["n_types"] == quick_result.n_types
    assert {"gain", "icl", "context_retention"} <= decision["rewards"].keys()
    rows = rows_of(run / "core_points.csv")
    assert list(rows[0]) == [
        "key_point", "y_px", "x_px", "x_m", "y_m", "type", "type_name", "typicality",
    ]  # fmt: skip
    assert len(rows) == len(quick_result.core_points)
    rows = rows_of(run / "targets.csv")
    assert list(rows[0]) == ["y_px", "x_px", "x_m", "y_m", "type", "type_name", "number"]
    assert float(rows[0]["x_m"]) == pytest.approx(quick_result.targets[0].xy_m[0], abs=1e-12)


def test_metre_columns_are_empty_without_a_scale(quick_result, tmp_path):
    from dataclasses import replace

    bare = replace(
        quick_result,
        scan=replace(quick_result.scan, frame=None),
        targets=tuple(replace(t, xy_m=None) for t in quick_result.targets),
        analysis_pitch_m=None,
    )
    run = save(bare, tmp_path / "bare")
    row = rows_of(run / "targets.csv")[0]
    assert (row["x_m"], row["y_m"]) == ("", "")
    assert read_run(run).targets[0].xy_m is None


def test_an_existing_folder_is_replaced_only_when_asked(run, quick_result):
    with pytest.raises(InputError, match="--overwrite"):
        save(quick_result, run)
    (run / "log.txt").write_text("old")
    save(quick_result, run, overwrite=True, log="new")
    assert (run / "log.txt").read_text() == "new"


def test_a_folder_that_is_not_ours_is_never_replaced(quick_result, tmp_path):
    precious = tmp_path / "thesis"
    precious.mkdir()
    (precious / "chapter.txt").write_text("years of work")
    with pytest.raises(InputError, match="did not write"):
        save(quick_result, precious, overwrite=True)
    assert (precious / "chapter.txt").read_text() == "years of work"


def test_a_failure_on_the_way_leaves_the_old_run(run, quick_result):
    def full_disk(result, folder):
        raise OSError(28, "No space left on device")

    from corescout.runs import write_run

    before = (run / "decision.json").read_bytes()
    with pytest.raises(InputError, match="No space left"):
        write_run(quick_result, run, overwrite=True, add_files=(full_disk,))
    assert (run / "decision.json").read_bytes() == before
    assert [p.name for p in run.parent.iterdir()] == [run.name]


@pytest.mark.parametrize(
    "name",
    sorted(FILES - {"report.html", "log.txt", "key_points.csv", "core_points.csv", "targets.csv"}),
)
def test_a_damaged_run_is_an_input_error(run, name):
    content = (run / name).read_bytes()
    (run / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=r"undamaged|finished run"):
        read_run(run)


def test_a_newer_format_asks_for_an_update(run):
    decision = json.loads((run / "decision.json").read_text())
    (run / "decision.json").write_text(json.dumps({**decision, "format_version": 99}))
    with pytest.raises(InputError, match="update Corescout"):
        read_run(run)


def test_a_run_moves_with_its_folder(run, tmp_path):
    moved = tmp_path / "elsewhere ü"
    shutil.move(run, moved)
    assert is_run(moved)
    read_run(moved)


def test_a_stopped_run_keeps_its_trials(quick_result, tmp_path):
    folder = write_stopped(quick_result.trials[:2], quick_result.plan, tmp_path / "stopped")
    assert len(json.loads((folder / "trials.json").read_text())) == 2
    assert not is_run(folder)
    check_writable(folder, overwrite=True)


def test_the_run_that_is_there_stays_when_its_place_cannot_be_taken(run, quick_result, monkeypatch):
    real = Path.rename

    def refused(self, target):
        if str(target) == str(run) and not self.name.endswith(".old"):
            raise PermissionError(13, "it is open in another program")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(InputError, match="another program"):
        save(quick_result, run, overwrite=True)
    assert read_run(run).why == quick_result.why
    assert [p.name for p in run.parent.iterdir()] == [run.name]


def test_a_name_as_long_as_the_system_takes(quick_result, tmp_path):
    folder = save(quick_result, tmp_path / ("n" * 250))
    assert is_run(folder)
    with pytest.raises(InputError, match="--out"):
        check_writable(tmp_path / ("n" * 300))


def test_a_run_that_was_stopped_says_so_and_how_to_go_on(quick_result, tmp_path):
    folder = write_stopped(quick_result.trials, quick_result.plan, tmp_path / "stopped")
    with pytest.raises(InputError, match="was stopped before") as caught:
        read_run(folder)
    assert f"--plan {folder / 'plan.json'} --overwrite" in str(caught.value)


def test_the_run_of_another_version_is_named_as_such(quick_result, tmp_path):
    run = write_run(quick_result, tmp_path / "run")
    plan = json.loads((run / "plan.json").read_text("utf-8"))
    plan["training"]["half_turns"] = True
    (run / "plan.json").write_text(json.dumps(plan))
    with pytest.raises(InputError, match=r"this version of Corescout.*training\.half_turns"):
        read_run(run)


def test_weights_that_unpack_to_more_than_they_are_allowed_are_refused(quick_result, tmp_path):
    """200 MB of zeros in 200 kB, and a header that declares 160 GB."""
    run = write_run(quick_result, tmp_path / "run")
    for declared, held in (((50_000_000,), 200_000_000), ((200_000, 200_000), 1000)):
        head = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            head, {"descr": "<f4", "fortran_order": False, "shape": declared}
        )
        with zipfile.ZipFile(run / "weights.npz", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("encoder.npy", head.getvalue() + bytes(held))
        tracemalloc.start()
        with pytest.raises(InputError, match="bytes that it declares"):
            read_run(run)
        assert tracemalloc.get_traced_memory()[1] < 50e6
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["decision.json", "plan.json", "result.h5", "weights.npz"])
def test_a_file_of_a_run_that_has_no_end_is_not_read(quick_result, tmp_path, name):
    run = write_run(quick_result, tmp_path / "run")
    (run / name).unlink()
    os.mkfifo(run / name)
    with pytest.raises(InputError, match="no regular file"):
        read_run(run)
    (run / name).unlink()
    (run / name).symlink_to("/dev/zero")
    with pytest.raises(InputError, match="no regular file"):
        read_run(run)


def test_tables_with_other_content_are_an_input_error(quick_result, tmp_path):
    run = write_run(quick_result, tmp_path / "run")
    for name in ("decision.json", "plan.json", "trials.json", "targets.json"):
        whole = (run / name).read_bytes()
        for content in ("12", "null", '["x"]', "{"):
            (run / name).write_text(content)
            with pytest.raises(InputError):
                read_run(run)
        (run / name).write_bytes(whole)
    assert read_run(run).why == quick_result.why

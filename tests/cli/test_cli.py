"""The command line as a process: exit codes, one-line errors, files."""

import contextlib
import csv
import json
import math
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from corescout.cli.app import _run
from corescout.surfaces import generate_surface

QUICK = [
    "--windows", "9", "--invariances", "none,rt", "--workers", "2", "--set", "training.epochs=8",
    "--set", "training.retries=0", "--set", "decision.null_surrogates=2",
]  # fmt: skip


def corescout(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "corescout", *map(str, arguments)],
        capture_output=True, text=True, timeout=300, check=False, **options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def array_file(tmp_path_factory):
    """A scan without a scale, at a path with a space and non-ASCII letters."""
    path = tmp_path_factory.mktemp("mit leerzeichen ü") / "probe ß.npy"
    np.save(path, generate_surface((128, 128), seed=1).scan.channel())
    return path


def test_torch_is_not_loaded_before_an_exploration_begins(array_file, tmp_path):
    """It takes a second, in which its bar is there."""
    code = (
        "import importlib, os, sys; explore = importlib.import_module('corescout.cli.explore');"
        "explore.explore_and_save = lambda *a, **k: os._exit(8 if 'torch' in sys.modules else 7);"
        "from corescout.cli.app import _run; _run(sys.argv[1:])"
    )
    words = [sys.executable, "-c", code, "explore", array_file, "--out", tmp_path / "run"]
    assert subprocess.run(words, check=False, timeout=60).returncode == 7


@pytest.fixture(scope="module")
def run_folder(array_file):
    done = corescout("explore", array_file, *QUICK, "--pixel-size", "10nm")
    assert done.returncode == 0, done.stderr
    return array_file.with_name(array_file.name + ".corescout")


def test_explore_writes_a_run_beside_the_file(run_folder):
    decision = json.loads((run_folder / "decision.json").read_text())
    assert decision["window_nm"] == pytest.approx(90)
    assert "plan" in (run_folder / "log.txt").read_text()
    assert (run_folder / "targets.csv").read_text().count("\n") > 2


def test_what_is_found_is_kept_where_nobody_reads_the_answer(tmp_path, array_file, monkeypatch):
    """The answer is told before its report is drawn; `| head` may have gone by then."""
    reader, writer = os.pipe()
    os.close(reader)
    quick = [*QUICK, "--set", "decision.seeds=1"]
    nobody = os.fdopen(writer, "w")
    monkeypatch.setattr(sys, "stdout", nobody)
    _run(["explore", str(array_file), *quick, "--out", str(tmp_path / "run")])
    with contextlib.suppress(BrokenPipeError):
        nobody.close()
    assert (tmp_path / "run" / "report.html").stat().st_size > 10_000
    assert (tmp_path / "run" / "decision.json").is_file()


def test_an_existing_run_is_not_overwritten(array_file, run_folder):
    again = corescout("explore", array_file, *QUICK)
    assert again.returncode == 2
    assert "--overwrite" in again.stderr


def test_apply_report_and_targets(tmp_path, array_file, run_folder):
    done = corescout(
        "apply", run_folder, array_file, "--pixel-size", "10nm", "--out", tmp_path / "applied"
    )
    assert done.returncode == 0, done.stderr
    assert "applied to" in done.stdout
    assert (tmp_path / "applied" / "report.html").is_file()
    done = corescout("report", run_folder, "--out", tmp_path / "r")
    assert (done.returncode, (tmp_path / "r" / "report.html").is_file()) == (0, True)
    done = corescout("targets", run_folder, "--per-type", 1)
    assert done.stdout.splitlines()[0] == "y_px,x_px,x_m,y_m,type,type_name,number"


def test_targets_as_json_and_arcmd_away_from_what_was_measured(tmp_path, quick_result):
    from corescout.runs import write_run
    from reading_arcmd import arcmd_places_m

    run_folder = write_run(quick_result, tmp_path / "run")
    first, second = tmp_path / "first.csv", tmp_path / "second.json"
    done = corescout("targets", run_folder, "--per-type", 1, "--out", first)
    assert "µm" in done.stderr
    rows = list(csv.DictReader(first.read_text().splitlines()))
    done = corescout(
        "targets", run_folder, "--avoid", first, "--avoid-radius", "120nm", "--margin", "40nm",
        "--format", "json", "--action", "spectrum", "--bias", "4V", "--out", second,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    table = json.loads(second.read_text())
    assert {t["action"] for t in table["targets"]} == {"spectrum"}
    for target in table["targets"]:
        for row in rows:
            away = math.dist((target["x_m"], target["y_m"]), (float(row["x_m"]), float(row["y_m"])))
            assert away >= 120e-9
    assert {t["settings"].get("bias_end_v") for t in table["targets"]} == {4.0}
    done = corescout("targets", run_folder, "--format", "json", "--action", "zoom")
    assert done.returncode == 2
    assert "--frame-size" in done.stderr
    journal = tmp_path / "journal.jsonl"
    place = {"x_m": float(rows[0]["x_m"]), "y_m": float(rows[0]["y_m"])}
    sent = {"what": "message", "kind": "spectrum", "target_uid": "t", "values": place}
    journal.write_text(json.dumps(sent) + "\n")
    done = corescout("targets", run_folder, "--avoid", journal, "--avoid-radius", "120nm")
    for row in csv.DictReader(done.stdout.splitlines()):
        away = math.dist((float(row["x_m"]), float(row["y_m"])), place.values())
        assert away >= 120e-9
    done = corescout("targets", run_folder, "--format", "arcmd")
    assert len(arcmd_places_m(done.stdout)) > 1
    assert "marker" not in done.stderr
    done = corescout("targets", run_folder, "--avoid", tmp_path / "none.csv")
    assert done.returncode == 2
    assert "x_m" in done.stderr


def test_igors_commands_of_a_turned_scan_say_what_to_check_first(tmp_path, quick_result, capsys):
    from corescout.runs import write_run

    frame = replace(quick_result.scan.frame, angle_rad=math.pi / 2)
    turned = replace(quick_result, scan=replace(quick_result.scan, frame=frame))
    run = write_run(turned, tmp_path / "turned")
    assert _run(["targets", str(run), "--format", "arcmd"]) == 0
    said = capsys.readouterr()
    assert "turned by 90°" in said.err
    assert "First see a marker" in said.err
    assert "turned" not in said.out
    assert _run(["targets", str(run), "--format", "csv"]) == 0
    assert "turned" not in capsys.readouterr().err


def test_a_plan_file_repeats_the_run(tmp_path, array_file, run_folder):
    out = tmp_path / "again"
    done = corescout("explore", array_file, "--plan", run_folder / "plan.json", "--out", out)
    assert done.returncode == 0, done.stderr
    assert (out / "core_points.csv").read_bytes() == (run_folder / "core_points.csv").read_bytes()


BAD_USAGE = {
    "absent file": (["explore", "absent.ibw"], "absent.ibw"),
    "directory": (["explore", "."], "folder"),
    "unknown channel": (["explore", "{file}", "--out", "run", "--channel", "Nope"], "Nope"),
    "window too large": (["explore", "{file}", "--out", "run", "--windows", "101"], "101"),
    "window nonsense": (["explore", "{file}", "--windows", "9;13"], "9;13"),
    "window out of range": (["explore", "{file}", "--windows", "1"], "windows"),
    "invariance": (["explore", "{file}", "--invariances", "x"], "rts"),
    "pixel size without a unit": (["explore", "{file}", "--pixel-size", "10"], "10nm"),
    "reward": (["explore", "{file}", "--reward", "gian"], "gain"),
    "plan file": (["explore", "{file}", "--plan", "absent.json"], "absent.json"),
    "no run": (["targets", "."], "finished run"),
    "unwritable": (["explore", "{file}", "--out", "/dev/null/run"], "--out"),
    "bench": (["bench", "nope"], "nope"),
}


@pytest.mark.parametrize("case", BAD_USAGE)
def test_bad_usage_is_one_line_and_exit_code_2(tmp_path, array_file, case):
    arguments, word = BAD_USAGE[case]
    done = corescout(*[a.format(file=array_file) for a in arguments], cwd=tmp_path)
    assert done.returncode == 2
    assert word in done.stderr
    assert done.stderr.count("\n") == 1
    assert all(part in done.stderr for part in ("expected", "found"))
    assert list(tmp_path.iterdir()) == []


def test_a_misspelt_option_is_exit_code_2(array_file):
    assert corescout("explore", array_file, "--sede", "1").returncode == 2


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs POSIX limits")
def test_a_disk_that_cannot_take_the_run_leaves_nothing(tmp_path, array_file):
    def limit_files_to_20_kb():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = corescout(
        "explore", array_file, *QUICK, "--out", tmp_path / "run", preexec_fn=limit_files_to_20_kb
    )
    assert done.returncode == 2, done.stderr
    assert "free some space" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def hear_ctrl_c():
    """What a shell starts in its background is deaf to Ctrl-C, and so would be this process."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_stops_soon_and_keeps_what_was_finished(tmp_path, array_file):
    process = subprocess.Popen(
        [sys.executable, "-m", "corescout", "explore", str(array_file), "--out",
         str(tmp_path / "run"), "--workers", "1"],
        stderr=subprocess.PIPE, text=True, preexec_fn=hear_ctrl_c,
    )  # fmt: skip
    journal = tmp_path / "run" / "record" / "journal.jsonl"
    while not (journal.is_file() and b'"finished"' in journal.read_bytes()):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert json.loads((tmp_path / "run" / "trials.json").read_text())
    assert not (tmp_path / "run" / "decision.json").exists()


def test_a_closed_pipe_is_no_bug(run_folder):
    command = f'"{sys.executable}" -m corescout targets "{run_folder}" | head -n 1'
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert "bug" not in done.stderr


def test_version():
    done = corescout("--version", env={**os.environ})
    assert done.stdout.startswith("corescout 0.")


def test_a_scan_that_is_cut_short_or_of_an_old_format_is_not_explored(tmp_path, scan_file):
    cut = tmp_path / "cut.ibw"
    cut.write_bytes(scan_file("scan_0001.ibw").read_bytes()[:-30000])
    for file, word in ((cut, "footer"), (scan_file("chip.gwy"), "GWYO")):
        done = corescout("explore", file, *QUICK, "--out", tmp_path / "out.corescout")
        assert done.returncode == 2
        assert word in done.stderr
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "out.corescout").exists()


def test_info_says_what_was_understood(scan_file):
    done = corescout("info", scan_file("image_ibw.ibw"), "--metadata")
    assert done.returncode == 0
    for word in ("pixel pitch", "mostly noise", "AmplitudeRetrace", "ScanRate"):
        assert word in done.stdout


def test_a_gpu_that_is_not_there_is_said(array_file, tmp_path):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is one")
    done = corescout("explore", array_file, *QUICK, "--device", "cuda", "--out", tmp_path / "run")
    assert done.returncode == 2
    assert "CUDA" in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def quick_run(quick_result, tmp_path_factory):
    from corescout.pipeline import save

    return save(quick_result, tmp_path_factory.mktemp("run") / "run")


REFUSED = {
    "a folder for a file": (["targets", "{run}", "--out", "{tmp}"], "directory"),
    "no such folder": (["targets", "{run}", "--out", "{tmp}/no/a.csv"], "/no: no such"),
    "a series of no folder": (["explore", "{tmp}/none", "--pooled"], "/none; give the folder"),
    "maps in a file": (["export", "{run}", "--out", "{run}/plan.json"], "plan.json"),
    "two at once": (["export", "{run}", "--script", "a.py", "--pyroved", "b"], "--script"),
    "bias without spectra": (["targets", "{run}", "--bias", "4V"], "--action"),
    "size without a zoom": (["targets", "{run}", "--frame-size", "90nm"], "--action"),
    "a number too small": (["targets", "{run}", "--per-type", "0"], "--per-type"),
    "an option that is none": (["targets", "{run}", "--spacing-nm", "5"], "targets --help"),
    "a command that is none": (["explor"], "--help"),
    "weights that are no numbers": (["explore", "a.npy", "--weights", "gain=nan"], "gain=1"),
    "a seed too large": (["explore", "a.npy", "--seed", "9" * 25], "seed"),
    "a plan that is none": (["explore", "a.npy", "--plan", "{run}/result.h5"], "plan"),
    "avoided places without columns": (["targets", "{run}", "--avoid", "{tmp}/x.csv"], "x_m"),
    "avoided places without numbers": (["targets", "{run}", "--avoid", "{tmp}/nan.csv"], "number"),
    "avoided places of no journal": (["targets", "{run}", "--avoid", "{tmp}/x.jsonl"], "journal"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(tmp_path, quick_run, capsys, case):
    (tmp_path / "x.csv").write_text("")
    (tmp_path / "nan.csv").write_text("x_m,y_m\nnan,inf\n")
    (tmp_path / "x.jsonl").write_bytes(b"\xff\x00 garbage\n12\n")
    arguments, word = REFUSED[case]
    assert _run([a.format(run=quick_run, tmp=tmp_path) for a in arguments]) == 2
    said = capsys.readouterr().err.splitlines()
    assert word.lower() in said[-1].lower()
    assert said[-1].startswith("corescout: ")
    assert len(said[-1]) < 500
    assert not any(line.startswith(("Traceback", "Usage")) for line in said)


def test_the_folder_of_a_sample_is_made(tmp_path):
    assert _run(["sample", "--size", "64", "--out", str(tmp_path / "scans" / "cold.h5")]) == 0
    assert (tmp_path / "scans" / "cold.h5").is_file()


def test_a_table_that_excel_saved_is_avoided_and_none_left_is_said(tmp_path, quick_run, capsys):
    table = tmp_path / "excel.csv"
    table.write_text("x_m,y_m\n0,0\n", encoding="utf-8-sig")
    wide = ["--avoid", str(table), "--avoid-radius", "1mm"]
    assert _run(["targets", str(quick_run), *wide]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == ["y_px,x_px,x_m,y_m,type,type_name,number"]
    assert "1 place of excel.csv" in said.err
    assert "no core point keeps" in said.err
    assert "no scale" not in said.err


@pytest.mark.parametrize("radius", [[], ["--avoid-radius", "1nm", "--spacing", "1nm"]])
def test_a_journal_says_how_far_to_keep_from_what_was_written(tmp_path, quick_run, capsys, radius):
    from corescout.instruments.entries import MessageSent, WrittenSeen
    from corescout.instruments.journal import Journal

    assert _run(["targets", str(quick_run), "--format", "json"]) == 0
    first = json.loads(capsys.readouterr().out)["targets"][0]
    place = {name: first[name] for name in ("x_m", "y_m")}
    journal = Journal(tmp_path / "journal.jsonl")
    journal.write(MessageSent(kind="spectrum", target_uid=first["uid"], values=place))
    journal.write(WrittenSeen(target_uid=first["uid"], area_m2=3e-14, radius_m=1e-7))
    journal.write(WrittenSeen(target_uid="b", refused="no phase"))
    journal.close()
    asked = ["targets", str(quick_run), "--format", "json", "--avoid", str(journal.path), *radius]
    assert _run(asked) == 0
    said = capsys.readouterr()
    targets = json.loads(said.out)["targets"]
    assert targets
    assert "asks for 150 nm" in said.err
    at_m = np.array([[place["x_m"], place["y_m"]], *([t["x_m"], t["y_m"]] for t in targets)])
    apart = np.linalg.norm(at_m[:, None] - at_m, axis=-1)[np.triu_indices(len(at_m), 1)]
    assert (apart.min() >= 1.5e-7) is not bool(radius)


def test_ctrl_c_in_a_command_that_has_nothing_to_keep(quick_run, monkeypatch, capsys):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("corescout.runs.read_run", interrupted)
    assert _run(["targets", str(quick_run)]) == 130
    assert capsys.readouterr().err == "corescout: stopped\n"


def test_a_run_without_its_window_is_repeated_by_its_script(tmp_path, quick_run, capsys):
    assert _run(["export", str(quick_run), "--script", str(tmp_path / "again.py")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "again.py")
    compile((tmp_path / "again.py").read_text("utf-8"), "again.py", "exec")


@pytest.mark.parametrize("address", ["", "https://example.org/issues"])
def test_a_bug_is_reported_where_the_package_says(monkeypatch, capsys, address):
    from email.message import Message
    from importlib import metadata

    package = Message()
    package["Project-URL"] = "Source, https://example.org"
    if address:
        package["Project-URL"] = f"Issues, {address}"
    monkeypatch.setattr(metadata, "metadata", lambda name: package)
    monkeypatch.setattr("corescout.runs.read_run", lambda *a, **o: 1 / 0)
    assert _run(["report", "run"]) == 1
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert said.rstrip().endswith(f" at {address}" if address else "--verbose")

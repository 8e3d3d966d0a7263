"""What a stranger's run, file or name says is text: in a page, a table, a terminal and a log."""

import csv
import io
import logging
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from corescout.cli.terminal import LineFormatter
from corescout.data import InputError, Measurement, Target
from corescout.data.printable import defused, one_line, printable
from corescout.live.day.measured_table import add_rows, read_curves
from corescout.readers import read_scan
from corescout.report.html import report_html

SCRIPT = "<script>alert(1)</script>"


def test_no_text_of_a_run_is_markup(quick_result):
    trials = tuple(replace(t, state=SCRIPT, reason=SCRIPT) for t in quick_result.trials)
    looks = {n: replace(look, name=f"{SCRIPT}'") for n, look in quick_result.types.looks.items()}
    result = replace(
        quick_result, trials=trials, why=SCRIPT, notes=(SCRIPT,),
        edited_types=replace(quick_result.types, looks=looks),
        scan=replace(quick_result.scan, uid=SCRIPT, source=f"a/{SCRIPT}"),
    )  # fmt: skip
    page = report_html(result)
    assert SCRIPT not in page
    assert page.count("&lt;script&gt;") >= 4


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1+1", "-2", "@SUM(1)", " =1", "\t=1"])
def test_no_cell_is_a_formula(text):
    shown = defused(text)
    assert not shown.lstrip(" ").startswith(("=", "+", "-", "@"))
    assert defused("Amplitude") == "Amplitude"


def test_measurements_hold_no_formula(tmp_path):
    axis = np.linspace(-1, 1, 5)
    target = Target("=1+1", "@scan", (0.0, 0.0), (-1e-9, 2e-9), 1, 1, "spectrum")
    curve = Measurement("=1+1", axis, "+bias", "-V", {"=cmd|' /C calc'!A0": axis}, {})
    add_rows(tmp_path / "m.csv", target, curve)
    row = next(csv.DictReader(io.StringIO((tmp_path / "m.csv").read_text())))
    texts = [row[n] for n in ("target", "scan", "channel", "axis_name", "axis_unit")]
    assert all(t.startswith("'") for t in texts)
    assert float(row["x_m"]) == -1e-9  # a number stays one
    assert np.allclose(read_curves(tmp_path / "m.csv")[1][0].axis, axis)


def test_what_cannot_be_seen_is_spelled_out():
    assert printable("\x1b]0;x\x07") == "\\x1b]0;x\\x07"
    assert printable("a\u202eb") == "a\\u202eb"
    assert printable("Höhe µm 中") == "Höhe µm 中"
    assert one_line("a\nb\tc\udcfc") == "a b c\\udcfc"
    assert "\x1b" not in str(InputError("a file", "\x1b[2Jx", "look"))


def test_a_name_forges_no_line_of_a_log():
    record = logging.LogRecord(
        "corescout", logging.ERROR, "", 0, "%s", ("a\n12:00 all well\x1b[2J",), None
    )
    assert LineFormatter("%(message)s").format(record) == "a 12:00 all well\\x1b[2J"


def test_a_name_moves_no_cursor_of_a_terminal(tmp_path):
    """`info` on a file whose name and channels hold control characters."""
    path = tmp_path / "x\x1b]0;owned\x07\nline.npz"
    np.savez(path, **{"a\x1b[2J": np.random.default_rng(0).normal(size=(8, 8))})
    assert list(read_scan(path).channels) == ["a\\x1b[2J"]
    start = "from corescout.cli import main; main()"
    for words in (["info", str(path)], ["info", str(path) + "\x1b[1m.gone"]):
        found = subprocess.run(
            [sys.executable, "-c", start, *words], capture_output=True, check=False,
            env={**os.environ, "PYTHONUTF8": "1"},
        )  # fmt: skip
        said = found.stdout + found.stderr
        assert said
        assert not any((byte < 32 and byte != 10) or byte == 127 for byte in said)
        assert b"\nline" not in said

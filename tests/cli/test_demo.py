"""`corescout demo` and `demo --live`, one window and a short training; as they stand: -m slow."""

import json

from corescout.cli.app import _run
from corescout.whole import read_journal

QUICK = ("--windows", "9", "--invariances", "none", "--set", "training.max_steps=100",
         "--set", "decision.seeds=1", "--set", "decision.null_surrogates=0")  # fmt: skip


def test_the_demonstration_compares_with_the_truth(tmp_path, capsys):
    out = tmp_path / "demo.corescout"
    assert _run(["demo", *QUICK, "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "report: " in said
    assert "truth: " in said
    assert json.loads((out / "decision.json").read_text())["winner"]


def test_the_live_demonstration_ends_after_a_plan_and_is_made_anew_beside_a_killed_one(
    tmp_path, capsys
):
    out = tmp_path / "demo"
    out.mkdir()
    (out / "journal.jsonl").write_text('{"what": "state", "before": "ARMED", "state": "RUNNING"}\n')
    (out / ".lock").touch()
    command = ["demo", "--live", *QUICK, "--out", str(out)]
    assert _run(command) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert _run([*command, "--overwrite"]) == 0
    said = capsys.readouterr().out
    assert "coercive bias" in said
    assert "report: " in said
    entries = read_journal(out / "journal.jsonl")
    assert entries[0]["what"] == "watch"
    assert [e["state"] for e in entries if e["what"] == "state"][-2:] == ["RUNNING", "OBSERVE"]
    (approved,) = [e for e in entries if e["what"] == "approved"]
    measured = {e["target_uid"] for e in entries if e["what"] == "measured"}
    assert measured == {target["uid"] for target in approved["plan"]["targets"]}
    assert (out / "measurements.csv").stat().st_size > 0

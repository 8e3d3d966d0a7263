"""`explore --measurements FILE --property NAME --reward property`: physics chooses the window."""

import csv
import json

import numpy as np
import pytest

from corescout.cli.app import _run
from corescout.exports import write_nsid
from corescout.plan import Plan
from corescout.preparation import prepare
from corescout.runs import read_run
from corescout.runs.record import read_journal
from corescout.surfaces import generate_surface

QUICK = [
    "--windows", "7,15", "--invariances", "none", "--baselines", "pca", "--set",
    "training.epochs=8", "--set", "training.retries=0", "--set", "decision.null_surrogates=0",
    "--set", "decision.seeds=1", "--set", "training.collapse_variance=0.001", "--set",
    "decision.none_decides=true",
]  # fmt: skip


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    return write_nsid(
        generate_surface((128, 128), seed=1).scan, tmp_path_factory.mktemp("scan") / "scan.h5"
    )


@pytest.fixture(scope="module")
def table(scan):
    """Brightness around 40 key points, which a window of 7 px tells better than one of 15 px."""
    from corescout.readers import read_scan

    prepared = prepare(read_scan(scan), Plan.preset("live", windows_px=(15,)))
    places = np.asarray(prepared.keypoints.yx_px)
    rows = np.random.default_rng(0).choice(len(places), 40, replace=False)
    path = scan.with_name("own.csv")
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["x_m", "y_m", "brightness"])
        for row in rows:
            y, x = np.rint(places[row]).astype(int)
            around = prepared.images[0, y - 3 : y + 4, x - 3 : x + 4]
            writer.writerow([*prepared.scan.frame.to_m(places[row]), np.nanmean(around)])
        writer.writerow(["nan", "1", "3.0"])
        writer.writerow(["1", "1", "3.0"])
    return path


def test_what_was_measured_decides_and_is_kept_in_the_plan(scan, table, capsys):
    first = scan.with_name("first.corescout")
    assert _run(["explore", str(scan), *QUICK, "--out", str(first)]) == 0
    asked = ["--measurements", str(table), "--property", "brightness", "--reward", "property"]
    run = scan.with_name("measured.corescout")
    assert _run(["explore", "--from", str(first), *asked, "--out", str(run)]) == 0
    result = read_run(run)
    assert "Chosen by measured property" in result.why
    assert "40 of 41 values of brightness are at key points" in result.notes
    values = {
        t.candidate.label: t.rewards["property"].value
        for t in result.trials if t.state == "done"
    }  # fmt: skip
    assert values[result.winner.label] == max(values.values()) > 0.3
    assert np.isfinite(result.fit.measured).sum() == 40
    plan = json.loads((run / "plan.json").read_text())
    assert plan["measured"]["name"] == "brightness"
    # The plan has the values: the same again from it alone, and nothing was trained for it.
    again = scan.with_name("again.corescout")
    plan_file = ["--plan", str(run / "plan.json")]
    assert _run(["explore", str(scan), *plan_file, "--out", str(again)]) == 0
    assert read_run(again).why == result.why
    trained = [e for e in read_journal(run / "record/journal.jsonl") if e["what"] == "finished"]
    kept = [e for e in read_journal(first / "record/journal.jsonl") if e["what"] == "finished"]
    assert {e["key"] for e in trained} == {e["key"] for e in kept}


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--reward", "property"], "--measurements FILE for the reward 'property'"),
        (["--property", "brightness"], "--measurements FILE with --property"),
        (["--measurements", "TABLE", "--property", "darkness"], "a column among x_m, y_m"),
        (["--measurements", "TABLE", "--property", "y_m", "--set", "measured.name=a"], "one value"),
    ],
)
def test_what_is_missing_is_said_before_the_work(scan, table, options, why, capsys):
    words = [str(table) if word == "TABLE" else word for word in options]
    assert _run(["explore", str(scan), *words, "--dry-run"]) == 2
    assert why in capsys.readouterr().err

"""An exploration that was begun with further scans goes on with them, in the window too."""

import json

import numpy as np
import pytest

from benchmarks.truth.zones import CLEAN, PLAN, SIDE_PX, scanned
from corescout.cli.app import _run
from corescout.exports.nsid import write_nsid
from corescout.gui.jobs.engine import start_exploration
from corescout.gui.jobs.further import GivenScan
from corescout.gui.jobs.search_place import SearchPlace
from corescout.readers import read_scan
from corescout.runs import Record, read_run
from corescout.runs.further_kept import KeptFurther
from corescout.surfaces import generate_family


@pytest.fixture
def killed(tmp_path):
    """A run that was killed at once, its scan and a repeat of the place."""
    wide = generate_family("voronoi", 7204, (SIDE_PX, 2 * SIDE_PX), imaging=CLEAN)
    here = np.asarray(wide.response, float)[:, :SIDE_PX]
    scan = read_scan(write_nsid(scanned(here, CLEAN, 1), tmp_path / "first.h5"))
    repeat = write_nsid(scanned(here, CLEAN, 2), tmp_path / "again.h5")
    run = tmp_path / "run.corescout"
    named = [KeptFurther.of(read_scan(repeat), "reversed")]
    Record.begin(run, scan, PLAN, further=named).close()
    return run, scan, repeat


def test_resume_looks_at_the_further_scans_that_it_was_begun_with(killed):
    run, _, repeat = killed
    assert json.loads((run / "record/about.json").read_text())["further"][0]["way"] == "reversed"
    assert _run(["explore", "--resume", str(run)]) == 0
    (check,) = read_run(run).evidence.checks
    assert (check.kind, check.found, check.source) == ("reversed", True, str(repeat))
    assert read_run(run).evidence.grade == "zones"


def test_one_that_was_moved_is_named_and_another_is_refused(killed, tmp_path, capsys):
    run, _, repeat = killed
    moved = repeat.rename(tmp_path / "elsewhere.h5")
    assert _run(["explore", "--resume", str(run)]) == 2
    said = capsys.readouterr().err
    assert "again.h5" in said
    assert "--repeat" in said
    assert _run(["explore", "--resume", str(run), "--reversed-repeat", str(moved)]) == 0
    (check,) = read_run(run).evidence.checks
    assert (check.kind, check.source) == ("reversed", str(moved))


def test_a_search_of_the_window_that_goes_on_looks_at_them_too(killed):
    run, scan, repeat = killed
    job = start_exploration(scan, PLAN, None, SearchPlace("", 1), lambda: run)
    job.wait()
    (check,) = job.answer.evidence.checks
    assert (check.kind, check.found) == ("reversed", True)
    # What a new search of the same scan is given.
    assert [(g.source, g.way) for g in GivenScan.all_of(job.answer)] == [(str(repeat), "reversed")]

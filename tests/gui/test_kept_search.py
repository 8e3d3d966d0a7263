"""A search is kept while it runs: after a crash "Continue" brings all back and goes on with it."""

import shutil

import pytest
from hands import WAIT_S, search_quickly, wait_for_preview

from corescout import folders
from corescout.data import StoppedError
from corescout.gui.jobs.engine import start_exploration
from corescout.gui.jobs.kept_search import KeptSearch
from corescout.gui.jobs.search_place import SearchPlace
from corescout.gui.kept.window_session import Offer
from corescout.plan import Plan
from corescout.runs import is_unfinished
from corescout.surfaces import generate_surface
from corescout.whole import read_journal

QUICK = {
    "windows_px": (7, 9, 11),
    "invariances": ("none", "r"),
    "baselines": (),
    "training": {"epochs": 1, "retries": 0, "hidden": 16, "collapse_variance": 0.0, "turns": 1},
    "decision": {"seeds": 1, "null_surrogates": 0, "none_decides": True},
}


@pytest.fixture(scope="module")
def scan():
    return generate_surface((96, 96), seed=2).scan


def explored(scan, folder, stop_at=None):
    """Run the window's job to its end, or stop it when so many trials are on the disk."""
    job = start_exploration(
        scan, Plan.preset("live", **QUICK), None, SearchPlace("", 1), lambda: folder
    )
    while job.running:
        job.wait(0.01)
        if stop_at and len(list(folder.glob("record/trials/[!.]*.h5"))) >= stop_at:
            job.stop()
    return job


def test_a_search_that_was_stopped_goes_on_and_leaves_nothing_when_it_ends(scan, tmp_path):
    folder = tmp_path / "search"
    assert isinstance(explored(scan, folder, stop_at=2).error, StoppedError)
    assert is_unfinished(folder)
    done = len(list(folder.glob("record/trials/[!.]*.h5")))
    assert 2 <= done < 6
    entries = read_journal(folder / "record/journal.jsonl")
    assert [e["what"] for e in entries] == ["begun", *["finished"] * done]

    other = generate_surface((96, 96), seed=3).scan
    copied = shutil.copytree(folder, tmp_path / "copy")
    gone_on = explored(scan, folder).answer
    whole = explored(scan, tmp_path / "new").answer
    assert gone_on.why == whole.why
    assert [t.rewards for t in gone_on.trials] == [t.rewards for t in whole.trials]
    assert not folder.exists()
    KeptSearch.begin(lambda: copied, other, Plan(), None).end(keep=True)  # of another scan: anew
    assert not list(copied.glob("record/trials/[!.]*.h5"))


def test_a_disk_without_room_keeps_no_search_from_its_end(scan, tmp_path):
    (tmp_path / "file").write_text("no folder")
    found = explored(scan, tmp_path / "file" / "search")
    assert len(found.answer.trials) == 6


@pytest.mark.gui
def test_a_crash_in_a_search_is_gone_on_with_at_a_click(
    explorer, add_scan, qtbot, sessions, tmp_path, monkeypatch, make_napari_viewer_proxy
):
    from corescout.exports import write_nsid
    from corescout.gui.explorer import Explorer

    write_nsid(generate_surface((128, 128), seed=3).scan, tmp_path / "scan.h5")
    add_scan(tmp_path / "scan.h5")
    wait_for_preview(explorer, qtbot)
    explorer.start()
    qtbot.waitUntil(lambda: len(list(sessions.glob("*/search/record/trials/[!.]*.h5"))) >= 2)
    # A crash: what is on the disk is all there is, and nobody holds its locks.
    (saved,) = sessions.iterdir()
    left = shutil.copytree(saved, tmp_path / "left" / saved.name)
    explorer.stop()
    known = {p.stem for p in left.glob("search/record/trials/[!.]*.h5")}
    qtbot.waitUntil(lambda: not explorer.workspace.running)

    monkeypatch.setattr(folders, "sessions_folder", lambda: tmp_path / "left")
    taken, get = set(), KeptSearch.get

    def noted(self, key):
        content = get(self, key)
        taken.update({key} if content else ())
        return content

    monkeypatch.setattr(KeptSearch, "get", noted)
    other = Explorer(make_napari_viewer_proxy())
    search_quickly(other)
    offer = other.findChild(Offer)
    assert "a search under way" in offer.text.text()
    assert offer.restore_button.text() == "Continue"
    offer.restore_button.click()
    qtbot.waitUntil(lambda: other.result is not None)
    assert known <= taken
    assert not list((tmp_path / "left").glob("*/search"))
    other.disconnect_viewer()
    other.wait_for_jobs(WAIT_S)

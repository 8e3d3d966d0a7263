"""Real files arrive in a folder that the window watches: explored, set aside, stopped, resumed."""

import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hands import WAIT_S, search_quickly
from qtpy.QtCore import Qt
from qtpy.QtGui import QDesktopServices

from benchmarks.heartbeat import Heartbeat
from corescout.gui.jobs import live_watch
from corescout.gui.steps.instrument.live_section import FOLDER
from corescout.live.loop.sources import FolderSource
from corescout.whole import read_journal

pytestmark = pytest.mark.gui
FIRST, SECOND, THIRD = "PZT_thick0009.h5", "PZT_final0001.h5", "scan_0001.ibw"


@pytest.fixture
def step(explorer, monkeypatch, tmp_path):
    # What cannot be read is given up after seconds, not minutes.
    monkeypatch.setattr(live_watch, "FolderSource", partial(FolderSource, timeout_s=3.0))
    search_quickly(explorer, windows="9", seeds=1)  # the scans are large
    made = explorer.instrument_step
    made.days = tmp_path / "days"
    made.set_expanded(True)
    made.panel.live_fold.toggle.setChecked(True)
    made.explorer = explorer
    yield made
    made.leave()
    assert made.wait(WAIT_S)


def rows(step):
    shown = step.panel.live_section.records
    texts = [shown.item(i).text() for i in range(shown.count())]
    return [text.replace("\u200b", "") for text in texts]


def words(label):
    return label.text().replace("\u200b", "")


def click_row(step, qtbot, number):
    shown = step.panel.live_section.records
    step.explorer.column.ensureWidgetVisible(shown)
    item = shown.item(number)
    shown.scrollToItem(item)
    place = shown.visualItemRect(item).center()
    qtbot.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=place)


def begin(step, folder, qtbot):
    step.watch_scans(FOLDER, folder)
    qtbot.waitUntil(lambda: step.live.watch is not None)
    qtbot.waitUntil(lambda: str(folder) in words(step.panel.live_section.where))


def test_a_night_of_real_files(step, scan_file, qtbot, tmp_path, monkeypatch):
    explorer, section, folder = step.explorer, step.panel.live_section, tmp_path / "scans"
    folder.mkdir()
    opened, notes = [], []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    explorer.workspace.noted.connect(notes.append)
    begin(step, folder, qtbot)

    shutil.copy(scan_file(FIRST), folder / FIRST)
    qtbot.waitUntil(lambda: f"Exploring: {FIRST}" in words(section.status))
    assert section.status.isVisible()
    qtbot.waitUntil(section.bar.isVisible)
    qtbot.waitUntil(section.first.isVisible)
    assert "provisional type" in words(section.first)
    qtbot.waitUntil(lambda: f"Exploring {FIRST}" in explorer.verdict.text())
    with Heartbeat() as heartbeat:
        qtbot.waitUntil(lambda: len(rows(step)) == 1)
    print(f"\nlongest gap while exploring and reading {heartbeat.longest_ms:.0f} ms")  # noqa: T201
    assert rows(step)[0].startswith(f"1  {FIRST}")
    qtbot.waitUntil(lambda: step.live.settled and not explorer.busy)
    worth = explorer.result.worth
    said = worth if worth.startswith("one") else f"{explorer.result.n_types} {worth}"
    assert f"{said}, " in rows(step)[0]
    assert section.bar.isHidden()
    assert section.first.isHidden()

    click_row(step, qtbot, 0)
    qtbot.waitUntil(lambda: bool(opened))
    assert opened[0].endswith("report.html")
    assert FIRST in Path(opened[0]).read_text(encoding="utf-8")

    whole = scan_file(THIRD).read_bytes()
    (folder / "cut.ibw").write_bytes(whole[: len(whole) // 2])
    noise = np.random.default_rng(0).standard_normal((64, 64)).astype("f4")
    np.save(folder / "noise.npy", noise)
    qtbot.waitUntil(lambda: len(rows(step)) == 3)
    failed = {row.split()[1]: row for row in rows(step)[:2]}
    assert set(failed) == {"cut.ibw", "noise.npy"}
    assert all("set aside: " in row for row in failed.values())
    qtbot.waitUntil(lambda: step.live.settled and not explorer.busy)
    shown = explorer.result
    assert shown.scan.source.endswith(FIRST), "what was found stays, whatever is set aside after"
    assert explorer.canvas.image_layer().data.shape == shown.scan.shape_px
    click_row(step, qtbot, 0)
    assert "set aside" in notes[-1]
    assert explorer.result is shown

    shutil.copy(scan_file(SECOND), folder / SECOND)
    qtbot.waitUntil(lambda: f"Exploring: {SECOND}" in words(section.status))
    qtbot.mouseClick(section.watch_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: step.live.watch is None)
    assert f"4  {SECOND}" in rows(step)[0]
    assert "the watch was stopped" in rows(step)[0]
    qtbot.waitUntil(lambda: explorer.result is shown)
    page = section.status.text().partition('href="file://')[2].partition('"')[0]
    html = Path(page).read_text(encoding="utf-8")
    for name in (FIRST, "cut.ibw", "noise.npy", SECOND):
        assert name in html
    assert explorer.result.worth in html
    assert f'href="scans/0001-{FIRST.partition(".")[0]}' in html

    opened.clear()
    qtbot.mouseClick(section.page_button, Qt.MouseButton.LeftButton)  # also when it has ended
    qtbot.waitUntil(lambda: opened == [page])

    begin(step, folder, qtbot)
    shutil.copy(scan_file(THIRD), folder / THIRD)
    qtbot.waitUntil(lambda: THIRD in words(section.status))
    (journal,) = step.days.rglob("journal.jsonl")
    numbers = [e["number"] for e in read_journal(journal) if e["what"] == "scan outcome"]
    assert numbers == [1, 2, 3, 4], "what was decided before is not taken again"

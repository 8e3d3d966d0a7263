"""Further scans as evidence in a real window: given, corrected, stopped, taken away, by mouse."""

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt, QTimer
from qtpy.QtWidgets import QFileDialog

from benchmarks.truth.zones import CLEAN, PLAN, SIDE_PX, scanned
from corescout.exports.nsid import write_nsid
from corescout.gui.jobs.further import GivenScan
from corescout.pipeline import explore
from corescout.runs import read_run, write_run
from corescout.surfaces import generate_family
from corescout.surfaces.nulls import null_surface

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A run with several types, a repeat of its place, and a scan of something else there."""
    folder = tmp_path_factory.mktemp("further")
    shape = (SIDE_PX, SIDE_PX)
    wide = generate_family("voronoi", 7204, (SIDE_PX, 2 * SIDE_PX), imaging=CLEAN)
    here = np.asarray(wide.response, float)[:, :SIDE_PX]
    other = null_surface("noise", 3, shape, imaging=CLEAN)
    run = write_run(explore(scanned(here, CLEAN, 1), PLAN, workers=1), folder / "first.corescout")
    repeat = write_nsid(scanned(here, CLEAN, 2), folder / "again.h5")
    denying = write_nsid(
        scanned(np.asarray(other.response, float), CLEAN, 9), folder / "something else.h5"
    )
    return run, repeat, denying


@pytest.fixture
def window(explorer, add_scan, qtbot, files):
    """The explorer with that run, step 4 open at the evidence."""
    add_scan(files[0])
    qtbot.waitUntil(lambda: explorer.result is not None)
    qtbot.waitUntil(lambda: not explorer.busy)
    explorer.types_step.set_expanded(True)
    look_at_evidence(explorer, qtbot)
    return explorer


def look_at_evidence(window, qtbot):
    qtbot.wait(150)
    window.column.ensureWidgetVisible(window.types_step.further, 0, 0)
    qtbot.wait(150)


def seen(window, qtbot):
    """Pixels of the evidence as the window shows them, (H, W, 3)."""
    look_at_evidence(window, qtbot)
    image = (
        window.types_step.further.grab()
        .toImage()
        .convertToFormat(window.types_step.further.grab().toImage().Format.Format_RGB888)
    )
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    rows = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)


def words_below(window, widget):
    """Height in pixels that is drawn on within a label, as it is on the screen."""
    area = window.column.viewport()
    top = widget.mapTo(area, QPoint(0, 0))
    assert area.rect().contains(top), "it is scrolled away"
    assert widget.height() >= widget.heightForWidth(widget.width())
    image = widget.grab().toImage()
    background = image.pixelColor(0, 0)
    drawn = [
        y for y in range(image.height())
        if any(image.pixelColor(x, y) != background for x in range(image.width()))
    ]  # fmt: skip
    return len(drawn)


def choose_files(window, qtbot, *paths):
    """Press the button, choose Files ... from its menu, and take files in the dialog."""
    panel = window.types_step.further
    menu = panel.add_button.menu()

    def pick():
        action = menu.actions()[-1]
        assert action.text() == "Files …"
        qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())

    QFileDialog.getOpenFileNames, before = (  # the desktop's own dialog takes no clicks
        staticmethod(lambda *_: ([str(p) for p in paths], "")), QFileDialog.getOpenFileNames,
    )  # fmt: skip
    try:
        QTimer.singleShot(300, pick)
        qtbot.mouseClick(panel.add_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: window.work.running("further scans"))
    finally:
        QFileDialog.getOpenFileNames = before


def wait_for_answer(window, qtbot):
    qtbot.waitUntil(lambda: not window.busy)


def test_a_repeat_raises_the_grade_and_undo_brings_it_back(window, qtbot, files, tmp_path):
    panel = window.types_step.further
    assert "possible zones" in panel.said.text()
    assert "scan the same place again" in panel.said.text()
    for way in ("the same place again", "slow axis reversed", "frame turned", "wider area"):
        assert way in panel.add_button.toolTip()
    before = seen(window, qtbot)
    choose_files(window, qtbot, files[1])
    assert panel.stop_button.isVisible()
    assert "again.h5" in panel.note.text()
    wait_for_answer(window, qtbot)
    assert panel.stop_button.isHidden()
    assert window.result.evidence.grade == "zones"
    assert window.verdict.text().startswith("5 types;")
    after = seen(window, qtbot)
    assert after.shape[0] > before.shape[0] + 30  # a row for the scan, and what came of it
    (row,) = panel.rows
    assert row.way.currentText() == "the same place again"
    assert "Excludes noise, chance" in row.outcomes[0].text()
    assert "agreement" in row.outcomes[0].text()
    assert words_below(window, row.outcomes[0]) > 10

    run = tmp_path / "kept.corescout"
    window.export(run)
    wait_for_answer(window, qtbot)
    assert read_run(run).evidence.grade == "zones"

    qtbot.mouseClick(window.session_bar.undo_button, Qt.MouseButton.LeftButton)
    wait_for_answer(window, qtbot)
    assert window.result.evidence.grade == "possible zones"
    assert panel.rows == []
    assert np.array_equal(seen(window, qtbot), before)


def test_what_a_scan_is_may_be_corrected_and_it_may_be_taken_away(window, qtbot, files):
    panel = window.types_step.further
    panel.ask([GivenScan(str(files[1]))])
    wait_for_answer(window, qtbot)
    look_at_evidence(window, qtbot)
    (row,) = panel.rows
    row.way.setFocus()
    qtbot.keyClick(row.way, Qt.Key.Key_Down)  # the next of the list
    row.way.activated.emit(row.way.currentIndex())
    wait_for_answer(window, qtbot)
    (check,) = window.result.evidence.checks
    assert check.kind == "reversed"
    (row,) = panel.rows
    assert row.way.currentText() == "slow axis reversed"
    assert "time" in row.outcomes[0].text()
    look_at_evidence(window, qtbot)
    qtbot.mouseClick(row.remove_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.rows == [])
    assert window.result.evidence.grade == "possible zones"
    assert window.undo_stack.undoText() == "take again.h5 away"


def test_a_denial_withdraws_the_claim_and_says_so(window, qtbot, files):
    panel = window.types_step.further
    panel.ask([GivenScan(str(files[1])), GivenScan(str(files[2]))])
    wait_for_answer(window, qtbot)
    assert not window.result.evidence.has_types
    assert "does not show these types" in panel.said.text()
    assert "possible types" in window.verdict.text()
    denied = next(row for row in panel.rows if row.name.text() == "something else.h5")
    assert "not found again" in denied.outcomes[0].text()
    assert "the scans do not look alike" in denied.outcomes[0].text()
    window.column.ensureWidgetVisible(denied)
    qtbot.wait(100)
    assert words_below(window, denied.outcomes[0]) > 10


def test_stop_leaves_the_result_as_it_was_and_a_file_that_is_no_scan_is_said(
    window, qtbot, files, tmp_path
):
    panel, before = window.types_step.further, window.result
    panel.ask([GivenScan(str(files[1])), GivenScan(str(files[2]))])
    look_at_evidence(window, qtbot)
    qtbot.mouseClick(panel.stop_button, Qt.MouseButton.LeftButton)
    wait_for_answer(window, qtbot)
    assert window.result is before
    assert panel.note.text() == "Stopped. The result is as it was."
    no_scan = tmp_path / "no scan.h5"
    no_scan.write_bytes(b"nothing")
    panel.ask([GivenScan(str(no_scan))])
    wait_for_answer(window, qtbot)
    assert window.result is before
    assert "expected" in panel.note.text()
    assert panel.note.isVisible()


def test_scans_of_the_viewer_are_offered_and_an_edit_meanwhile_stays(
    window, qtbot, files, add_scan
):
    panel = window.types_step.further
    first = window.workspace.chosen.name
    add_scan(files[1])  # its types are read and shown, as of every scan that comes
    qtbot.waitUntil(lambda: not window.busy)
    window.scan_step.choose_image(first)
    qtbot.waitUntil(lambda: not window.busy)
    menu = panel.add_button.menu()
    menu.aboutToShow.emit()
    offered = [action for action in menu.actions() if action.text() == "again.h5"]
    assert len(offered) == 1
    offered[0].trigger()
    window.types_step.edits.rename(1, "stripes")
    wait_for_answer(window, qtbot)
    assert window.result.evidence.grade == "zones"
    assert window.result.types.name(1) == "stripes"


def test_the_session_keeps_what_a_further_scan_said(window, qtbot, files, sessions):
    panel = window.types_step.further
    panel.ask([GivenScan(str(files[1]))])
    wait_for_answer(window, qtbot)
    assert window.result.evidence.grade == "zones"

    def kept():
        runs = [path.parent for path in sessions.glob("*/*/decision.json")]
        return [read_run(r).evidence.grade for r in runs if not r.name.startswith(".")]

    qtbot.waitUntil(lambda: "zones" in kept())

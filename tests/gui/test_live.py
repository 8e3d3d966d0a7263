"""A watch in a real viewer: a folder, and the twin with a plan that is approved."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from hands import WAIT_S
from qtpy.QtCore import Qt

from corescout.exports import write_nsid
from corescout.gui.canvas.layer_data import CORE, LIVE, TARGETS
from corescout.gui.canvas.layer_updates import find_layer
from corescout.gui.canvas.live_image import LiveImage
from corescout.gui.model.workflow import StepState
from corescout.gui.steps.instrument.choices import InstrumentChoice
from corescout.gui.steps.instrument.live_section import FOLDER, INSTRUMENT
from corescout.instruments.twin import DigitalTwin
from corescout.instruments.twin_demo import limits_of
from corescout.live.reading.next_scan import DoesNotFit, trained, understand
from corescout.live.states import Snapshot
from corescout.whole import read_journal

pytestmark = pytest.mark.gui


@pytest.fixture
def step(instrument_step):
    instrument_step.panel.live_fold.toggle.setChecked(True)
    return instrument_step


def click(qtbot, button):
    qtbot.waitUntil(button.isEnabled)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def rows(step):
    return [
        step.panel.live_section.records.item(i).text()
        for i in range(step.panel.live_section.records.count())
    ]


def test_scans_of_a_folder_are_understood_and_shown_the_newest_first(
    step, surface, qtbot, tmp_path
):
    explorer, folder = step.explorer, tmp_path / "scans"
    folder.mkdir()
    earlier = explorer.result
    step.watch_scans(FOLDER, folder)
    qtbot.waitUntil(lambda: step.live.watch is not None)
    rng = np.random.default_rng(1)
    for number in range(2):
        channels = {
            name: values + 0.02 * values.std() * rng.standard_normal(values.shape).astype("f4")
            for name, values in surface.scan.channels.items()
        }
        scan = replace(surface.scan, uid=f"s{number}", channels=channels)
        write_nsid(scan, folder / f"s{number}.h5")
        qtbot.waitUntil(lambda n=number: len(rows(step)) == n + 1)
    assert "analysed" not in rows(step)[0]  # types and targets, in words
    assert "targets" in rows(step)[0]
    qtbot.waitUntil(lambda: step.live.settled)  # a part at each tick
    assert explorer.result is not earlier
    assert "found again" in explorer.candidate_panel.empty.text()  # it has no candidates
    assert explorer.result.scan.channels.keys() == surface.scan.channels.keys()
    qtbot.waitUntil(lambda: not explorer.busy)
    assert len({tuple(map(str, x.units)) for x in explorer.viewer.layers}) == 1
    live = find_layer(explorer.viewer, LIVE)
    shown = live.metadata["corescout_scan"]
    assert shown.uid == explorer.result.scan.uid
    assert explorer.canvas.image_layer().name == live.name
    names = [layer.name for layer in explorer.viewer.layers]
    assert names.index(live.name) < min(map(names.index, ("core points", "targets", "route")))
    core = explorer.result.patches.center_yx_px[explorer.result.core_points.index]
    np.testing.assert_allclose(find_layer(explorer.viewer, CORE).data, core)
    assert len(explorer.viewer.layers) <= 12  # one layer for all scans that come
    click(qtbot, step.panel.live_section.watch_button)
    qtbot.waitUntil(lambda: step.live.watch is None)
    assert step.panel.live_section.watch_button.text() == "Watch"


def test_types_edited_during_a_watch_go_on_from_scan_to_scan(step, surface, qtbot, tmp_path):
    explorer, folder = step.explorer, tmp_path / "scans"
    folder.mkdir()
    step.watch_scans(FOLDER, folder)
    qtbot.waitUntil(lambda: step.live.watch is not None)
    rng = np.random.default_rng(2)

    def scan_comes(number):
        channels = {
            name: values + 0.02 * values.std() * rng.standard_normal(values.shape).astype("f4")
            for name, values in surface.scan.channels.items()
        }
        write_nsid(
            replace(surface.scan, uid=f"e{number}", channels=channels), folder / f"e{number}.h5"
        )
        qtbot.waitUntil(lambda: len(rows(step)) == number + 1)
        qtbot.waitUntil(lambda: step.live.settled)

    scan_comes(0)
    assert explorer.types_step.edits.rename(1, "flux closure")
    assert explorer.types_step.edits.recolor(1, "#123456")
    qtbot.waitUntil(lambda: not explorer.work.running("adopt"))
    before = explorer.result.scan.uid
    scan_comes(1)
    assert explorer.result.scan.uid != before
    assert explorer.result.types.name(1) == "flux closure"
    assert explorer.result.types.colors[1] == "#123456"
    assert explorer.types_step.list.item_of(1).text(1) == "flux closure"
    (journal,) = step.days.rglob("journal.jsonl")
    written = [e for e in read_journal(journal) if e["what"] == "types edited"]
    assert written[-1]["names"]["1"] == "flux closure"


def test_types_that_are_given_up_are_not_told_as_found(step, surface):
    explorer = step.explorer
    read = understand(trained(explorer.result), surface.scan)
    doubt = DoesNotFit("material", "25% of the places are of the type that they were of")
    step.live.show_result(Snapshot(understood=replace(read, does_not_fit=doubt)))
    assert "may be wrong: 25%" in explorer.verdict.text()
    assert explorer.workspace.workflow.state("types") is StepState.PROBLEM
    step.live.show_result(Snapshot(understood=replace(read, does_not_fit=None)))
    assert "may be wrong" not in explorer.verdict.text()
    assert explorer.workspace.workflow.state("types") is StepState.DONE


@pytest.fixture
def twin(surface):
    return DigitalTwin(surface, speed=120.0)


@pytest.fixture
def watching(step, twin, qtbot):
    step.connect_instrument(
        InstrumentChoice("test twin", lambda: (twin, limits_of(twin)), fresh=True)
    )
    qtbot.waitUntil(lambda: step.link is not None)
    assert step.panel.live_section.source.currentText() == INSTRUMENT
    click(qtbot, step.panel.live_section.watch_button)
    qtbot.waitUntil(lambda: step.live.watch is not None)
    return step


def test_a_plan_of_the_watch_is_approved_measured_and_stopped(watching, twin, qtbot):
    step, explorer = watching, watching.explorer
    qtbot.waitUntil(lambda: find_layer(explorer.viewer, LIVE) is not None)
    qtbot.waitUntil(step.panel.approve_button.isEnabled)
    assert not step.panel.dry_run_button.isEnabled()
    assert "messages" in step.panel.preview_box.summary.text()
    assert not any(m.kind == "spectrum" for m in twin.log)
    click(qtbot, step.panel.approve_button)
    snapshot = lambda: step.live.watch.snapshot  # noqa: E731
    qtbot.waitUntil(lambda: len(snapshot().measurements) > 0)
    table = explorer.targets_step.table
    states = lambda: [table.item(r, 4).text() for r in range(table.rowCount())]  # noqa: E731
    qtbot.waitUntil(lambda: "measured" in states())
    targets = find_layer(explorer.viewer, TARGETS)
    shown = lambda: len(targets.data) == len(explorer.workspace.targets.ordered)  # noqa: E731
    qtbot.waitUntil(shown)  # layers are updated one for each tick
    assert len({tuple(map(str, x.units)) for x in explorer.viewer.layers}) == 1
    qtbot.keyClick(table, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: step.state == "HOLD")
    sent = len(twin.log)
    qtbot.wait(300)
    assert len(twin.log) == sent
    qtbot.waitUntil(lambda: "then release" in step.panel.live_section.status.text())
    assert "Not connected" not in step.panel.live_section.status.text()
    click(qtbot, step.panel.stop_bar.release_button)
    qtbot.waitUntil(lambda: step.state != "HOLD")
    qtbot.waitUntil(step.panel.stop_bar.said.isHidden)
    before = len(snapshot().records)
    qtbot.waitUntil(lambda: len(snapshot().records) > before)  # it goes on


def test_closing_while_the_twin_is_watched_leaves_nothing(watching, twin, qtbot):
    step, explorer = watching, watching.explorer
    qtbot.waitUntil(lambda: len(rows(step)) > 0)
    link = step.link
    explorer.viewer.window.remove_dock_widget(explorer)
    explorer.close()
    assert step.wait(WAIT_S)
    assert link.wait(WAIT_S)
    left = [t.name for t in threading.enumerate() if t.name.startswith("corescout")]
    assert [name for name in left if "job" not in name] == []
    entries = read_journal(link.day.folder / "journal.jsonl")
    outcomes = [e["uid"] for e in entries if e["what"] == "scan outcome"]
    assert len(outcomes) == len(set(outcomes)) > 0


def test_a_new_place_is_looked_at_and_a_zoom_stays_in_its_survey(explorer, surface):
    image, camera = LiveImage(explorer.viewer), explorer.viewer.scene.camera
    frame = surface.scan.frame
    image.show(surface.scan)
    zoom, center = camera.zoom, tuple(camera.center)[-2:]
    half = replace(frame, pitch_m=tuple(p / 2 for p in frame.pitch_m))
    image.show(replace(surface.scan, uid="zoom", frame=half))
    assert (camera.zoom, tuple(camera.center)[-2:]) == (zoom, center)
    far = replace(frame, center_m=(20e-6, 5e-6), pitch_m=tuple(2 * p for p in frame.pitch_m))
    image.show(replace(surface.scan, uid="elsewhere", frame=far))
    assert tuple(camera.center)[-2:] == pytest.approx((-5.0, 20.0))
    assert camera.zoom == pytest.approx(zoom / 4)  # of the zoom before it

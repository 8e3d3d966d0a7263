"""The instrument in a real viewer, with a real twin: dry run, approval, run, stop, release."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from hands import WAIT_S, QuickScans
from qtpy.QtCore import QPoint, Qt

from corescout.gui.canvas.layer_data import LIVE, TARGETS, result_layers
from corescout.gui.canvas.layer_updates import find_layer
from corescout.gui.canvas.tip_layer import TIP
from corescout.gui.model.visit import VisitSettings
from corescout.gui.model.workflow import StepState
from corescout.gui.steps.instrument.choices import InstrumentChoice
from corescout.gui.steps.instrument.dry_run import readable
from corescout.gui.steps.instrument.loop_plot import LOOPS
from corescout.instruments.twin_demo import limits_of
from corescout.whole import read_journal

pytestmark = pytest.mark.gui


@pytest.fixture
def twin(surface):
    return QuickScans(surface, speed=60.0)


@pytest.fixture
def step(explorer, quick_result, qtbot, tmp_path):
    """The step with a result of ten targets in the window."""
    ten = [quick_result.targets[i % len(quick_result.targets)] for i in range(10)]
    places = np.asarray(quick_result.patches.center_yx_px)[:: len(quick_result.patches) // 10]
    frame = quick_result.scan.frame
    targets = tuple(
        replace(t, uid=f"t{i}", yx_px=tuple(map(float, place)), number=i + 1,
                xy_m=tuple(map(float, frame.to_m(place))))
        for i, (t, place) in enumerate(zip(ten, places, strict=False))
    )  # fmt: skip
    for data, options, kind in result_layers(replace(quick_result, targets=targets)):
        getattr(explorer.viewer, f"add_{kind}")(data, **options)
    qtbot.waitUntil(lambda: explorer.result is not None and not explorer.busy)
    made = explorer.instrument_step
    made.days = tmp_path / "days"
    made.set_expanded(True)
    made.explorer = explorer  # the rest of the window, for the tests
    yield made
    made.leave()
    assert made.wait(WAIT_S)


@pytest.fixture
def connected(step, twin, qtbot):
    step.connect_instrument(
        InstrumentChoice("test twin", lambda: (twin, limits_of(twin)), fresh=True)
    )
    qtbot.waitUntil(lambda: step.link is not None)
    return step


def click(qtbot, button):
    qtbot.waitUntil(button.isEnabled)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def dry_run(step, qtbot):
    click(qtbot, step.panel.dry_run_button)
    qtbot.waitUntil(step.panel.approve_button.isEnabled)


def run_approved(step, qtbot):
    dry_run(step, qtbot)
    click(qtbot, step.panel.approve_button)
    qtbot.waitUntil(step.panel.run_button.isEnabled)
    click(qtbot, step.panel.run_button)


def threads():
    return [t.name for t in threading.enumerate() if t.name.startswith("corescout")]


def test_without_an_instrument_there_is_no_stop_and_nothing_to_approve(step):
    assert step.panel.stop_bar.isHidden()
    assert step.panel.dry_run_button.isHidden()
    assert "No instrument" in step.panel.status.text()
    assert step.panel.choice.itemText(0) == "digital twin"


def test_ten_targets_are_approved_and_run_with_four_clicks(step, twin, qtbot):
    offered = InstrumentChoice("test twin", lambda: (twin, limits_of(twin)), fresh=True)
    step.panel.choice.insertItem(0, offered.name, offered)
    step.panel.choice.setCurrentIndex(0)
    click(qtbot, step.panel.connect_button)
    dry_run(step, qtbot)
    assert twin.log == []
    summary = step.panel.preview_box.summary.text()
    assert "10 targets" in summary
    assert "messages" in summary
    assert "move to X" in step.panel.preview_box.messages.toPlainText()
    click(qtbot, step.panel.approve_button)
    qtbot.waitUntil(step.panel.run_button.isEnabled)
    assert step.state == "ARMED"
    assert "Run (1" in step.panel.run_button.text()
    click(qtbot, step.panel.run_button)
    qtbot.waitUntil(lambda: step.progress.ended == "done")
    assert step.progress.text == "10 of 10 targets measured"
    workflow = step.workspace.workflow
    qtbot.waitUntil(lambda: workflow.state("instrument") is StepState.DONE)
    targets = step.explorer.targets_step
    assert [targets.table.item(row, 4).text() for row in range(10)] == ["measured"] * 10
    qtbot.waitUntil(lambda: not step.explorer.busy)
    assert list(find_layer(step.explorer.viewer, TARGETS).features["state"]) == ["measured"] * 10
    assert len(find_layer(step.explorer.viewer, LOOPS).data) == 10 * 63
    assert find_layer(step.explorer.viewer, TIP) is not None
    step.workspace.targets.select({3})
    assert (
        step.panel.loop_plot.shown is step.link.measurements[step.workspace.targets.ordered[3].uid]
    )
    number = step.workspace.targets.ordered[3].number
    assert f"Target {number}" in step.panel.loop_box.text()
    assert "coercive bias" in step.panel.loop_box.text()
    assert len(step.workspace.targets.measured_xy_m) == 10
    rows = (step.link.day.folder / "measurements.csv").read_text().splitlines()
    assert len(rows) == 11
    step.panel.more.toggle.setChecked(True)
    step.poll()
    assert "approved by" in step.panel.journal.toPlainText()


def test_a_plan_looks_at_the_drift_where_the_instrument_can_scan(connected, qtbot):
    form = connected.panel.form_of_action
    dry_run(connected, qtbot)
    frames = [m for m in connected.check.messages if m.kind == "zoom" and m.target_uid is None]
    assert len(frames) == 2  # ten targets: a look before the first, and after every eight
    count = connected.explorer.undo_stack.count()
    form.show_possible(frozenset({"mark"}), can_check=False)
    assert form.visit_settings().check_every == 0
    form.show_possible(frozenset({"mark"}), can_check=True)
    assert form.visit_settings().check_every == 8
    assert connected.explorer.undo_stack.count() == count  # nobody has edited it


def test_what_spectra_write_is_looked_at_where_it_is_asked_for(connected, qtbot):
    form, panel = connected.panel.form_of_action, connected.panel
    around = lambda: [m for m in connected.check.messages if m.kind == "zoom" and m.target_uid]  # noqa: E731
    dry_run(connected, qtbot)
    assert not around()
    qtbot.mouseClick(form.written, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert connected.check is None or not panel.approve_button.isEnabled()  # another plan
    dry_run(connected, qtbot)
    assert len(around()) == 20  # ten spectra
    assert "before and after each spectrum" in panel.preview_box.warnings.text().replace("\n", " ")
    form.show_possible(frozenset({"spectrum"}), can_check=False)
    assert not form.visit_settings().look_at_written
    form.show_possible(frozenset({"spectrum"}), can_check=True)
    assert form.visit_settings().look_at_written


def test_a_changed_plan_is_refused_until_a_new_dry_run(connected, twin, qtbot):
    step = connected
    dry_run(step, qtbot)
    click(qtbot, step.panel.approve_button)
    qtbot.waitUntil(step.panel.run_button.isEnabled)
    targets = step.explorer.targets_step
    targets.table.selectRow(0)
    targets.delete_selected()
    qtbot.waitUntil(lambda: step.state == "OBSERVE")
    assert not step.panel.run_button.isEnabled()
    assert not step.panel.approve_button.isEnabled()
    assert "changed" in step.panel.preview_box.summary.text()
    step.run()  # also not by a script
    assert twin.log == []
    dry_run(step, qtbot)
    assert "9 targets" in step.panel.preview_box.summary.text()
    step.panel.form_of_action.bias.setValue(3.0)
    qtbot.waitUntil(lambda: step.state == "OBSERVE")
    assert not step.panel.approve_button.isEnabled()
    assert twin.log == []


def test_an_undone_drag_is_another_plan_too(connected, qtbot):
    step = connected
    before = step.workspace.targets.ordered
    layer = find_layer(step.explorer.viewer, TARGETS)
    places = np.array(layer.data)
    places[0] += 3.0
    layer.data = places
    qtbot.waitUntil(lambda: not step.explorer.busy)
    dry_run(step, qtbot)
    digest = step.plan.digest
    step.explorer.undo_stack.undo()
    assert step.workspace.targets.ordered == before
    qtbot.waitUntil(lambda: step.state == "OBSERVE" and not step.explorer.busy)
    dry_run(step, qtbot)
    assert step.plan.digest != digest


def test_errors_stand_in_the_dry_run_and_nothing_is_approved(connected, qtbot):
    step = connected
    step.panel.form_of_action.bias.setValue(99.0)
    click(qtbot, step.panel.dry_run_button)
    qtbot.waitUntil(lambda: bool(step.panel.preview_box.errors.text()))
    assert "exceeds 6 V" in step.panel.preview_box.errors.text()
    step.poll()
    assert not step.panel.approve_button.isEnabled()


def test_errors_name_targets_by_number_and_lengths_in_micrometres(quick_result):
    far = [replace(t, uid=f"scan_{i}-y1-x2") for i, t in enumerate(quick_result.targets[:2])]
    plan = VisitSettings("mark", {}, 1e-7, 0).plan(quick_result, far)
    outside = "X -3.97565e-06 m lies outside -1.024e-06 to 1.024e-06 m"
    errors = tuple(f"target {t.uid}: {outside}" for t in plan.targets)
    one, two = (t.number for t in plan.targets)
    words = "X -3.976 µm lies outside -1.024 to 1.024 µm"
    assert readable(errors[:1], plan) == (f"target {one}: {words}",)
    first, *others = readable(errors, plan)
    assert "was this scan taken with it?" in first
    assert others == [f"target {one}: {words}", f"target {two}: {words}"]
    assert readable(("the plan: bias 7 V exceeds 6 V",), plan) == (
        "the plan: bias 7 V exceeds 6 V",
    )


def test_esc_stops_within_a_second_and_the_hold_is_released(connected, twin, qtbot):
    step = connected
    twin.speed = 2.0
    run_approved(step, qtbot)
    qtbot.waitUntil(lambda: "spectrum" in step.progress.text)
    pressed = time.monotonic()
    qtbot.keyClick(step.explorer.targets_step.table, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: step.state == "HOLD")
    print(f"\nstopped {time.monotonic() - pressed:.2f} s after Esc")  # noqa: T201
    qtbot.waitUntil(lambda: step.progress.ended == "held")
    sent = len(twin.log)
    at_m = twin.status().at_m
    qtbot.wait(200)
    assert (len(twin.log), twin.status().at_m) == (sent, at_m)
    assert twin.status().bias_v == 0
    assert "Stopped and confirmed" in step.panel.stop_bar.said.text()
    states = [step.explorer.targets_step.table.item(row, 4).text() for row in range(10)]
    assert "skipped" in states
    assert not step.panel.dry_run_button.isEnabled()
    assert step.workspace.workflow.state("instrument") is StepState.PROBLEM
    click(qtbot, step.panel.stop_bar.release_button)
    qtbot.waitUntil(lambda: step.state == "OBSERVE")
    qtbot.waitUntil(step.panel.dry_run_button.isEnabled)
    assert step.panel.stop_bar.said.isHidden()
    click(qtbot, step.panel.dry_run_button)  # what was begun is not measured again unasked
    qtbot.waitUntil(lambda: "measured before" in step.panel.preview_box.errors.text())
    entries = read_journal(step.link.day.journal.path)
    assert [e["by"] for e in entries if e["what"] == "released"]


def test_no_long_reason_hides_that_a_stop_is_not_confirmed(connected):
    bar = connected.panel.stop_bar
    said = "NOT CONFIRMED: stop it at the controller (no connection answers). Nothing more is sent."
    reason = "FolMe.XYPosSet at 127.0.0.1:6501: closed by the other side; " * 8
    bar.show_hold(reason, said)
    first, second = bar.said.text().split("\n")
    assert first == said
    assert second.startswith("HOLD: FolMe.XYPosSet")
    assert reason in bar.said.toolTip()


def test_a_fault_ends_in_a_hold_that_says_why(connected, twin, qtbot):
    step = connected
    twin.speed = 5.0
    run_approved(step, qtbot)
    qtbot.waitUntil(lambda: "spectrum" in step.progress.text)
    twin.fault = "crash flag"
    qtbot.waitUntil(lambda: step.state == "HOLD")
    qtbot.waitUntil(lambda: "crash flag" in step.panel.stop_bar.said.text())


def test_rows_appear_as_they_come_and_the_whole_scan_is_one_to_explore(connected, twin, qtbot):
    step, viewer = connected, connected.explorer.viewer
    twin.speed = 30.0
    seen = []
    click(qtbot, step.panel.scan_button)
    qtbot.waitUntil(lambda: find_layer(viewer, LIVE) is not None)
    while find_layer(viewer, LIVE) is not None:
        layer = find_layer(viewer, LIVE)
        seen.append(int(np.isfinite(layer.data).all(axis=1).sum()))
        assert step.explorer.scan_step.channel.findText(layer.name) < 0
        qtbot.wait(50)
    assert seen == sorted(seen)
    assert 0 < seen[0] < seen[-1] < twin.sample.frame.shape_px[0]
    qtbot.waitUntil(lambda: not step.explorer.busy)
    chosen = step.workspace.chosen.scan
    assert chosen.uid == "survey-1"
    assert chosen.rows_done is None


def test_closing_in_the_middle_of_a_run_stops_it_and_leaves_nothing(step, twin, qtbot):
    others = set(threads())
    step.connect_instrument(
        InstrumentChoice("test twin", lambda: (twin, limits_of(twin)), fresh=True)
    )
    qtbot.waitUntil(lambda: step.link is not None)
    link = step.link
    twin.speed = 1.0
    run_approved(step, qtbot)
    qtbot.waitUntil(lambda: "spectrum" in step.progress.text)
    step.explorer.viewer.window.remove_dock_widget(step.explorer)
    step.explorer.close()
    assert link.wait(WAIT_S)
    sent = len(twin.log)
    time.sleep(0.2)
    assert len(twin.log) == sent
    assert sum(m.kind == "spectrum" for m in twin.log) < 10
    assert set(threads()) <= others
    last = [e for e in read_journal(link.day.folder / "journal.jsonl") if e["what"] == "state"][-1]
    assert last["state"] == "HOLD"
    assert "closed" in last["why"]


def test_a_window_that_is_gone_without_a_close_stops_its_run(connected, twin, qtbot):
    step, link = connected, connected.link
    twin.speed = 1.0
    run_approved(step, qtbot)
    qtbot.waitUntil(lambda: "spectrum" in step.progress.text)
    step.attached()  # what `destroyed` calls
    qtbot.waitUntil(lambda: link.session.state == "HOLD")
    assert link.wait(WAIT_S)
    assert sum(m.kind == "spectrum" for m in twin.log) < 10

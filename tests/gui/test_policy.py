"""A policy in the window: signed in few clicks, always seen, taken back by silence, and by STOP."""

import threading
from dataclasses import replace

import pytest
from hands import WAIT_S
from qtpy.QtCore import Qt

from corescout.gui.canvas.layer_data import result_layers
from corescout.gui.steps.instrument import policy_question
from corescout.gui.steps.instrument.choices import InstrumentChoice
from corescout.gui.steps.instrument.live_section import INSTRUMENT
from corescout.instruments.twin import DigitalTwin
from corescout.instruments.twin_demo import limits_of
from corescout.whole import read_journal

pytestmark = pytest.mark.gui


class Resting(DigitalTwin):
    """A twin that scans when the test says so, as an operator starts scans at an instrument."""

    def __post_init__(self):
        super().__post_init__()
        self.asked = threading.Event()

    def scans(self, frame=None):
        if self.asked.is_set():
            self.asked.clear()
            yield from super().scans(frame)


@pytest.fixture
def twin(surface):
    return Resting(surface, speed=2000.0, creep=0.0)


@pytest.fixture
def step(explorer, quick_result, twin, qtbot, tmp_path):
    """The window watches a twin that rests."""
    for data, options, kind in result_layers(quick_result):
        getattr(explorer.viewer, f"add_{kind}")(data, **options)
    qtbot.waitUntil(lambda: explorer.result is not None and not explorer.busy)
    made = explorer.instrument_step
    made.days = tmp_path / "days"
    made.set_expanded(True)
    made.explorer, made.clicks = explorer, 0
    made.panel.live_fold.toggle.setChecked(True)
    made.connect_instrument(
        InstrumentChoice("test twin", lambda: (twin, limits_of(twin)), fresh=True)
    )
    qtbot.waitUntil(lambda: made.link is not None)
    made.watch_scans(INSTRUMENT)
    qtbot.waitUntil(lambda: made.live.watch is not None)
    yield made
    made.leave()
    assert made.wait(WAIT_S)


def click(step, qtbot, button):
    qtbot.waitUntil(button.isEnabled)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    step.clicks += 1


def sign(step, qtbot, **bounds):
    section, strip = step.panel.live_section, step.panel.stop_bar
    click(step, qtbot, section.sign_button)
    sheet = step.safety.sheet
    assert "compared with its scan" in sheet.text.text()
    for name, value in bounds.items():
        getattr(sheet, name).setValue(value)
    qtbot.keyClicks(sheet.name, "Anna")
    click(step, qtbot, sheet.sign_button)
    qtbot.waitUntil(lambda: "signed by Anna" in strip.facts.text())


def escape(step, qtbot):
    qtbot.keyClick(step.explorer.targets_step.table, Qt.Key.Key_Escape)


def journal(step):
    return read_journal(step.link.day.journal.path)


def test_three_clicks_and_the_name_sign_what_runs_by_itself_and_is_counted(step, twin, qtbot):
    strip = step.panel.stop_bar
    sign(step, qtbot)
    assert step.clicks <= 3
    step.explorer.scan_step.set_expanded(True)
    step.explorer.column.verticalScrollBar().setValue(0)
    assert strip.facts.isVisible()
    assert "20 of 20 plans" in strip.facts.text()
    assert "Limits: ±" in strip.facts.text()
    twin.asked.set()
    qtbot.waitUntil(lambda: "19 of 20 plans" in strip.facts.text())
    assert any(m.kind == "spectrum" for m in twin.log)
    assert next(m for m in twin.log if m.kind in ("zoom", "move", "spectrum")).kind == "zoom"


def test_a_plan_that_the_policy_refuses_waits_and_says_why(step, twin, qtbot):
    strip = step.panel.stop_bar
    sign(step, qtbot, targets=1)
    twin.asked.set()
    qtbot.waitUntil(lambda: "A PLAN WAITS FOR YOU" in strip.headline.text())
    assert "the policy allows no more than 1 target" in strip.headline.text()
    warned = step.panel.live_section.warnings
    qtbot.waitUntil(lambda: "the policy allows no more than 1 target" in warned.text())
    assert strip.headline.isVisible()
    said = step.panel.preview_box.warnings
    qtbot.waitUntil(lambda: "First a frame of" in said.text())
    assert twin.log == []
    click(step, qtbot, step.panel.approve_button)
    qtbot.waitUntil(lambda: any(m.kind == "spectrum" for m in twin.log))


@pytest.mark.parametrize("answer", ["silence", "go on"])
def test_esc_while_it_waits_asks_and_silence_takes_it_back(step, twin, qtbot, monkeypatch, answer):
    strip = step.panel.stop_bar
    monkeypatch.setattr(policy_question, "ANSWER_S", 2 if answer == "silence" else 600)
    sign(step, qtbot)
    qtbot.waitUntil(lambda: "WATCHING" in strip.headline.text())
    escape(step, qtbot)
    assert strip.question.isVisible()
    assert "In " in strip.question.text.text()
    assert step.state == "OBSERVE"  # it asks: nothing moved, so nothing is held
    if answer == "go on":
        click(step, qtbot, strip.question.keep_button)
        twin.asked.set()
        qtbot.waitUntil(lambda: "19 of 20 plans" in strip.facts.text())
        return
    qtbot.waitUntil(lambda: "signed by" not in strip.facts.text())
    assert strip.question.isHidden()
    assert step.panel.live_section.sign_button.text() != "Revoke"
    twin.asked.set()
    qtbot.waitUntil(lambda: step.state == "PREVIEW")
    assert twin.log == []  # it waits for a person
    qtbot.waitUntil(lambda: "policy taken back" in [e["what"] for e in journal(step)])


def test_one_click_on_stop_ends_run_and_policy_and_nothing_is_sent_after(step, twin, qtbot):
    strip = step.panel.stop_bar
    twin.speed = 2000.0
    sign(step, qtbot)
    twin.asked.set()
    qtbot.waitUntil(lambda: any(m.kind == "zoom" for m in twin.log))
    twin.speed = 5.0
    step.clicks = 0
    click(step, qtbot, strip.stop_button)
    qtbot.waitUntil(lambda: "STOPPED" in strip.headline.text())
    assert step.clicks == 1
    sent = len(twin.log)
    assert "signed by" not in strip.facts.text()
    twin.asked.set()
    qtbot.wait(1000)
    assert len(twin.log) == sent
    assert twin.status().bias_v == 0
    qtbot.waitUntil(lambda: "policy taken back" in [e["what"] for e in journal(step)])


def test_the_settings_that_a_watch_uses_are_locked(step, twin, qtbot):
    form = step.panel.form_of_action
    before = form.values()
    assert not form.bias.isEnabled()
    qtbot.keyClicks(form.bias, "9")
    assert form.values() == before
    assert "Stop watching" in step.panel.locked.text()


def test_a_plan_approved_by_hand_locks_its_settings_until_a_new_dry_run(step, twin, qtbot):
    panel = step.panel
    click(step, qtbot, panel.live_section.watch_button)
    qtbot.waitUntil(lambda: step.live.watch is None)
    click(step, qtbot, panel.dry_run_button)
    click(step, qtbot, panel.approve_button)
    qtbot.waitUntil(lambda: step.state == "ARMED")
    qtbot.waitUntil(lambda: not panel.form_of_action.bias.isEnabled())
    digest = step.plan.digest
    qtbot.keyClicks(panel.form_of_action.bias, "9")
    assert step.state == "ARMED"
    assert step.plan.digest == digest
    assert "Dry run again" in panel.locked.text()
    click(step, qtbot, panel.dry_run_button)
    qtbot.waitUntil(panel.form_of_action.bias.isEnabled)


def test_a_scan_of_this_session_and_a_slow_drift_spare_the_frame_with_figures(step, twin, qtbot):
    panel, workspace = step.panel, step.workspace
    click(step, qtbot, panel.live_section.watch_button)
    qtbot.waitUntil(lambda: step.live.watch is None)
    for _ in range(2):
        twin.asked.set()
        click(step, qtbot, panel.scan_button)
        qtbot.waitUntil(lambda: not twin.asked.is_set())
        qtbot.waitUntil(lambda: not step.link.snapshot.scanning)
        qtbot.wait(2000)  # scans that follow at once know a drift less well
    qtbot.waitUntil(lambda: not step.explorer.busy)
    scan = workspace.chosen.scan
    assert step.link.took(scan)
    workspace.take_result(replace(workspace.result, scan=scan))
    panel.form_of_action.tolerance.setValue(10_000)  # two scans of seconds say little of the drift
    qtbot.waitUntil(lambda: not step.explorer.busy)
    click(step, qtbot, panel.dry_run_button)
    qtbot.waitUntil(lambda: step.plan is not None)
    said = panel.preview_box.warnings.text()
    assert "not one of this instrument" not in said
    assert "No frame before the first target" in said
    assert "nm a minute" in said
    assert step.check.messages[0].kind != "zoom"

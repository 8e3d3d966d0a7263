"""What the tip does is what was typed and approved; Esc stops it from anywhere."""

import re

import pytest
from hands import WAIT_S, QuickScans, close_until, when_modal
from qtpy.QtCore import QLocale, QPoint, QPointF, Qt, QTimer
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QDialog

from corescout.gui.jobs.instrument_link import LinkSnapshot
from corescout.gui.model.visit import VisitProgress
from corescout.gui.steps.instrument.choices import InstrumentChoice
from corescout.gui.steps.instrument.dry_run import readable
from corescout.gui.steps.instrument.live_section import INSTRUMENT
from corescout.gui.steps.instrument.strip_words import closing_words, strip_words
from corescout.instruments.twin import DigitalTwin
from corescout.instruments.twin_demo import limits_of
from corescout.instruments.visits import visits
from corescout.surfaces import generate_surface


@pytest.fixture
def german():
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    yield
    QLocale.setDefault(before)


@pytest.fixture
def step(instrument_step):
    return instrument_step


def connect(step, twin, qtbot):
    step.connect_instrument(
        InstrumentChoice("test twin", lambda: (twin, limits_of(twin)), fresh=True)
    )
    qtbot.waitUntil(lambda: step.link is not None)


def click(qtbot, button):
    qtbot.waitUntil(button.isEnabled)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def run_plan(step, qtbot):
    for button in ("dry_run_button", "approve_button", "run_button"):
        click(qtbot, getattr(step.panel, button))


def type_into(qtbot, field, text):
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


@pytest.mark.gui
def test_what_is_typed_is_shown_and_sent_in_any_language(german, explorer, qtbot):
    explorer.instrument_step.set_expanded(True)
    form = explorer.instrument_step.panel.form_of_action
    for typed in ("2.5", "2,5"):
        form.bias.setValue(7.0)
        type_into(qtbot, form.bias, typed)
        assert form.bias.text() == "± 2.5 V"
        assert form.values()[1]["bias_end_v"] == 2.5
    for typed in ("0.5", "0,5"):
        type_into(qtbot, form.seconds, typed)
        assert form.values()[1]["seconds"] == 0.5
    QApplication.clipboard().setText("1.234,5")
    form.bias.setFocus()
    form.bias.selectAll()
    qtbot.keyClick(form.bias, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(form.bias, Qt.Key.Key_Return)
    assert form.values()[1]["bias_end_v"] == 2.5, "a separator of thousands is refused"


@pytest.mark.gui
def test_the_wheel_changes_nothing_without_focus(surface_explorer, qtbot):
    explorer = surface_explorer
    explorer.instrument_step.set_expanded(True)
    form, detector = (
        explorer.instrument_step.panel.form_of_action,
        explorer.key_points_step.detector,
    )
    explorer.run_bar.explore_button.setFocus()

    def wheel(widget):
        at = QPointF(widget.rect().center())
        event = QWheelEvent(
            at, widget.mapToGlobal(at), QPoint(0, -120), QPoint(0, -120),
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)

    before = form.bias.value(), detector.currentIndex(), explorer.key_points_step.spacing.value()
    for widget in (form.bias, detector, explorer.key_points_step.spacing):
        wheel(widget)
    assert before == (
        form.bias.value(), detector.currentIndex(), explorer.key_points_step.spacing.value()
    )  # fmt: skip
    form.bias.setFocus()
    wheel(form.bias)
    assert form.bias.value() != before[0]


@pytest.mark.gui
def test_nothing_is_measured_on_the_sample_of_another_scan(step, qtbot):
    twin = DigitalTwin(generate_surface((160, 160), seed=11), speed=200.0)
    connect(step, twin, qtbot)
    click(qtbot, step.panel.dry_run_button)
    qtbot.waitUntil(step.panel.approve_button.isEnabled)
    said = step.panel.preview_box.warnings.text()
    assert "not one of this instrument in this session" in said
    assert "First a frame of" in said
    assert "not compared" in step.panel.stop_bar.facts.text()
    click(qtbot, step.panel.approve_button)
    click(qtbot, step.panel.run_button)
    qtbot.waitUntil(lambda: step.state == "HOLD")
    qtbot.waitUntil(lambda: step.progress.ended == "held")
    kinds = [m.kind for m in twin.log]
    assert "zoom" in kinds
    assert "spectrum" not in kinds
    qtbot.waitUntil(lambda: "look alike" in step.panel.stop_bar.headline.text())
    assert "DOES NOT MATCH" in step.panel.stop_bar.facts.text()


@pytest.mark.gui
def test_esc_stops_under_a_menu_a_dialog_and_another_window(step, surface, qtbot):
    twin = QuickScans(surface, speed=1.0)
    connect(step, twin, qtbot)
    strip, explorer = step.panel.stop_bar, step.explorer

    def press(widget):
        assert widget is not None
        qtbot.keyClick(widget, Qt.Key.Key_Escape)

    def stopped_in(show, widget):
        run_plan(step, qtbot)
        qtbot.waitUntil(lambda: step.state == "RUNNING")
        assert strip.headline.isVisible()
        QTimer.singleShot(300, lambda: press(widget()))
        show()
        qtbot.waitUntil(lambda: step.state == "HOLD")
        for open_widget in (QApplication.activePopupWidget(), QApplication.activeModalWidget()):
            if open_widget is not None:
                open_widget.close()
        qtbot.waitUntil(lambda: step.progress.ended == "held")
        sent = len(twin.log)
        click(qtbot, strip.release_button)
        qtbot.waitUntil(lambda: step.state == "OBSERVE")
        assert len(twin.log) == sent

    step.panel.form_of_action.again.setChecked(True)
    menu = explorer.session_bar.menu
    stopped_in(lambda: menu.popup(QPoint(200, 200)), QApplication.activePopupWidget)
    dialog = QDialog(explorer.window())
    dialog.setModal(True)
    stopped_in(dialog.show, lambda: dialog)
    beside = QDialog()
    stopped_in(beside.show, lambda: beside)
    beside.close()
    qtbot.keyClick(explorer.targets_step.table, Qt.Key.Key_Escape)  # nothing acts: no stop
    qtbot.wait(300)
    assert step.state == "OBSERVE"


@pytest.mark.gui
def test_closing_during_a_run_asks_in_the_words_of_the_instrument(step, surface, qtbot):
    twin = QuickScans(surface, speed=1.0)
    connect(step, twin, qtbot)
    run_plan(step, qtbot)
    qtbot.waitUntil(lambda: step.progress.current > 0)
    qtbot.waitUntil(lambda: "MEASURING at" in step.panel.stop_bar.headline.text())
    window, asked = step.explorer.window(), []

    def keep(box):
        asked.append(box.text())
        next(b for b in box.buttons() if b.text() == "Keep the window").click()

    when_modal(keep)
    close_until(qtbot, window, lambda: len(asked) == 1)
    assert "MEASURING at target" in asked[0]
    assert "stops it" in asked[0]
    assert window.isVisible()
    assert step.state == "RUNNING"


def dock_of(explorer):
    dock = explorer.parent()
    while not hasattr(dock, "titleBarWidget"):
        dock = dock.parent()
    return dock


@pytest.mark.gui
def test_the_x_of_the_dock_asks_during_a_run_and_hiding_leaves_the_strip(step, surface, qtbot):
    twin = QuickScans(surface, speed=1.0)
    connect(step, twin, qtbot)
    explorer, strip = step.explorer, step.panel.stop_bar
    dock, notes = dock_of(explorer), []
    explorer.workspace.noted.connect(notes.append)
    run_plan(step, qtbot)
    qtbot.waitUntil(lambda: "MEASURING at" in strip.headline.text())
    asked = []

    def answer(words):
        def act(box):
            asked.append(box.text())
            next(b for b in box.buttons() if b.text() == words).click()

        return act

    qtbot.mouseClick(dock.titleBarWidget().hide_button, Qt.MouseButton.LeftButton)
    assert strip.isVisible()
    assert "STOP is on it" in notes[-1]
    when_modal(answer("Keep the panel"))
    qtbot.mouseClick(dock.titleBarWidget().close_button, Qt.MouseButton.LeftButton)
    assert "MEASURING at target" in asked[0]
    assert strip.isVisible()
    assert step.state == "RUNNING"
    when_modal(answer("Stop and close"))
    qtbot.mouseClick(dock.titleBarWidget().close_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: explorer.closed)
    assert step.wait(WAIT_S)
    sent = len(twin.log)
    qtbot.wait(300)
    assert len(twin.log) == sent


@pytest.mark.gui
def test_a_policy_is_signed_on_a_sheet_shown_in_the_strip_and_taken_back_by_esc(
    step, surface, qtbot
):
    twin = DigitalTwin(surface, speed=5.0)
    connect(step, twin, qtbot)
    step.watch_scans(INSTRUMENT)
    qtbot.waitUntil(lambda: step.live.watch is not None)
    section, strip = step.panel.live_section, step.panel.stop_bar
    click(qtbot, section.sign_button)
    sheet = step.safety.sheet
    assert not sheet.sign_button.isEnabled(), "nobody has signed"
    qtbot.keyClicks(sheet.name, "Anna")
    click(qtbot, sheet.sign_button)
    qtbot.waitUntil(lambda: "signed by Anna" in strip.facts.text())
    assert "50 of 50 targets left" in strip.facts.text()
    assert section.sign_button.text() == "Revoke"
    qtbot.keyClick(step.explorer.targets_step.table, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: step.state == "HOLD" or strip.question.asking)
    if strip.question.asking:  # the twin rested: nothing is sent, and it is asked
        qtbot.keyClick(step.explorer.targets_step.table, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: "signed by" not in strip.facts.text())
    qtbot.waitUntil(lambda: section.sign_button.text() != "Revoke")


def test_the_first_line_says_what_to_do():
    targets = VisitProgress()
    bare = {"name": "afm", "sample": "not compared", "limits": None}
    lost = LinkSnapshot(state="HOLD", stop_state="not reached", hold_reason="a; b", lost=True)
    said = strip_words(lost, targets, **bare)
    assert said.level == "problem"
    assert said.headline == (
        "CONNECTION LOST. The stop did NOT reach the controller: stop it there."
    )
    sure = strip_words(LinkSnapshot(state="HOLD", stop_state="confirmed"), targets, **bare)
    assert sure.headline == "STOPPED. Nothing is sent until you release."
    held = LinkSnapshot(state="HOLD", hold_reason="StoppedError: the tip is 80 nm off; 0 V")
    assert strip_words(held, targets, **bare).headline == "HELD: the tip is 80 nm off"
    waits = LinkSnapshot(state="PREVIEW")
    assert strip_words(waits, targets, **bare).headline == "A plan waits for approval"
    assert "cannot be approved" in strip_words(waits, targets, **bare, barred=True).headline
    rest = strip_words(LinkSnapshot(), targets, **bare, policy="signed by Anna: 1 of 2 plans")
    assert "WATCHING: plans within the policy" in rest.headline
    assert rest.facts.splitlines()[-1] == "Policy signed by Anna: 1 of 2 plans."
    assert "none, so nothing can be approved" in rest.facts


@pytest.mark.parametrize("reason", ["no answer", "expected an answer; found none; stop it there."])
@pytest.mark.parametrize("stop", ["", "sent", "confirmed", "not confirmed", "not reached"])
@pytest.mark.parametrize(("lost", "running"), [(False, False), (True, False), (False, True)])
def test_each_sentence_of_strip_and_closing_question_ends_once(reason, stop, lost, running):
    for state in ("OBSERVE", "PREVIEW", "ARMED", "RUNNING", "HOLD"):
        now = LinkSnapshot(
            state=state, stop_state=stop, hold_reason=reason, lost=lost, problem=reason,
            running=running,
        )  # fmt: skip
        said = strip_words(
            now, VisitProgress(), None, name="afm", sample=f"DOES NOT MATCH the scan: {reason}",
            policy="signed by Anna.", refused=reason,
        )  # fmt: skip
        asked = closing_words(now, said.headline, policy=True)
        assert asked.endswith(".")
        for text in (said.headline, said.facts, asked):
            assert not re.search(r"[^.]\.\.(?!\.)|[;:,]\.|\. [a-z]|[a-z] The last", text), text


def test_targets_are_told_by_their_numbers(quick_result):
    plan = visits(quick_result, quick_result.targets, "mark", check_every=0)
    first, second = plan.targets[0].uid, plan.targets[1].uid
    (said,) = readable((f"measured before: {second}, {first}; leave them out",), plan)
    numbers = [t.number for t in plan.targets[:2]]
    assert said.startswith(f"measured before: targets {numbers[1]}, {numbers[0]}.")
    assert "measure targets again" in said
    assert first not in said
    assert readable((f"target {first}: outside",), plan) == (f"target {numbers[0]}: outside",)

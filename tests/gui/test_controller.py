"""The window at a controller by another hand, over real sockets; its own log is the judge."""

from dataclasses import replace

import pytest
from hands import WAIT_S
from qtpy.QtCore import Qt

from corescout.gui.canvas.layer_data import result_layers
from corescout.gui.steps.instrument.choices import InstrumentChoice
from corescout.instruments.nanonis import NanonisInstrument
from foreign.conftest import LIMITS, MOTIONS
from foreign.server import Controller

pytestmark = pytest.mark.gui


@pytest.fixture
def controller():
    with Controller(speed_m_s=1e-6, points=32, integration_s=0.01) as made:
        yield made


@pytest.fixture
def step(explorer, quick_result, controller, qtbot, tmp_path):
    for data, options, kind in result_layers(quick_result):
        getattr(explorer.viewer, f"add_{kind}")(data, **options)
    qtbot.waitUntil(lambda: explorer.result is not None and not explorer.busy)
    made = explorer.instrument_step
    made.days = tmp_path / "days"
    made.set_expanded(True)
    limits = replace(LIMITS, largest_bias_v=8.0)

    def opened():
        return NanonisInstrument("127.0.0.1", ports=controller.ports), limits

    made.connect_instrument(InstrumentChoice("controller", opened, fresh=True))
    qtbot.waitUntil(lambda: made.link is not None)
    yield made
    made.leave()
    assert made.wait(WAIT_S)


def run_a_plan(step, controller, qtbot):
    """Dry run, approval, Run, once the settings of the controller have been read."""
    told = step.panel.form_of_action.told_text
    qtbot.waitUntil(lambda: "64 points" in told.text())  # else a preview is void
    for button in ("dry_run_button", "approve_button", "run_button"):
        click(qtbot, getattr(step.panel, button))
    qtbot.waitUntil(lambda: bool(controller.log.entries(*MOTIONS, "Scan.Action")))


def click(qtbot, button):
    qtbot.waitUntil(button.isEnabled)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_what_is_set_at_the_controller_is_shown_and_cannot_be_typed(step, controller, qtbot):
    form = step.panel.form_of_action
    qtbot.waitUntil(lambda: "64 points" in form.told_text.text())
    assert form.told_text.isVisible()
    assert form.seconds.isHidden()
    assert form.points.isHidden()
    assert form.values()[1]["n_points"] == 64  # 32 there and 32 back
    click(qtbot, step.panel.dry_run_button)
    qtbot.waitUntil(step.panel.approve_button.isEnabled)
    planned = [m.values["n_points"] for m in step.check.messages if m.kind == "spectrum"]
    assert set(planned) == {64}
    controller.microscope.spectroscopy.points = 50  # somebody changes it at the controller
    qtbot.waitUntil(lambda: "100 points" in form.told_text.text())
    qtbot.waitUntil(lambda: step.state == "OBSERVE")  # the preview is void
    qtbot.waitUntil(lambda: not step.panel.approve_button.isEnabled())


def test_one_click_on_stop_and_the_controller_is_told_nothing_more(step, controller, qtbot):
    strip = step.panel.stop_bar
    run_a_plan(step, controller, qtbot)
    click(qtbot, strip.stop_button)
    qtbot.waitUntil(lambda: strip.headline.text().startswith("STOPPED"))
    at = controller.clock.now()
    qtbot.wait(1500)
    assert controller.log.entries(*MOTIONS, since_t=at) == []
    assert not [n for n in controller.log.names(since_t=at) if n.endswith(("Set", "Start"))]
    assert controller.microscope.at_rest()
    assert "confirmed" in strip.said.text()


def test_a_stop_that_did_not_arrive_is_said_large_and_again_at_the_close(step, controller, qtbot):
    strip = step.panel.stop_bar
    run_a_plan(step, controller, qtbot)
    assert all("stops it" in ask() for ask in step.workspace.closing_questions if ask())
    for port in range(4):
        controller.kill_port(port, "closed")
    click(qtbot, strip.stop_button)
    wanted = "The stop did NOT reach the controller: stop it there."
    qtbot.waitUntil(lambda: wanted in strip.headline.text())
    asked = [text for ask in step.workspace.closing_questions if (text := ask())]
    assert len(asked) == 1
    assert wanted in asked[0]
    assert "look at the instrument first" in asked[0]


def test_closing_does_not_claim_a_stop_where_the_connection_is_lost(step, controller, qtbot):
    run_a_plan(step, controller, qtbot)
    for port in range(4):
        controller.kill_port(port, "closed")
    qtbot.waitUntil(lambda: step.link.snapshot.lost)
    asked = " ".join(ask() for ask in step.workspace.closing_questions)
    assert "CONNECTION LOST" in asked or "did NOT reach" in asked
    assert "Closing stops it" not in asked
    assert ".." not in asked

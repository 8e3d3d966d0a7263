"""Step 3: the search space, candidates as they finish, looked into, paused and stopped."""

import sys
import threading
import time
from itertools import pairwise

import numpy as np
import pytest
from qtpy.QtCore import QPointF, Qt
from qtpy.QtGui import QPainter, QPicture

from corescout.data import Candidate, Reward, Trial
from corescout.gui.canvas.patch_outline import squares
from corescout.gui.jobs.job import Pausable
from corescout.gui.model.plan_options import options
from corescout.gui.plots.candidate_plot import CandidatePlot
from corescout.pipeline import explore
from corescout.search.runner import held_s
from corescout.surfaces import generate_surface


def test_windows_are_drawn_at_their_size():
    scan = generate_surface((64, 64), seed=0).scan
    (square,) = squares(scan, (9,), np.array([30.0, 20.0]))
    np.testing.assert_allclose(square.min(axis=0), [25.5, 15.5])
    np.testing.assert_allclose(np.ptp(square, axis=0), [9, 9])


def as_the_preset(explorer):
    """Take back what `search_quickly` set."""
    values = {"windows": "", "seeds": 0, "invariance rotation": True, "options": ""}
    for name, value in values.items():
        explorer.workspace.parameters.get("explore", name).set(value)


@pytest.mark.gui
def test_what_is_set_is_the_plan_and_can_be_undone(surface_explorer, qtbot):
    step, viewer = surface_explorer.explore_step, surface_explorer.viewer
    as_the_preset(surface_explorer)
    step.more.toggle.click()
    qtbot.keyClicks(step.windows, "9, 13")
    qtbot.keyClick(step.windows, Qt.Key.Key_Return)
    assert step.sizes.text().endswith("nm")
    step.invariance_boxes["t"].click()
    step.budget.setValue(2.5)
    step.reward.setEditText("my_rewards:clear")
    qtbot.keyClick(step.reward.lineEdit(), Qt.Key.Key_Return)
    values = step.settings().plan_values()
    assert values["windows_px"] == (9, 13)
    assert values["invariances"] == ("none", "r", "t", "rt")
    assert values["budget_s"] == 150
    assert values["decision"] == {"reward": "my_rewards:clear"}
    in_px = step.sizes.text()
    step.windows.setText("")
    qtbot.keyClicks(step.windows, in_px)  # as it was said in nm
    qtbot.keyClick(step.windows, Qt.Key.Key_Return)
    assert step.settings().plan_values()["windows_px"] == (9, 13)
    assert step.sizes.text().replace("\N{NO-BREAK SPACE}", " ") == f"{in_px} (9, 13 px)"
    surface_explorer.undo_stack.undo()

    step.patches.click()
    layer = viewer.layers["patch outline"]
    assert [round(float(np.ptp(s[:, 0])), 3) for s in layer.data] == [9, 13]
    assert layer.units == surface_explorer.canvas.image_layer().units
    step.patches.click()
    assert not layer.visible

    undone = []
    while surface_explorer.undo_stack.canUndo():
        undone.append(surface_explorer.undo_stack.undoText())
        surface_explorer.undo_stack.undo()
    assert undone[1:] == ["budget to 2.5", "invariance translation on", "windows to 9, 13"]
    assert step.settings().windows_px() is None
    assert step.reward_name() is None


@pytest.mark.gui
@pytest.mark.parametrize(("width", "labelled"), [(130, False), (900, True)])
def test_no_label_of_a_window_runs_into_the_next(qtbot, width, labelled):
    plot = CandidatePlot()
    qtbot.addWidget(plot)
    plot.resize(width, 200)
    plot.show()
    windows = (7, 9, 11, 13, 17, 21)
    trials = [
        Trial(n, Candidate(w, "r"), "done", {"icl": Reward("icl", float(n), "lower")})
        for n, w in enumerate(windows)
    ]
    plot.show_trials(trials, "icl", pitch_m=8e-9)
    qtbot.wait(100)
    axis = plot.getPlotItem().getAxis("bottom")
    picture = QPicture()
    painter = QPainter(picture)
    *_, texts = axis.generateDrawSpecs(painter)
    painter.end()
    drawn = sorted((rect.left(), rect.right(), text) for rect, _, text in texts if text)
    assert all(one[1] < other[0] for one, other in pairwise(drawn))
    assert (len(drawn) == len(windows)) is labelled
    assert drawn[0][2] == "56"


@pytest.mark.gui
def test_a_candidate_is_looked_into_before_the_winner_is_known_and_stop_works_while_paused(
    surface_explorer, qtbot
):
    explorer, panel = surface_explorer, surface_explorer.candidate_panel
    explorer.start()
    qtbot.waitUntil(lambda: len(panel.plot.dots) >= 2)
    qtbot.mouseClick(explorer.run_bar.pause_button, Qt.MouseButton.LeftButton)
    assert explorer.run_bar.pause_button.text() == "Resume"
    qtbot.wait(300)
    count = len(panel.plot.dots)
    qtbot.wait(700)
    assert len(panel.plot.dots) == count
    assert explorer.running

    dot = next(d for d in panel.plot.dots[::-1] if d.candidate.kind != "scattering")
    assert dot.number == panel.plot.best  # the star lies on it
    place = QPointF(dot.candidate.window_px, dot.value)
    scene = panel.plot.getViewBox().mapViewToScene(place)
    at = panel.plot.mapFromScene(scene)
    qtbot.mouseClick(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert explorer.result is None
    shown = explorer.latent_panel.plot.shown_codes()
    np.testing.assert_allclose(
        shown, explorer.workspace.progress.latents_by_trial[dot.number][:, :2]
    )
    qtbot.waitUntil(
        lambda: len(explorer.viewer.layers["core points"].data) == len(explorer.workspace.view.core)
    )

    assert panel.looked_at.isVisible()
    label = explorer.workspace.view.label
    assert label in panel.looked_at.text()
    assert not panel.use_button.isEnabled()

    qtbot.mouseClick(explorer.run_bar.pause_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(panel.plot.dots) > count)
    assert panel.plot.ring_at() == (
        dot.candidate.window_px,
        dot.value,
    )  # it is drawn anew with them
    qtbot.mouseClick(panel.winner_button, Qt.MouseButton.LeftButton)
    assert panel.plot.ring_at() is None
    assert explorer.workspace.view.label != label  # the first types, which nothing has replaced
    assert not panel.looked_at.isVisible()
    qtbot.mouseClick(explorer.run_bar.pause_button, Qt.MouseButton.LeftButton)
    pressed = time.monotonic()
    qtbot.mouseClick(explorer.run_bar.stop_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not explorer.running)
    print(f"\nstopped while paused after {time.monotonic() - pressed:.2f} s")  # noqa: T201
    assert "Stopped" in explorer.verdict.text()
    assert len(panel.plot.dots) > count


def test_the_clock_of_a_budget_stands_still_while_a_search_is_held():
    stop = Pausable()
    assert held_s(stop) == 0
    stop.pause()
    time.sleep(0.05)
    held = held_s(stop)
    assert held >= 0.05
    stop.resume()
    now = held_s(stop)
    time.sleep(0.05)
    assert held_s(stop) == now >= held
    stop.pause()
    stop.set()
    assert held_s(stop) >= now
    assert held_s(threading.Event()) == 0


def test_a_search_that_was_held_keeps_its_budget(surface, quick_plan):
    class Held(threading.Event):
        held_s = 1e6

    late = quick_plan.model_copy(update={"budget_s": 1e-3})

    def tried(stop):
        found = explore(surface.scan, late, workers=1, stop=stop)
        trained = [t for t in found.trials if t.candidate.kind == "vae"]
        return sum(t.state != "not_tried" for t in trained if t.candidate.seed == late.seed)

    assert tried(threading.Event()) == 1
    assert tried(Held()) == 4


@pytest.mark.gui
def test_every_option_is_in_the_form_and_what_is_changed_is_the_plan(explorer, qtbot):
    step, plan_now = explorer.explore_step, explorer.workspace.plan
    as_the_preset(explorer)
    qtbot.mouseClick(step.options_button, Qt.MouseButton.LeftButton)
    form = step.form_of_options
    assert set(form.widgets) == {o.name for o in options()}
    assert "surfaces without types" in form.widgets["decision.null_surrogates"].tooltip
    form.widgets["training.epochs"].value = 7
    form.widgets["decision.context_margin"].value = None
    form.widgets["training.learning_rate"].value = 0.002
    qtbot.mouseClick(form.apply_button, Qt.MouseButton.LeftButton)
    plan = plan_now()
    assert plan.training.epochs == 7
    assert plan.training.learning_rate == 0.002
    assert plan.decision.context_margin is None
    assert plan.keypoints.spacing_px == 5
    assert step.options.text().startswith("training.epochs = 7")
    explorer.undo_stack.undo()
    assert plan_now().training.epochs == 50
    explorer.undo_stack.redo()

    form.widgets["training.epochs"].value = 0
    qtbot.mouseClick(form.apply_button, Qt.MouseButton.LeftButton)
    assert "epochs" in form.note.text()
    assert plan_now() == plan
    qtbot.keyClicks(form.search, "surrogates")
    assert [n for n, w in form.widgets.items() if w.native.isVisible()] == [
        "decision.null_surrogates"
    ]
    form.search.clear()
    qtbot.mouseClick(form.reset_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(form.apply_button, Qt.MouseButton.LeftButton)
    assert step.options.text() == ""
    form.close()


@pytest.mark.gui
def test_code_of_ones_own_is_asked_for_and_runs_only_then(
    surface_explorer, qtbot, tmp_path, monkeypatch
):
    """The reward of a setting: nothing of it is imported before a person has said so."""
    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QApplication, QMessageBox

    from corescout.gui.jobs.own_code import may_run

    (tmp_path / "strange_reward.py").write_text(
        "import pathlib\npathlib.Path('ran').touch()\ndef f(fit): return None\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", list(sys.path))
    plan = surface_explorer.workspace.plan()
    plan = plan.model_copy(update={"extra_rewards": ("strange_reward:f",)})
    monkeypatch.setattr(surface_explorer.workspace, "plan", lambda: plan)
    asked = []

    def answer(words):
        def press():
            box = next(w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox))
            asked.append(box.text())
            next(b for b in box.buttons() if b.text() == words).click()

        QTimer.singleShot(200, press)

    answer("Do not run it")
    surface_explorer.start()
    assert "strange_reward:f" in asked[0]
    assert not surface_explorer.running
    assert not (tmp_path / "ran").exists()
    assert "not allowed" in surface_explorer.verdict.text()

    answer("Run it")
    assert may_run(plan)
    assert may_run(plan)  # once said, it is not asked again
    assert len(asked) == 2

"""Every panel on a bare workspace: no explorer, no other panel, a viewer without a window."""

from dataclasses import replace

import numpy as np
import pytest
from hands import WAIT_S
from napari.components import ViewerModel
from qtpy.QtWidgets import QVBoxLayout, QWidget

from corescout.data import Progress
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.layer_data import CORE, TARGETS, scan_layers
from corescout.gui.canvas.layer_updates import find_layer
from corescout.gui.canvas.result_layers import ResultLayers
from corescout.gui.canvas.target_layer import TargetLayer
from corescout.gui.jobs.work import Work
from corescout.gui.kept.exporting import Exporter
from corescout.gui.kept.session_bar import SessionBar
from corescout.gui.kept.window_session import WindowSession
from corescout.gui.keys import Keys
from corescout.gui.model.candidates import show_winner
from corescout.gui.model.chosen_image import ChosenImage
from corescout.gui.model.workflow import STEPS, StepState
from corescout.gui.model.workspace import Workspace
from corescout.gui.plots.bottom import Bottom
from corescout.gui.plots.candidate_panel import CandidatePanel
from corescout.gui.plots.latent_panel import LatentPanel
from corescout.gui.steps.column import StepColumn
from corescout.gui.steps.explore.run_bar import RunBar
from corescout.gui.steps.explore.running import Running
from corescout.gui.steps.explore.step import ExploreStep
from corescout.gui.steps.instrument import instrument_list
from corescout.gui.steps.instrument.panel import InstrumentPanel
from corescout.gui.steps.instrument.step import InstrumentStep
from corescout.gui.steps.key_points.step import KeyPointsStep
from corescout.gui.steps.scan.step import ScanStep
from corescout.gui.steps.targets.step import TargetsStep
from corescout.gui.steps.types.step import TypesStep
from corescout.gui.steps.verdict import Reasons, VerdictLabel
from corescout.instruments import profiles

pytestmark = pytest.mark.gui
MAKE = {
    "run bar": lambda b: RunBar(b.workspace, Running(b.workspace, b.work)),
    "verdict": lambda b: VerdictLabel(b.workspace),
    "scan": lambda b: ScanStep(b.workspace, b.canvas),
    "key points": lambda b: KeyPointsStep(b.workspace, b.canvas, b.work, b.keys),
    "explore": lambda b: ExploreStep(b.workspace, b.canvas),
    "types": lambda b: TypesStep(b.workspace, b.canvas, b.work),
    "targets": lambda b: TargetsStep(b.workspace, b.canvas, b.work),
    "instrument": lambda b: InstrumentStep(b.workspace, b.canvas, b.work),
    "instrument panel": lambda b: InstrumentPanel(b.workspace),
    "column": lambda b: StepColumn(b.workspace, b.canvas, b.work, b.keys),
    "latent space": lambda b: LatentPanel(b.workspace, b.canvas, b.work),
    "candidates": lambda b: CandidatePanel(b.workspace, b.work),
    "bottom": lambda b: Bottom(b.workspace, b.canvas, b.work),
    "session bar": lambda b: SessionBar(b.workspace, Exporter(b.workspace, b.work, b.owner)),
    "session": lambda b: WindowSession(b.workspace, b.canvas, b.work, b.owner, print),
}


class Bare:
    """A workspace with a viewer that has no window."""

    def __init__(self, owner):
        self.owner, self.workspace, self.work = owner, Workspace(), Work(owner)
        self.canvas = Canvas(ViewerModel(), self.workspace, self.work)
        self.keys = Keys(self.canvas.viewer)
        self.panels = []  # held: Python would take them away when a test ends, before they close

    def make(self, name):
        panel = MAKE[name](self)
        self.panels.append(panel)
        if isinstance(panel, QWidget):
            self.owner.layout().addWidget(panel)
        return panel

    def show_waiting(self):
        while self.canvas.queue:
            self.canvas.queue.show_next()


@pytest.fixture
def bare(qtbot):
    owner = QWidget()
    QVBoxLayout(owner)
    qtbot.addWidget(owner)
    made = Bare(owner)
    owner.show()
    yield made
    made.workspace.close()
    made.canvas.connections.close()
    made.work.close()
    made.work.wait(WAIT_S)
    made.keys.close()


@pytest.mark.parametrize("name", MAKE)
def test_a_panel_needs_a_workspace_and_nothing_else(bare, qtbot, name, typed_result):
    """Built, shown a result, an edit and its end: no other panel has to be there."""
    bare.make(name)
    bare.workspace.set_result(typed_result)
    bare.workspace.set_targets(typed_result.targets[:2])
    bare.workspace.undo_stack.undo()
    show_winner(bare.workspace)
    qtbot.wait(50)  # it is drawn
    bare.workspace.set_result(None)
    qtbot.wait(50)
    assert bare.panels


def test_the_canvas_hears_nothing_more_when_its_connections_are_closed(bare, surface):
    viewer = bare.canvas.viewer
    before = len(viewer.mouse_move_callbacks)
    bare.make("column")
    connected = len(bare.canvas.connections)
    assert connected > 5
    bare.workspace.close()
    bare.canvas.connections.close()
    assert len(bare.canvas.connections) == 0
    assert len(viewer.mouse_move_callbacks) == before - 1
    for data, options, _ in scan_layers(surface.scan):
        viewer.add_image(data, **options)
    assert bare.workspace.chosen is None


def test_what_is_found_and_edited_stands_on_the_scan(bare, typed_result):
    layers, targets = (
        ResultLayers(bare.workspace, bare.canvas), TargetLayer(bare.workspace, bare.canvas),
    )  # fmt: skip
    viewer = bare.canvas.viewer
    for data, options, _ in scan_layers(typed_result.scan):
        viewer.add_image(data, **options)
    bare.workspace.set_result(typed_result)
    bare.show_waiting()
    assert len(find_layer(viewer, CORE).data) == len(typed_result.core_points)
    assert len(find_layer(viewer, TARGETS).data) == len(typed_result.targets)
    find_layer(viewer, TARGETS).selected_data = {0}
    assert bare.workspace.targets.picked is bare.workspace.targets.ordered[0]
    find_layer(viewer, TARGETS).remove_selected()
    bare.show_waiting()
    assert len(bare.workspace.targets.ordered) == len(typed_result.targets) - 1
    assert bare.workspace.undo_stack.undoText() == "delete target"
    bare.workspace.undo_stack.undo()
    bare.show_waiting()
    assert len(find_layer(viewer, TARGETS).data) == len(typed_result.targets)
    del layers, targets


def test_nothing_of_ours_is_drawn_after_the_last_scan_went(bare, typed_result):
    layers, step = ResultLayers(bare.workspace, bare.canvas), bare.make("scan")
    for data, options, _ in scan_layers(typed_result.scan):
        bare.canvas.viewer.add_image(data, **options)
    bare.workspace.set_result(typed_result)
    assert bare.canvas.queue
    bare.canvas.viewer.layers.clear()
    bare.show_waiting()
    assert len(bare.canvas.viewer.layers) == 0
    del layers, step


def test_the_time_that_is_left_never_grows(bare):
    panel = bare.make("run bar")
    bare.workspace.set_running(True)
    for seconds, said in ((124.0, "2:04 left"), (174.0, "2:04 left"), (61.0, "1:01 left")):
        panel.show_progress(Progress("training", 0.4, seconds))
        assert said in panel.progress.format()
    bare.workspace.set_running(False)
    bare.workspace.set_running(True)  # another search
    panel.show_progress(Progress("training", 0.1, 174.0))
    assert "2:54 left" in panel.progress.format()


def test_a_problem_goes_when_what_it_came_from_is_mended(bare, typed_result, qtbot, tmp_path):
    step, verdict = bare.make("key points"), bare.make("verdict")
    workspace, scan = bare.workspace, typed_result.scan
    workspace.choose(ChosenImage("scan", scan.default_channel, scan))
    workspace.key_points.set_detected(scan, typed_result.keypoints.take(np.arange(10)))
    workspace.workflow.set("explore", StepState.PROBLEM, "expected at least 50 key points")
    assert workspace.workflow.state("key_points") is StepState.PROBLEM
    workspace.key_points.set_detected(scan, typed_result.keypoints)
    states = [workspace.workflow.state(name) for name in ("key_points", "explore")]
    assert states == [StepState.DONE, StepState.TO_DO]
    assert verdict.text().startswith("Ready")
    del step


def test_what_came_of_an_export_is_not_said_for_good(bare, typed_result, qtbot, tmp_path):
    exporter = Exporter(bare.workspace, bare.work, bare.owner)
    bar = SessionBar(bare.workspace, exporter)
    bare.owner.layout().addWidget(bar)
    bare.workspace.set_result(typed_result)
    (tmp_path / "file").write_text("")
    exporter.export("tables", tmp_path / "file" / "tables")  # no folder can be made there
    qtbot.waitUntil(lambda: not exporter.running)
    assert bar.note.text().startswith("Not exported")
    exporter.export("tables", tmp_path / "tables")
    assert bar.note.isHidden()
    qtbot.waitUntil(lambda: not exporter.running)
    assert bar.note.text().startswith("Exported to")
    bare.workspace.begin_search(typed_result.scan)
    assert bar.note.isHidden()
    bare.workspace.set_running(False)


def test_a_profile_that_is_written_while_the_window_is_open_is_offered(
    bare, qtbot, tmp_path, monkeypatch
):
    monkeypatch.setattr(instrument_list, "profiles_file", lambda: tmp_path / "instruments.toml")
    monkeypatch.setattr(profiles, "profiles_file", lambda: tmp_path / "instruments.toml")
    panel = bare.make("instrument panel")
    assert panel.choice.findText("toy") < 0
    (tmp_path / "instruments.toml").write_text('[instruments.toy]\nkind = "twin"\n')
    panel.choice.showPopup()
    panel.choice.hidePopup()
    assert panel.choice.findText("toy") > 0


def test_no_line_of_a_dry_run_is_cut_in_a_narrow_column(bare, qtbot):
    column = bare.make("column")
    bare.owner.resize(360, 700)
    column.steps["instrument"].set_expanded(True)
    box = column.steps["instrument"].panel.preview_box
    box.show()
    errors = tuple(f"target {n}: Y 1.190 µm lies outside -1.024 to 1.024 µm" for n in range(4))
    box._set("10 targets. It cannot be approved:", errors, (200 * "a long warning ",), errors)
    qtbot.wait(100)
    assert box.errors.isVisible()
    for label in (box.summary, box.errors, box.warnings):
        assert label.height() >= label.heightForWidth(label.width())
    folded = column.steps["targets"]
    assert folded.height() <= folded.sizeHint().height()  # what is free goes below the steps


def test_reasons_are_read_line_by_line_with_proper_signs(bare, typed_result):
    bare.workspace.set_result(
        replace(typed_result, why="0.31 +- 0.02, p <= 0.05.", notes=("a", "b"))
    )
    reasons = Reasons(bare.workspace)
    assert reasons.why.text().split("\n") == ["0.31 ± 0.02, p ≤ 0.05.", "• a", "• b"]


def test_the_steps_are_in_their_order(bare, qtbot):
    column = bare.make("column")
    assert tuple(column.steps) == tuple(STEPS)

"""Step 5 proposes targets by what was measured: maps on the scan, a reason for each."""

import csv

import numpy as np
import pytest
from hands import WAIT_S, QuickScans, canvas_picture
from qtpy.QtCore import Qt

from corescout.gui.canvas.layer_data import TARGETS, result_layers
from corescout.gui.canvas.layer_updates import find_layer
from corescout.gui.steps.instrument.choices import InstrumentChoice
from corescout.instruments.twin_demo import limits_of

pytestmark = pytest.mark.gui


@pytest.fixture
def window(explorer, quick_result, qtbot, tmp_path):
    for data, options, kind in result_layers(quick_result):
        getattr(explorer.viewer, f"add_{kind}")(data, **options)
    qtbot.waitUntil(lambda: explorer.result is not None and not explorer.busy)
    explorer.instrument_step.days = tmp_path / "days"
    explorer.targets_step.set_expanded(True)
    explorer.targets_step.by_measurement.toggle.setChecked(True)
    yield explorer
    explorer.instrument_step.leave()
    assert explorer.instrument_step.wait(WAIT_S)


def click(qtbot, button):
    qtbot.waitUntil(button.isEnabled)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_without_measurements_it_says_what_to_do(window, qtbot):
    section, before = window.targets_step.by_measurement, window.workspace.targets.ordered
    click(qtbot, section.propose_button)
    assert "Measure some targets in step 6" in section.said.text()
    assert window.workspace.targets.ordered == before


def test_a_table_becomes_maps_on_the_scan_and_targets_with_reasons(window, qtbot, tmp_path):
    section, targets = window.targets_step.by_measurement, window.workspace.targets
    result, before = window.result, targets.ordered
    places = np.asarray(result.patches.center_yx_px)
    rng = np.random.default_rng(0)
    rows = rng.choice(len(places), 40, replace=False)
    with (tmp_path / "mine.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["key_point", "coercive_bias_v"])
        for row in rows.tolist():
            table.writerow([row, 1.0 + places[row, 1] / 80 + 0.4 * rng.standard_normal()])
    section.use_table(tmp_path / "mine.csv")
    section.count.setValue(6)
    click(qtbot, section.propose_button)
    qtbot.waitUntil(lambda: targets.ordered != before)
    assert 1 <= len(targets.ordered) <= 6
    assert all(t.reason for t in targets.ordered)
    said = section.said.text()
    assert "40 values of coercive_bias_v" in said
    assert "bright" in said
    assert targets.ordered[0].reason.replace("+-", "±") in said
    assert targets.ordered[0].reason in window.targets_step.table.item(0, 0).toolTip()
    mean = "coercive bias: mean"
    qtbot.waitUntil(lambda: find_layer(window.viewer, mean) is not None)
    qtbot.waitUntil(lambda: not window.busy)
    assert len(find_layer(window.viewer, mean).data) == len(places)
    assert not find_layer(window.viewer, "coercive bias: deviation").visible
    assert len(find_layer(window.viewer, TARGETS).data) == len(targets.ordered)
    shown = canvas_picture(window, qtbot)
    find_layer(window.viewer, mean).visible = False
    bare = canvas_picture(window, qtbot)  # of the same canvas: what was said has its room by now
    assert (np.abs(shown.astype(int) - bare).max(axis=2) > 40).mean() > 0.01, "the map is seen"
    window.undo_stack.undo()
    assert targets.ordered == before


def test_goals_are_weighed_and_each_target_says_which_it_serves(window, qtbot, tmp_path):
    section, targets = window.targets_step.by_measurement, window.workspace.targets
    result = window.result
    places = np.asarray(result.patches.center_yx_px)
    rng = np.random.default_rng(1)
    with (tmp_path / "mine.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["key_point", "coercive_bias_v"])
        for row in rng.choice(len(places), 30, replace=False).tolist():
            table.writerow([row, 1.0 + places[row, 1] / 80 + 0.4 * rng.standard_normal()])
    section.use_table(tmp_path / "mine.csv")
    for box in section.weights.values():
        box.setValue(0)
    before = targets.ordered
    click(qtbot, section.propose_button)
    assert "at least one goal" in section.said.text()
    assert targets.ordered == before
    section.weights["map"].setValue(1)
    section.weights["extremes"].setValue(3)
    click(qtbot, section.propose_button)
    qtbot.waitUntil(lambda: targets.ordered != before)
    served = {t.reason.partition(":")[0] for t in targets.ordered}
    assert "extremes" in served
    assert served <= {"map", "extremes"}


def test_what_the_tip_has_measured_is_used_within_the_limits(window, surface, qtbot):
    step, section = window.instrument_step, window.targets_step.by_measurement
    twin = QuickScans(surface, speed=500.0)
    limits = limits_of(twin)
    step.connect_instrument(InstrumentChoice("test twin", lambda: (twin, limits), fresh=True))
    qtbot.waitUntil(lambda: step.link is not None)
    step.set_expanded(True)
    for button in ("dry_run_button", "approve_button", "run_button"):
        click(qtbot, getattr(step.panel, button))
    qtbot.waitUntil(lambda: step.progress.ended == "done")
    measured = len(step.link.measurements)
    section.propose()
    qtbot.waitUntil(lambda: "values of coercive_bias_v" in section.said.text())
    assert f"at {measured} places" in section.said.text()
    assert section.table == step.link.day.folder / "measurements.csv"
    (x0, x1), (y0, y1) = limits.x_m, limits.y_m
    for target in window.workspace.targets.ordered:
        assert x0 <= target.xy_m[0] <= x1
        assert y0 <= target.xy_m[1] <= y1

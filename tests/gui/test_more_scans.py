"""Several scans at once in the window, each by itself or as one series; a cluster's workers."""

import re

import numpy as np
import pytest
from hands import wait_for_preview
from qtpy.QtCore import Qt

from benchmarks.reliability.dask_processes import DaskProcesses
from corescout.gui.canvas.layer_data import scan_layers
from corescout.surfaces import generate_surface

QUICK = {"windows": "9", "seeds": 1, "invariance none": False, "invariance rotation": False}
OPTIONS = (
    "training.epochs = 4; training.retries = 0; training.collapse_variance = 0.001;"
    " decision.null_surrogates = 0; mixtures.max_components = 3"
)


@pytest.fixture
def two_scans(explorer, qtbot):
    """The window with two scans of 96 x 96 px, and a search of a second."""
    for name, value in {**QUICK, "options": OPTIONS}.items():
        explorer.workspace.parameters.get("explore", name).set(value)
    for seed in (1, 2):
        for data, options, _ in scan_layers(generate_surface((96, 96), seed=seed).scan):
            explorer.viewer.add_image(data, **options)
    wait_for_preview(explorer, qtbot)
    return explorer


def explore(explorer, qtbot, count):
    """Press the button and wait for so many results in the list."""
    qtbot.mouseClick(explorer.run_bar.explore_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(explorer.workspace.results) == count and not explorer.busy)
    return list(explorer.workspace.results)


@pytest.mark.gui
def test_scans_that_are_checked_are_explored_each_by_itself_or_as_one(two_scans, qtbot):
    explorer, more, button = two_scans, two_scans.scan_step.more, two_scans.run_bar.explore_button
    assert not more.isHidden()
    more.toggle.click()
    assert more.listed.count() == 1
    assert button.text() == "Explore this scan"
    more.listed.item(0).setCheckState(Qt.CheckState.Checked)
    assert button.text() == "Explore 2 scans"
    one, other = explore(explorer, qtbot, 2)
    assert one.scan.uid != other.scan.uid
    assert one.result.fit.codes.shape != other.result.fit.codes.shape
    assert explorer.workspace.chosen.scan.uid == other.scan.uid == explorer.result.scan.uid

    more.way.setCurrentIndex(1)
    more.listed.item(0).setCheckState(Qt.CheckState.Checked)
    pooled = explore(explorer, qtbot, 4)[2:]
    assert {entry.scan.uid for entry in pooled} == {one.scan.uid, other.scan.uid}
    first, second = (entry.result for entry in pooled)
    for name, values in first.weights.items():
        np.testing.assert_array_equal(values, second.weights[name])
    assert explorer.result.scan.uid == explorer.workspace.chosen.scan.uid
    assert "One set of types on 2 scans" in explorer.session_bar.note.text()
    assert explorer.session_bar.note.isVisible()


@pytest.mark.gui
def test_the_workers_of_a_cluster_are_told_while_they_compute(two_scans, qtbot, tmp_path):
    pytest.importorskip("distributed")
    explorer, step = two_scans, two_scans.explore_step
    dask, seen = DaskProcesses(tmp_path, workers=1), []
    # long enough that a look every half second meets a worker at a trial
    explorer.workspace.parameters.get("explore", "windows").set("9, 13, 17, 21")
    try:
        step.set_expanded(True)
        step.cluster.setText(str(dask.file))
        explorer.workspace.progressed.connect(lambda _: seen.append(step.workers.text()))
        explore(explorer, qtbot, 1)
        told = [text.replace("\u200b", "") for text in seen]
        assert any(str(dask.file) in text for text in told)
        assert any(re.search(r"tcp://127\.0\.0\.1:\d+.*: \d+ px", text) for text in told)
        assert step.workers.isHidden()
        step.cluster.setText("tcp://127.0.0.1:9")
        qtbot.mouseClick(explorer.run_bar.explore_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: not explorer.busy)
        assert len(explorer.workspace.results) == 1
        assert "Dask scheduler" in explorer.column.notice.text()
    finally:
        dask.close()

"""Step 5 says whether structure predicts what was measured, and maps it on the scan."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.instruments.twin import LOOPS
from corescout.instruments.twin_loops import LoopField
from corescout.steering import predict_property
from steering.measured_loops import measure_loops

pytestmark = pytest.mark.gui
MEAN, DEVIATION = "map of mean coercive_bias_v (V)", "map of deviation of coercive_bias_v (V)"


@pytest.fixture
def tables(typed_result, surface, tmp_path):
    """Loops that follow junctions, and loops of places that have nothing in common."""
    near = LoopField(surface, LOOPS, "junction", outliers=0.0, failures=0.0, seed=1)
    of_one = dict.fromkeys(LOOPS, LOOPS[1])
    none = replace(near, loops=of_one, formula="none", scatter_v=0.4)
    return {
        name: measure_loops(tmp_path / f"{name}.csv", typed_result, field, 40)
        for name, field in (("near", near), ("none", none))
    }


def answer(step, table, qtbot, window):
    step.property_map.show_map(table)
    qtbot.waitUntil(lambda: not window.busy, timeout=60_000)
    return step.property_map.words.text()


def colourful(window):
    """Share of the canvas that is neither grey nor dark."""
    picture = window.viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    return float((np.ptp(picture, axis=-1) > 40).mean())


def test_the_map_is_on_the_scan_with_its_words(found, tables, qtbot, typed_result):
    step = found.targets_step
    before = colourful(found)
    assert "structure predicts coercive_bias_v: R2" in answer(step, tables["near"], qtbot, found)
    assert {MEAN, DEVIATION} <= {layer.name for layer in found.viewer.layers}
    prediction = predict_property(typed_result, tables["near"], "coercive_bias_v")
    y, x = np.rint(np.asarray(typed_result.patches.center_yx_px)).astype(int).T
    for name, values in ((MEAN, prediction.mean), (DEVIATION, prediction.std)):
        shown = np.asarray(found.viewer.layers[name].data)[y, x]
        assert np.median(np.abs(shown - values)) < 1e-6
    assert colourful(found) > before + 0.1


def test_where_structure_tells_nothing_no_map_is_shown(found, tables, qtbot):
    words = answer(found.targets_step, tables["none"], qtbot, found)
    assert words.startswith("No map: structure predicts coercive_bias_v no better than the mean")
    assert not [layer.name for layer in found.viewer.layers if layer.name.startswith("map of")]


def test_a_property_that_is_not_there_is_said(found, tables, qtbot):
    found.targets_step.property_map.name.setCurrentText("softness")
    words = answer(found.targets_step, tables["near"], qtbot, found)
    assert words.startswith("No map: expected a property among coercive_bias_v")

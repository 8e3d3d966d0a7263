"""Lines in doubt, masked or mended are drawn over the scan."""

import numpy as np
from hands import wait_for_preview

from corescout.data import Finding, LineFaults
from corescout.gui.canvas.doubted_lines import (
    MASKED,
    MENDED_COLOR,
    STRETCH,
    doubted_lines_layer,
    mended_lines_layer,
)
from corescout.gui.canvas.layer_data import DOUBTED, scan_layers
from corescout.gui.canvas.layer_updates import find_layer
from corescout.surfaces import Imaging, generate_family, generate_surface


def colors_by_row(entry):
    places, options, kind = entry
    assert kind == "vectors"
    return dict(zip(places[:, 0, 0].astype(int).tolist(), options["edge_color"], strict=True))


def test_each_line_has_the_colour_of_what_is_said_or_done():
    scan = generate_surface((64, 64), seed=0).scan
    doubts = (
        Finding("fading", "", 0.5, tuple(range(40, 64))),
        Finding("line jumps", "", 0.03, (5, 9)),
    )
    masked, level = np.zeros(64, bool), np.zeros(64)
    masked[20], level[21], level[22] = True, 0.3, 0.01
    faults = LineFaults(masked, np.zeros(64, bool), masked, level)
    found = colors_by_row(doubted_lines_layer(scan, doubts, faults))
    assert {row: found[row] for row in (5, 9, 20)} == dict.fromkeys((5, 9, 20), MASKED)
    assert not {21, 22} & set(found)
    mended = mended_lines_layer(scan, faults)
    assert colors_by_row(mended) == {21: MENDED_COLOR}
    assert not mended[1]["visible"]
    assert all(found[row] == STRETCH for row in range(40, 64))
    assert len(doubted_lines_layer(scan, ())[0]) == 0


def test_a_scan_with_jumps_shows_them_and_a_clean_one_does_not(explorer, qtbot):
    viewer = explorer.viewer
    faulty = generate_family("voronoi", 1, (192, 192), imaging=Imaging(jump_share=0.1)).scan
    for data, options, kind in scan_layers(faulty):
        getattr(viewer, f"add_{kind}")(data, **options)
    wait_for_preview(explorer, qtbot)
    qtbot.waitUntil(lambda: find_layer(viewer, DOUBTED) is not None)
    (jumps,) = [d for d in explorer.workspace.doubts if d.kind == "line jumps"]
    layer = find_layer(viewer, DOUBTED)
    assert set(jumps.lines) == set(layer.data[:, 0, 0].astype(int).tolist())
    qtbot.waitUntil(lambda: not explorer.canvas.queue)
    layer.visible = False
    before = viewer.screenshot(flash=False).astype(int)
    layer.visible = True
    redder = viewer.screenshot(flash=False).astype(int) - before
    assert np.mean(redder[..., 0] - redder[..., 2] > 60) > 0.02  # a tenth of the lines, in part
    clean = generate_family("voronoi", 1, (192, 192), imaging=Imaging()).scan
    for data, options, kind in scan_layers(clean):
        getattr(viewer, f"add_{kind}")(data, **{**options, "name": f"clean {options['name']}"})
    qtbot.waitUntil(lambda: not explorer.workspace.doubts)
    qtbot.waitUntil(lambda: len(find_layer(viewer, DOUBTED).data) == 0)

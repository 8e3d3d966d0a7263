"""A real viewer with the explorer in it."""

import gc
import os
from functools import partial

import pytest
from hands import WAIT_S, search_quickly, wait_for_preview

os.environ.setdefault("NAPARI_ENSURE_PLUGIN_MAIN_THREAD", "1")


@pytest.fixture(scope="session", autouse=True)
def imported_for_good():
    """What is imported stays: collections, three of the whole memory a viewer, pass it over."""
    import corescout.gui.explorer  # noqa: F401

    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def qtbot(qtbot):
    """Wait for what is asked for, not for a time that a machine may need or not."""
    qtbot.waitUntil = partial(qtbot.waitUntil, timeout=1000 * WAIT_S)
    return qtbot


@pytest.fixture(autouse=True)
def sessions(tmp_path, monkeypatch):
    """Keep sessions of tests apart from each other and from the user's."""
    from corescout import folders

    folder = tmp_path / "kept sessions"
    monkeypatch.setattr(folders, "sessions_folder", lambda: folder)
    return folder


@pytest.fixture
def explorer(make_napari_viewer_proxy, qtbot):
    """Return an explorer in a viewer; its searches are short ones."""
    from corescout.gui.explorer import Explorer

    viewer = make_napari_viewer_proxy(show=True)
    viewer.window.resize(1280, 720)
    widget = Explorer(viewer)
    viewer.window.add_dock_widget(widget, name="Corescout", area="right")
    search_quickly(widget)
    yield widget
    if not widget.closed:
        widget.disconnect_viewer()
    widget.wait_for_jobs(WAIT_S)


@pytest.fixture
def add_scan(explorer):
    """Open a scan file or a run folder as a drop on the viewer does."""
    from corescout.gui.contributions import get_reader

    def add(path):
        for data, options, kind in get_reader(str(path))(str(path)):
            getattr(explorer.viewer, f"add_{kind}")(data, **options)

    return add


@pytest.fixture
def surface_explorer(explorer, qtbot):
    from corescout.gui.steps.scan.samples import sample_surface

    for data, options, kind in sample_surface():
        getattr(explorer.viewer, f"add_{kind}")(data, **options)
    wait_for_preview(explorer, qtbot)
    return explorer


@pytest.fixture
def found(explorer, qtbot, typed_result):
    """The window with a result of three types on its scan."""
    from corescout.gui.canvas.layer_data import scan_layers

    for data, options, _ in scan_layers(typed_result.scan):
        explorer.viewer.add_image(data, **options)
    wait_for_preview(explorer, qtbot)
    explorer.workspace.set_result(typed_result)
    qtbot.waitUntil(lambda: not explorer.busy)
    return explorer


@pytest.fixture
def instrument_step(explorer, quick_result, qtbot, tmp_path):
    """Step 6, open, of a window with a result; `explorer` is the rest of the window."""
    from corescout.gui.canvas.layer_data import result_layers

    for data, options, kind in result_layers(quick_result):
        getattr(explorer.viewer, f"add_{kind}")(data, **options)
    qtbot.waitUntil(lambda: explorer.result is not None and not explorer.busy)
    made = explorer.instrument_step
    made.days = tmp_path / "days"
    made.set_expanded(True)
    made.explorer = explorer
    yield made
    made.leave()
    assert made.wait(WAIT_S)

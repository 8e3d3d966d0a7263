"""A large scan is read beside the window and shown channel by channel."""

import threading

import pytest
from hands import WAIT_S

PLUGIN = "napari-corescout"


@pytest.fixture
def any_size_is_large(monkeypatch):
    from corescout.gui.canvas import large_files

    monkeypatch.setattr(large_files, "LARGE_BYTES", 1)


@pytest.fixture
def threads(monkeypatch):
    """Threads in which a file was read or its channels were made into images."""
    from corescout import readers
    from corescout.gui.canvas import layer_data

    seen = []

    def noted(function):
        def call(*args, **kwargs):
            seen.append(threading.current_thread())
            return function(*args, **kwargs)

        return call

    monkeypatch.setattr(readers, "read_scans", noted(readers.read_scans))
    monkeypatch.setattr(layer_data, "scan_layers", noted(layer_data.scan_layers))
    return seen


def test_a_large_scan_is_not_read_in_the_thread_of_the_window(
    explorer, qtbot, scan_file, any_size_is_large, threads
):
    path = scan_file("PTO_Funakubo0005.h5")
    assert explorer.viewer.open(path, plugin=PLUGIN) == []
    qtbot.waitUntil(lambda: explorer.workspace.chosen is not None)
    qtbot.waitUntil(lambda: not explorer.busy)
    assert len(threads) == 2
    assert threading.main_thread() not in threads
    from corescout.gui.canvas.opening import read

    names = [options["name"] for _, options, _ in read(str(path))]
    assert [layer.name for layer in explorer.viewer.layers if layer.name in names] == names
    assert explorer.workspace.chosen.name == names[-1]


def test_channels_of_a_large_scan_come_one_at_a_time(explorer, qtbot, scan_file, any_size_is_large):
    explorer.viewer.open(scan_file("PTO_Funakubo0005.h5"), plugin=PLUGIN)
    explorer.work.wait(WAIT_S)
    poll, added = explorer.work._poll, []

    def turn():
        before = len(explorer.viewer.layers)
        poll()
        return len(explorer.viewer.layers) - before

    added = [turn() for _ in range(4)]
    assert added[0] == 0  # the job is heard
    assert added[1:] == [1, 1, 1]


def test_the_channel_that_is_shown_is_drawn_in_a_turn_after_it_came(
    explorer, qtbot, scan_file, any_size_is_large
):
    explorer.viewer.open(scan_file("PTO_Funakubo0005.h5"), plugin=PLUGIN)
    explorer.work.wait(WAIT_S)
    for _ in range(4):
        explorer.work._poll()
    assert not any(layer.visible for layer in explorer.viewer.layers)
    qtbot.waitUntil(lambda: not explorer.busy)
    images = explorer.canvas.images()
    assert [layer.visible for layer in images] == [True] + [False] * (len(images) - 1)
    assert explorer.workspace.chosen.name == images[0].name


def test_a_large_file_that_cannot_be_read_is_said(
    explorer, qtbot, scan_file, any_size_is_large, monkeypatch
):
    from napari.utils.notifications import notification_manager

    from corescout import readers
    from corescout.data import InputError

    def fail(path):
        raise InputError("whole file", "half of it", "copy it again")

    monkeypatch.setattr(readers, "read_scans", fail)
    assert explorer.viewer.open(scan_file("PTO_Funakubo0005.h5"), plugin=PLUGIN) == []
    qtbot.waitUntil(lambda: not explorer.busy)
    assert "half of it" in notification_manager.records[-1].message
    assert len(explorer.viewer.layers) == 0


def test_scripts_and_windows_without_the_explorer_get_their_layers_at_once(
    make_napari_viewer_proxy, scan_file, any_size_is_large, threads
):
    viewer = make_napari_viewer_proxy()
    assert viewer.open(scan_file("PTO_Funakubo0005.h5"), plugin=PLUGIN)
    assert {*threads} == {threading.main_thread()}


def test_what_is_large(tmp_path, scan_file, any_size_is_large, quick_result):
    from corescout.gui.canvas.large_files import is_large
    from corescout.pipeline import save

    scan = scan_file("PTO_Funakubo0005.h5")
    assert is_large([str(scan), str(scan)])
    assert not is_large(str(save(quick_result, tmp_path / "run.corescout")))

"""Scan files that are too large to be read while napari waits: read aside, shown one at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from napari.utils.notifications import show_error

from corescout.gui.canvas.layer_data import LayerData
from corescout.gui.canvas.opening import read
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.work import Work

LARGE_BYTES = 8 * 2**20  # napari's thread needs 0.1 s or more to read one


def is_large(path: str | list[str]) -> bool:
    """Say whether a path, or several, are scan files of `LARGE_BYTES` or more in all.

    Run folders and saved layers are not: their layers belong together.
    """
    from corescout.gui.canvas.saved_layers import holds_layers

    files = [Path(one) for one in ([path] if isinstance(path, str) else path)]
    if not all(file.is_file() for file in files):
        return False
    large = sum(file.stat().st_size for file in files) >= LARGE_BYTES
    return large and not any(holds_layers(file) for file in files)


class LargeFiles:
    """Reads large files off the GUI thread and adds their layers, each in a turn of its own.

    A layer that is to be seen is shown in a second turn: to add one and to draw its pixels for the
    first time each take about a twentieth of a second.

    Parameters
    ----------
    viewer : napari.Viewer
    work : Work
    on_shown : callable
        Called after a layer that was there has become visible.
    """

    def __init__(self, viewer: Any, work: Work, on_shown: Callable[[], None]) -> None:
        self._viewer, self._work, self._on_shown = viewer, work, on_shown
        self._count = 0

    def open(self, path: str | list[str]) -> None:
        """Read files; their layers appear once they are read, an error is shown."""
        self._count += 1
        name = f"open {self._count}"
        job = Job(lambda on_progress, stop: read(path))
        self._work.start(name, job, partial(self._take, name), quick=True)

    def _take(self, name: str, job: Job[list[LayerData]]) -> None:
        if job.error is not None:
            show_error(str(job.error))
        for number, layer in enumerate(job.answer or ()):
            turn = f"{name}, layer {number}"
            self._work.later(turn, partial(self._add, turn, layer))

    def _add(self, turn: str, layer: LayerData) -> None:
        data, options, kind = layer
        add = getattr(self._viewer, f"add_{kind}")
        added = add(data, **{**options, "visible": False})
        if options.get("visible", True):
            self._work.later(f"{turn}, shown", partial(self._show, added))

    def _show(self, layer: Any) -> None:
        if layer in self._viewer.layers:
            layer.visible = True
            self._on_shown()

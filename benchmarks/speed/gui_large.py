"""A scan of 2048 x 2048 pixels in the window: what its thread computes in one gap, and who does.

Of each stage three figures, processor time in ms: the most that the window's thread computed
between two beats without drawing the canvas; with it; and the most that the threads of a renderer
in software did between two beats. Without a graphics card the last two are the renderer's.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.heartbeat import CanvasDrawing, Heartbeat
from benchmarks.speed.gui_points import images_of, many_points
from benchmarks.speed.scale import tiled_scan
from corescout.data import Result, Scan, ScanFrame

if TYPE_CHECKING:
    from benchmarks.scripted_window import ScriptedWindow

SIDE_PX, N_POINTS = 2048, 60_000
STAGES = ("open", "key_points", "search", "result", "recolor")
_SEARCH_S = 15.0
_LIMIT_S = 120.0


def run_large() -> dict[str, float]:
    """Open a file of three channels, search for a while, show and recolour 60,000 points."""
    from benchmarks.scripted_window import open_session

    result = many_points(N_POINTS)
    values: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, open_session() as session:
        explorer, viewer = session.explorer, session.viewer
        drawing = CanvasDrawing(viewer)

        def settle() -> None:
            session.pump(0.3)
            session.pump(_LIMIT_S, until=lambda: not explorer.busy)
            session.pump(0.5)

        def measure(stage: str, act: Callable[[], object], wait: Callable[[], object]) -> None:
            with Heartbeat(drawing) as beats:
                act()
                wait()
            values[f"{stage}_window_cpu_ms"] = round(beats.longest_window_cpu_ms, 1)
            values[f"{stage}_with_drawing_cpu_ms"] = round(beats.longest_cpu_ms, 1)
            values[f"{stage}_rasterizer_cpu_ms"] = round(beats.longest_rasterizer_cpu_ms, 1)

        settle()
        file = write_large(Path(folder))
        there = len(explorer.canvas.images())
        measure(
            "open",
            lambda: viewer.open(str(file), plugin="napari-corescout"),
            lambda: session.pump(_LIMIT_S, lambda: len(explorer.canvas.images()) == there + 3),
        )
        measure("key_points", lambda: None, settle)
        measure("search", explorer.start, lambda: session.pump(_SEARCH_S))
        explorer.stop()
        session.pump(_LIMIT_S, until=lambda: not explorer.running)
        _show_scan_of(session, result)
        settle()
        measure("result", lambda: explorer.workspace.set_result(result), settle)
        edits = explorer.types_step.edits
        measure("recolor", lambda: edits.recolor(1, "#0072B2"), settle)
    return values


def write_large(folder: Path) -> Path:
    """Write a scan of three channels as NSID."""
    from corescout.exports import write_nsid

    image = tiled_scan(SIDE_PX).channel()
    noise = np.random.default_rng(0).normal(size=image.shape).astype(np.float32)
    channels = {"Height": 1e-9 * image, "Amplitude": image + 0.01 * noise, "Phase": noise}
    frame = ScanFrame((SIDE_PX, SIDE_PX), (1e-9, 1e-9))
    return write_nsid(Scan(uid="large", channels=channels, frame=frame), folder / "large.h5")


def _show_scan_of(session: ScriptedWindow, result: Result) -> None:
    """Show the scan of a result alone."""
    for layer in session.explorer.canvas.images():
        session.viewer.layers.remove(layer)
    for data, options, kind in images_of(result):
        getattr(session.viewer, f"add_{kind}")(data, **options)

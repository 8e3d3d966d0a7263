"""Fifty thousand key points in the window: how long a selection and another colour take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from corescout.cores import typed_by_size
from corescout.data import Keypoints, Latents, Result, Scan
from corescout.edits import with_types
from corescout.pipeline import explore
from corescout.plan import Plan
from corescout.surfaces import generate_surface

if TYPE_CHECKING:
    from benchmarks.scripted_window import ScriptedWindow

N_POINTS, N_SELECTED = 50_000, 1_000
_TIMES = 5
_SIDE_PX = 2048


def run_points() -> dict[str, float]:
    """Open the window on 50,000 key points of three types and measure, the median of five.

    Returns
    -------
    dict
        ``select_1000_of_50000_s``: from the end of a lasso to rings on the scan, painted.
        ``recolor_50000_s``: from another colour of a type until plot, scan and targets have it.
        Each also as ``..._cpu_s``, the processor's time of the GUI thread: on a busy machine.
        ``color_by_50000_s``: from another thing to colour by until plot and scan are painted.
    """
    from benchmarks.scripted_window import open_session

    result = many_points(N_POINTS)
    with open_session() as session:
        explorer = session.explorer
        for data, options, kind in images_of(result):
            getattr(session.viewer, f"add_{kind}")(data, **options)
        explorer.workspace.set_result(result)
        session.pump(60, until=lambda: not explorer.busy)
        session.pump(1.0)
        measured = {
            "select_1000_of_50000": _select(session, result),
            "recolor_50000": _recolor(session),
            "color_by_50000": _color_by(session),
        }
    return {
        f"{name}_{kind}": round(float(np.median([pair[k] for pair in pairs])), 3)
        for name, pairs in measured.items()
        for k, kind in enumerate(("s", "cpu_s"))
    }


def many_points(count: int) -> Result:
    """Return a result with many key points: those of a quick one again and again, jittered."""
    surface = generate_surface((160, 160), seed=3)
    plan = Plan.preset("live", windows_px=(9,), invariances=("rt",))
    decision = plan.decision.model_copy(
        update={"seeds": 1, "finalists": 1, "null_surrogates": 0, "types": "winner"}
    )
    small = explore(surface.scan, plan.model_copy(update={"decision": decision}))
    rng = np.random.default_rng(0)
    rows = rng.integers(0, len(small.patches), count)
    scan = _tiled(surface.scan, _SIDE_PX)
    places = rng.uniform(8, _SIDE_PX - 8, (count, 2))
    z = np.asarray(small.fit.latents.mean)[rows]
    z = z + 0.05 * rng.normal(size=z.shape)
    mixture = small.fit.mixtures[3]
    large = replace(
        small,
        scan=scan,
        keypoints=Keypoints(places, np.ones(count), "drawn"),
        patches=replace(
            small.patches, values=small.patches.values[rows], index=np.arange(count),
            center_yx_px=places,
        ),
        fit=_many_fits(small, rows, z, places),
        mixture=mixture,
        type_of_component=typed_by_size(mixture, z).type_of_component,
        trials=(),
        latents_by_trial={},
        mixture_by_trial={},
    )  # fmt: skip
    return with_types(large)


def _tiled(scan: Scan, side_px: int) -> Scan:
    """Lay a scan side by side until it is large: a surface of that size takes gigabytes."""
    height, width = scan.shape_px
    times = (-(-side_px // height), -(-side_px // width))
    channels = {n: np.tile(v, times)[:side_px, :side_px] for n, v in scan.channels.items()}
    frame = scan.frame and replace(scan.frame, shape_px=(side_px, side_px))
    return replace(scan, channels=channels, frame=frame)


def _many_fits(
    small: Result, rows: NDArray[np.int64], z: NDArray[np.float64], places: NDArray[np.float64]
) -> Any:
    fit, latents = small.fit, small.fit.latents
    return replace(
        fit,
        latents=Latents(
            z, latents.std[rows], _of(latents.angle_rad, rows), _of(latents.shift_px, rows)
        ),
        log_likelihood_per_px=fit.log_likelihood_per_px[rows],
        target_entropy_per_px=fit.target_entropy_per_px[rows],
        kl_nats=fit.kl_nats[rows],
        kept=np.ones(len(rows), bool),
        center_yx_px=places,
        context=fit.context[rows],
        block=np.zeros(len(rows), np.int64),
        walls=_of(fit.walls, rows),
    )


def _of(values: NDArray[np.float64] | None, rows: NDArray[np.int64]) -> NDArray[np.float64] | None:
    return None if values is None else values[rows]


def images_of(result: Result) -> Any:
    """Return the images of a result's scan, as a reader does."""
    from corescout.gui.canvas.layer_data import scan_layers

    return scan_layers(result.scan)


def _select(session: ScriptedWindow, result: Result) -> list[tuple[float, float]]:
    """Draw a lasso around the 1,000 points nearest to one of them, as the mouse's end does."""
    panel = session.explorer.latent_panel
    z = np.asarray(result.fit.latents.mean)
    angle = np.linspace(0, 2 * np.pi, 100)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    seconds = []
    for row in range(_TIMES):
        apart = np.linalg.norm(z - z[row], axis=1)
        lasso = z[row] + np.partition(apart, N_SELECTED)[N_SELECTED] * circle

        def select(lasso: NDArray[np.float64] = lasso) -> None:
            panel.select_inside(lasso)

        seconds.append(_timed(session, select))
        if not 0.9 * N_SELECTED < len(panel.selection.rows) < 1.1 * N_SELECTED:
            raise AssertionError(f"{len(panel.selection.rows)} points were selected")
    return seconds


def _recolor(session: ScriptedWindow) -> list[tuple[float, float]]:
    edits = session.explorer.types_step.edits
    colors = ("#0072B2", "#D55E00", "#F0E442", "#000000", "#FFFFFF")
    return [
        _timed(session, lambda c=color: edits.recolor(1, c), settle=True)  # type: ignore[misc]
        for color in colors
    ]


def _color_by(session: ScriptedWindow) -> list[tuple[float, float]]:
    panel = session.explorer.latent_panel
    keys = ("density", "misfit", "angle", "kl", "type")
    return [_timed(session, lambda k=key: panel.color_by(k)) for key in keys]  # type: ignore[misc]


def _timed(
    session: ScriptedWindow, act: Callable[[], object], *, settle: bool = False
) -> tuple[float, float]:
    """Seconds, by the clock and of this thread, until it was done and painted.

    With `settle` until no layer waits to be shown.
    """
    session.pump(0.3)
    began, busy = time.perf_counter(), time.thread_time()
    act()
    session.paint()
    if settle:
        session.pump(10, until=lambda: not session.explorer.work.queue)
        session.paint()
    return time.perf_counter() - began, time.thread_time() - busy

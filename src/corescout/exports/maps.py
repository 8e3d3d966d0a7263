"""Type, motif, codes and angle of the key points as images on the scan's own pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import Result, Scan


def result_maps(result: Result) -> Scan:
    """Return maps of a result as the channels of a scan with the same frame.

    Each pixel has the value of the nearest key point; farther than half a window from all of them
    it is missing.

    Returns
    -------
    Scan
        Channels "type" (from 1), "z1", "z2", ..., for a rotation-invariant representation "angle"
        in degrees, and "motif" (from 1): what each patch is by itself.
    """
    places = np.asarray(result.patches.center_yx_px)
    z = result.fit.codes
    values = {"type": np.asarray(result.types.of_point).astype(np.float64)}
    values |= {f"z{k + 1}": z[:, k] for k in range(z.shape[1])}
    angle = result.fit.latents.angle_rad
    if angle is not None:
        values["angle"] = np.rad2deg(np.asarray(angle))
    values["motif"] = (result.typed.motif + 1).astype(np.float64)
    nearest, known = _nearest(places, result.scan.shape_px, _reach_px(result))
    return replace(
        result.scan,
        uid=f"{result.scan.uid}-maps",
        channels={name: np.where(known, v[nearest], np.nan) for name, v in values.items()},
        units={"angle": "deg"},
        roles={},
        directions={},
        warnings=(),
        file_sha256=None,
    )


def _reach_px(result: Result) -> float:
    """Half a window, on the scan's own pixels."""
    frame, pitch = result.scan.frame, result.analysis_pitch_m
    stretch = pitch / min(frame.pitch_m) if frame is not None and pitch is not None else 1.0
    return 0.5 * result.winner.window_px * stretch


def _nearest(
    places: NDArray[np.float64], shape: tuple[int, int], reach_px: float
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Index of the nearest key point of every pixel, and whether it is within reach."""
    from scipy.spatial import cKDTree

    pixels = np.indices(shape).reshape(2, -1).T
    distance, index = cKDTree(places).query(pixels, distance_upper_bound=reach_px)
    known = np.isfinite(distance).reshape(shape)
    return np.where(known, index.reshape(shape), 0), known

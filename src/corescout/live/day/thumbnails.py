"""Small pictures of scans with their points in the colours of their types, quickly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corescout.colors import type_color
from corescout.data import Result, Scan
from corescout.live.reading.identity import types_of_points

SIDE_PX = 192


def write_thumbnail(scan: Scan, result: Result | None, path: Path) -> Path:
    """Write a PNG of the analysed channel, its key points coloured by type."""
    from matplotlib.image import imsave

    imsave(path, thumbnail(scan, result))
    return path


def thumbnail(scan: Scan, result: Result | None) -> NDArray[np.uint8]:
    """Return the picture (h, w, 3); missing pixels are dark red."""
    name = result.channels[0] if result is not None else scan.default_channel
    name = name if name in scan.channels else scan.default_channel
    image = np.asarray(scan.channel(name), dtype=np.float64)
    step = max(1, max(image.shape) // SIDE_PX)
    small = image[::step, ::step]
    known = np.isfinite(small)
    grey = np.zeros((*small.shape, 3))
    if known.any():
        low, high = np.percentile(small[known], (1, 99))
        scaled = np.clip((small - low) / max(high - low, 1e-300), 0, 1)
        grey[:] = 255 * np.nan_to_num(scaled)[..., None]
    grey[~known] = (90, 20, 20)
    if result is not None:
        _draw_points(grey, result, step)
    return grey.astype(np.uint8)


def _draw_points(picture: NDArray[np.float64], result: Result, step: int) -> None:
    places = np.rint(np.asarray(result.patches.center_yx_px) / step).astype(int)
    kinds = types_of_points(result)
    core = np.zeros(len(kinds), bool)
    core[np.asarray(result.core_points.index)] = True
    for (y, x), kind, is_core in zip(places, kinds, core, strict=True):
        color = type_color(int(kind)).lstrip("#")
        rgb = [int(color[i : i + 2], 16) for i in (0, 2, 4)]
        reach = 1 if is_core else 0
        picture[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1] = rgb

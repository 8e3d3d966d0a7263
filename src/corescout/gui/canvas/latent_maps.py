"""Maps of the codes and of the angle, as layers over the scan."""

from __future__ import annotations

from typing import Any

import numpy as np

from corescout.data import Result
from corescout.gui.canvas.layer_data import OURS, LayerData
from corescout.gui.canvas.placement import geometry
from corescout.gui.jobs.job import Job
from corescout.gui.look import cyclic_palette

MAP = "map of {}"


def start_maps(result: Result) -> Job[list[LayerData]]:
    """Compute the maps off the GUI thread."""

    def compute(on_progress: object, stop: object) -> list[LayerData]:
        return map_layers(result)

    return Job(compute)


def map_layers(result: Result) -> list[LayerData]:
    """Return a map of each code, and of the angle where there is one; missing far from points."""
    from corescout.exports import result_maps

    maps = result_maps(result)
    layers: list[LayerData] = []
    for name in maps.channels:
        if name == "type":
            continue
        values = np.array(maps.channel(name))
        options: dict[str, Any] = {
            "name": MAP.format(name),
            "metadata": {OURS: MAP.format(name)},
            "opacity": 0.7,
            "colormap": "viridis",
            **geometry(result.scan),
        }
        if name == "angle":
            values = np.mod(values, 360.0)
            options |= {"colormap": _cyclic(), "contrast_limits": (0.0, 360.0)}
        else:
            low, high = np.nanpercentile(values, [2, 98])
            options["contrast_limits"] = (float(low), float(max(high, low + 1e-12)))
        layers.append((values, options, "image"))
    return layers


def _cyclic() -> Any:
    from napari.utils.colormaps import Colormap

    return Colormap(cyclic_palette(), name="angle")

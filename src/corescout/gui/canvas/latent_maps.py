"""Maps of the codes, of the angle and of a predicted property, as layers over the scan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from corescout.data import Result
from corescout.gui.canvas.layer_data import OURS, LayerData
from corescout.gui.canvas.placement import geometry
from corescout.gui.jobs.job import Job
from corescout.gui.look import cyclic_palette

if TYPE_CHECKING:
    from corescout.steering import Prediction

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
    return [_layer(result, n, maps.channel(n)) for n in maps.channels if n != "type"]


def property_layers(result: Result, prediction: Prediction) -> list[LayerData]:
    """Return maps of the mean and of the standard deviation of a predicted property."""
    from corescout.exports.maps import images_of

    of = f" {prediction.name}" + (f" ({prediction.unit})" if prediction.unit else "")
    found = images_of(result, {"deviation of" + of: prediction.std, "mean" + of: prediction.mean})
    return [_layer(result, name, values) for name, values in found.items()]


def _layer(result: Result, name: str, image: NDArray[np.floating]) -> LayerData:
    values = np.array(image)
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
    return values, options, "image"


def _cyclic() -> Any:
    from napari.utils.colormaps import Colormap

    return Colormap(cyclic_palette(), name="angle")

"""Images of other readers: their place and scale as a scan, or why they are not taken."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from corescout.data import Scan, ScanFrame


def refusal(layer: Any) -> str:
    """Say why a layer of the user's cannot be explored; "" if it can, or is no picture at all."""
    from napari.layers import Image, Labels

    name = f"'{layer.name}'"
    if isinstance(layer, Labels):
        return f"{name} holds labels. Open the scan that they belong to."
    if not isinstance(layer, Image):
        return ""
    if layer.rgb:
        return f"{name} is a colour picture. Open the channels of the scan, not a picture of them."
    if layer.ndim != 2:
        return (
            f"{name} has {layer.ndim} dimensions. Right click on it in the layer list and choose"
            " Split Stack, or open a single image."
        )
    if not _is_plain(layer):
        return f"{name} is sheared. Reset its affine transform, or open the scan itself."
    if _metres(layer) is None and _placed(layer):
        return f"{name} has a scale without a unit. Set its units to nm or µm."
    return ""


def scan_of(layer: Any) -> Scan:
    """Return a plain image as a scan of one channel, where the layer lies."""
    values = np.asarray(layer.data[0] if layer.multiscale else layer.data)
    factor_m = _metres(layer)
    frame = None
    if factor_m is not None:
        height, width = values.shape
        scale_y, scale_x = (abs(float(s)) * factor_m for s in layer.scale[-2:])
        y, x = layer.data_to_world(((height - 1) / 2, (width - 1) / 2))[-2:]
        frame = ScanFrame(
            shape_px=(height, width),
            pitch_m=(scale_x, scale_y),
            center_m=(float(x) * factor_m, -float(y) * factor_m),
            angle_rad=-_angle(layer),
        )
    return Scan(uid=layer.name, channels={layer.name: values}, source=layer.name, frame=frame)


def _metres(layer: Any) -> float | None:
    """Metres of one unit of the layer; None where its unit is no length."""
    from pint import DimensionalityError

    try:
        return float((1 * layer.units[-1]).to("meter").magnitude)
    except DimensionalityError:
        return None


def _placed(layer: Any) -> bool:
    scaled = not np.allclose(layer.scale[-2:], 1.0) or not np.allclose(layer.translate[-2:], 0.0)
    return scaled or abs(_angle(layer)) > 1e-9


def _angle(layer: Any) -> float:
    turned = np.asarray(layer.rotate, float)
    return math.atan2(turned[-1, -2], turned[-1, -1])


def _is_plain(layer: Any) -> bool:
    upright = np.allclose(np.asarray(layer.affine.affine_matrix), np.eye(layer.ndim + 1))
    straight = np.allclose(np.asarray(layer.shear, float), 0.0)
    return upright and straight and bool(np.all(np.asarray(layer.scale) > 0))

"""Plain arrays as images of real numbers, and as the channels of a scan."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Scan
from corescout.readers.roles import role_of


def real_image(image: Any, what: str = "the array") -> NDArray[np.float32]:
    """Return an image (H, W) of real numbers as float32, NaN where it is masked.

    Raises
    ------
    InputError
        If it is none, with what to do; complex numbers are no guess of ours.
    """
    masked = isinstance(image, np.ma.MaskedArray)
    values = np.ma.asarray(image) if masked else np.asarray(image)
    if values.dtype.kind == "c":
        raise InputError(
            "real numbers",
            f"complex ones in {what}",
            "give {'Amplitude': abs(a), 'Phase': numpy.angle(a, deg=True)}, or a.real",
        )
    if values.dtype.kind not in "fiub" or values.ndim != 2 or min(values.shape) < 2:
        raise InputError(
            "an image (H, W) of numbers",
            f"{values.dtype} {values.shape} in {what}",
            "give one image, or a mapping of channel names to images of one shape",
        )
    real = values.astype(np.float32)
    return np.asarray(np.ma.filled(real, np.nan) if masked else real)


def scan_of(images: dict[str, NDArray[np.float32]]) -> Scan:
    """Return channels (H, W) by name as a scan; the names say amplitude and phase.

    Raises
    ------
    InputError
        If their shapes differ, or there is none.
    """
    shapes = {image.shape for image in images.values()}
    if len(shapes) != 1:
        raise InputError(
            "images of one shape", ", ".join(map(str, shapes)) or "none", "crop them alike"
        )
    roles = {name: role for name in images if (role := role_of(name))}
    units = {name: "deg" for name, role in roles.items() if role.startswith("phase")}
    return Scan(uid="array", channels=images, units=units, roles=roles)

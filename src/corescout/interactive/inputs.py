"""Whatever holds an image, as a scan: files, arrays, masked arrays, xarray, sidpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from corescout.data import InputError, Keypoints, Scan, ScanFrame
from corescout.interactive.images import real_image, scan_of
from corescout.interactive.labelled import is_labelled, labelled_scan
from corescout.plan import Plan
from corescout.quantities import length_m
from corescout.readers import read_scan
from corescout.readers.numpy_array import ONLY


def as_scan(image: Any, pitch: str | float | None = None, channel: str | None = None) -> Scan:
    """Return whatever holds an image as a scan.

    Parameters
    ----------
    image : Scan, path, array, mapping, xarray.DataArray, xarray.Dataset or sidpy.Dataset
        An array is (H, W), row 0 at the +Y edge; a mapping has an array for each channel. Of a
        masked array what is masked is missing. Coordinates with a unit of length give the frame.
    pitch : str or float, optional
        Pixel pitch, such as "10nm", or in metres; used where the image says none.
    channel : str, optional
        Of a file with images of several sizes or places, those with this channel.

    Raises
    ------
    InputError
        If it holds no image of real numbers, or the pitch is no length.
    """
    pitch_m = pitch_of(pitch)
    if isinstance(image, (str, Path)):
        return read_scan(image, pixel_size_m=pitch_m, channel=channel)
    if isinstance(image, Scan):
        scan = image
    elif is_labelled(image):
        scan = labelled_scan(image)
    elif isinstance(image, Mapping):
        scan = scan_of({str(name): real_image(a, repr(name)) for name, a in image.items()})
    else:
        scan = scan_of({ONLY: real_image(image)})
    if pitch_m is None or scan.frame is not None:
        return scan
    assumed = ("pixel size given by the user", "centre 0, angle 0")
    return replace(scan, frame=ScanFrame(scan.shape_px, (pitch_m, pitch_m), assumed=assumed))


def pitch_of(pitch: str | float | None) -> float | None:
    """Return a pixel pitch in metres.

    Raises
    ------
    InputError
        If it is no length above 0; a number must be plausible in metres.
    """
    if pitch is None or isinstance(pitch, str):
        return None if pitch is None else length_m(pitch, "pitch")
    try:
        value = float(pitch)
    except (TypeError, ValueError):
        value = float("nan")
    if not 0 < value < 1e-3:
        raise InputError(
            "a pixel pitch with its unit, or in metres", repr(pitch), "give it as '10nm' or 10e-9"
        )
    return value


def as_keypoints(keypoints: Any, scan: Scan) -> Keypoints | None:
    """Return places (N, 2) in (row, column) as key points that were drawn.

    Raises
    ------
    InputError
        If they are no such places, or not on the scan.
    """
    if keypoints is None or isinstance(keypoints, Keypoints):
        return keypoints
    try:
        places = np.asarray(keypoints, dtype=np.float64)
    except (TypeError, ValueError):
        places = np.zeros(0)
    last = np.asarray(scan.shape_px) - 1
    if places.ndim != 2 or places.shape[1:] != (2,) or not np.isfinite(places).all():
        raise InputError(
            "key points (N, 2) as (row, column) in pixels",
            f"shape {np.shape(keypoints)}",
            "give an array of finite numbers with two columns",
        )
    outside = int(((places < 0) | (places > last)).any(axis=1).sum())
    if outside:
        raise InputError(
            f"key points on the scan of {scan.shape_px[0]} rows and {scan.shape_px[1]} columns",
            f"{outside} of {len(places)} beside it",
            "give (row, column) in pixels, row first",
        )
    return Keypoints(places, np.ones(len(places)), "drawn")


def as_plan(
    plan: Plan | str | None,
    channel: str | tuple[str, ...] | list[str] | None = None,
    seed: int | None = None,
    rng: np.random.Generator | None = None,
) -> Plan:
    """Return a plan, a preset by its name, or the default one, with channel and seed.

    Raises
    ------
    InputError
        If there is no such preset, or both a seed and a generator are given.
    """
    made = plan if isinstance(plan, Plan) else Plan.preset(plan or "live")  # type: ignore[arg-type]
    if seed is not None and rng is not None:
        raise InputError("seed or rng", "both", "give one of them")
    if rng is not None:
        seed = int(np.random.default_rng(rng).integers(2**31))
    if seed is not None:
        made = made.changed("seed", int(seed))
    if channel is None:
        return made
    return made.changed("channels", (channel,) if isinstance(channel, str) else tuple(channel))

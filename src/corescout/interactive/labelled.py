"""Arrays that know their axes: xarray and sidpy, in and out. Neither library is needed for `in`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Result, Scan, ScanFrame
from corescout.exports import result_maps
from corescout.interactive.images import real_image, scan_of
from corescout.quantities import metres_per

if TYPE_CHECKING:
    import xarray

_log = logging.getLogger(__name__)
_UNEVEN = 1e-3  # of a step: coordinates that differ by more are not evenly spaced
Axis = tuple[str, NDArray[np.float64] | None, str]  # name, coordinates, unit


def is_labelled(image: Any) -> bool:
    """Return whether something is an array or dataset of xarray or sidpy."""
    return _is_xarray(image) or _is_sidpy(image)


def labelled_scan(image: Any) -> Scan:
    """Return the images of an xarray or sidpy object with their frame.

    The axes are taken by their names (x, y); coordinates in a unit of length give pitch and
    centre, and turn an image whose rows run upwards. An attribute ``angle_rad`` is the frame's.

    Raises
    ------
    InputError
        If it is no image on two axes, or the coordinates are not evenly spaced.
    """
    channels: dict[str, NDArray[np.float32]] = {}
    units, frame = {}, None
    for name, array in _images(image):
        attrs = array.attrs if _is_xarray(array) else {}
        axes = _axes(array)
        if len(axes) != 2:
            found = f"{name!r} on {', '.join(a[0] for a in axes)}"
            raise InputError("an image on two axes", found, "select one image of it")
        values = array.values if _is_xarray(array) else array
        upright, (y, x) = _upright(real_image(values, repr(name)), axes)
        channels[name] = upright
        units[name] = str(attrs.get("units", "") or getattr(array, "units", "") or "")
        frame = frame or _frame(upright.shape, y, x, float(attrs.get("angle_rad", 0.0)))
    if not channels:
        raise InputError("at least one image", "none", "give a DataArray or a Dataset with images")
    scan = scan_of(channels)
    return Scan(
        uid=str(getattr(image, "name", None) or getattr(image, "title", None) or "array"),
        channels=channels,
        units={**scan.units, **{n: u for n, u in units.items() if u}},
        frame=frame,
        roles=scan.roles,
    )


def to_xarray(result: Result) -> xarray.Dataset:
    """Return the analysed channels and the maps of a result, on coordinates in metres.

    Variables: the channels with their units, "type", "z1", "z2", ..., and "angle" in degrees.
    Coordinates are the instrument's; on a turned frame (attribute ``angle_rad``) they run along
    its own axes through its centre. In pixels where the scan has no scale.

    Raises
    ------
    InputError
        Without xarray.
    """
    try:
        import xarray
    except ImportError as error:
        raise InputError("xarray", "none", "pip install xarray") from error
    scan, maps = result.scan, result_maps(result)
    coords, attrs = _coordinates(scan)
    images = {n: (scan.channels[n], scan.units[n]) for n in result.channels}
    images |= {n: (image, maps.units[n]) for n, image in maps.channels.items()}
    return xarray.Dataset(
        {
            n: (("y", "x"), np.asarray(image), {"units": unit})
            for n, (image, unit) in images.items()
        },
        coords=coords,
        attrs={**attrs, "source": scan.source, "verdict": result.why},
    )


def _is_xarray(image: Any) -> bool:
    kind = type(image)
    return kind.__module__.startswith("xarray.") and kind.__name__ in ("DataArray", "Dataset")


def _is_sidpy(image: Any) -> bool:
    return hasattr(image, "_axes") and hasattr(image, "quantity") and hasattr(image, "data_type")


def _images(image: Any) -> list[tuple[str, Any]]:
    if type(image).__name__ == "Dataset" and _is_xarray(image):
        return [(str(name), array) for name, array in image.data_vars.items()]
    name = getattr(image, "name", None) or getattr(image, "quantity", None) or "image"
    return [(str(name), image)]


def _axes(array: Any) -> list[Axis]:
    if _is_sidpy(array):
        found = [array._axes[k] for k in sorted(array._axes)]
        return [(str(a.name), np.asarray(a.values, float), str(a.units)) for a in found]
    axes: list[Axis] = []
    for name in array.dims:
        coords = array.coords.get(name)
        unit = "" if coords is None else str(coords.attrs.get("units", ""))
        axes.append((str(name), None if coords is None else np.asarray(coords.values, float), unit))
    return axes


def _upright(
    image: NDArray[np.float32], axes: list[Axis]
) -> tuple[NDArray[np.float32], tuple[Axis, Axis]]:
    """The image with rows along y, row 0 at the +Y edge and column 0 at the -X edge."""
    first, second = axes
    if first[0].lower().startswith(("x", "col")) and not second[0].lower().startswith(("x", "col")):
        image, first, second = image.T, second, first
    y, x = first[1], second[1]
    if y is not None and y[-1] > y[0]:
        image, first = image[::-1], (first[0], y[::-1], first[2])
    if x is not None and x[-1] < x[0]:
        image, second = image[:, ::-1], (second[0], x[::-1], second[2])
    return np.ascontiguousarray(image), (first, second)


def _frame(shape: tuple[int, ...], y: Axis, x: Axis, angle_rad: float) -> ScanFrame | None:
    """The frame of coordinates in a unit of length; None where there are none."""
    placed = [_placed(axis) for axis in (x, y)]
    if any(p is None for p in placed):
        _say_without_unit(x, y)
        return None
    (pitch_x, center_x), (pitch_y, center_y) = (p for p in placed if p is not None)
    height, width = shape
    return ScanFrame((height, width), (pitch_x, pitch_y), (center_x, center_y), angle_rad)


def _say_without_unit(*axes: Axis) -> None:
    """Coordinates that say no unit and count no pixels were meant as a place: say so."""
    meant = [
        name
        for name, values, unit in axes
        if values is not None
        and not unit
        and not np.array_equal(np.sort(values), np.arange(len(values)))
    ]
    if meant:
        _log.warning(
            "the coordinates %s have no unit, so the image has no scale: set"
            " image[%r].attrs['units'] = 'm', or give pitch=", " and ".join(meant), meant[0],
        )  # fmt: skip


def _placed(axis: Axis) -> tuple[float, float] | None:
    """Pitch and centre in metres; None without coordinates or a unit of length."""
    name, values, unit = axis
    factor = metres_per(unit)
    if values is None or factor is None:
        return None
    steps = np.diff(values)
    step = float(np.mean(steps))
    if (
        not np.isfinite(steps).all()
        or step == 0
        or np.abs(steps - step).max() > _UNEVEN * abs(step)
    ):
        raise InputError(
            f"evenly spaced coordinates along {name!r}", "uneven ones", "resample the image"
        )
    return abs(step) * factor, float(values[0] + values[-1]) / 2 * factor


def _coordinates(scan: Scan) -> tuple[dict[str, Any], dict[str, Any]]:
    height, width = scan.shape_px
    if scan.frame is None:
        pixel = {"units": "px"}
        return {"y": ("y", np.arange(height), pixel), "x": ("x", np.arange(width), pixel)}, {}
    (pitch_x, pitch_y), (x, y) = scan.frame.pitch_m, scan.frame.center_m
    metre = {"units": "m"}
    along_x = x + (np.arange(width) - (width - 1) / 2) * pitch_x
    along_y = y - (np.arange(height) - (height - 1) / 2) * pitch_y
    coords = {"y": ("y", along_y, metre), "x": ("x", along_x, metre)}
    return coords, {"angle_rad": scan.frame.angle_rad}

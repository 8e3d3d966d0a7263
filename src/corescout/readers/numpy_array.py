"""`.npy`, `.npz`: images (H, W) or channels (C, H, W), without units or scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Scan
from corescout.data.bounds import bounded_npz, check_npy
from corescout.readers.roles import role_of

_MOST_CHANNELS = 64
ONLY = "image"  # the same for every file: a run of one is applied to the next by this name


def read(path: Path) -> Scan:
    """Read an array of numbers; row 0 is taken as the +Y edge.

    Raises
    ------
    InputError
        If it holds objects (which would be code), is cut short, or is no image.
    """
    try:
        if path.suffix.lower() == ".npz":
            with bounded_npz(path) as archive:
                return _archive({name: archive[name] for name in archive.files}, path)
        check_npy(path)
        return scan_of(np.load(path, allow_pickle=False), path)
    except ValueError as error:
        raise InputError(
            "an array of numbers",
            f"{path.name}: {error}",
            "save it again with numpy.save of a float array",
        ) from error


def _archive(arrays: dict[str, NDArray[np.generic]], path: Path) -> Scan:
    """Images (H, W) of one size, by their names in the archive; a phase in degrees or radians."""
    images = _images(arrays)
    if not images or len({a.shape for a in images.values()}) != 1:
        raise InputError(
            "images (H, W) of one size",
            f"{_kinds(arrays)} in {path.name}",
            "save the channels as arrays of real numbers, of one shape",
        )
    roles = {name: role for name in images if (role := role_of(name))}
    warnings: list[str] = []
    for name, role in roles.items():
        if not role.startswith("phase"):
            continue
        finite = images[name][np.isfinite(images[name])]
        if _is_radians(finite):
            images[name] = np.rad2deg(images[name])
            warnings.append(f"{name!r} has steps or a range of pi: it is taken as radians")
        elif finite.size and np.ptp(finite) <= 2 * np.pi:
            warnings.append(f"{name!r} spans {np.ptp(finite):.2g}: it is taken as degrees")
    return Scan(
        uid=path.stem,
        channels={n: a.astype(np.float32) for n, a in images.items()},
        units={name: "deg" for name, role in roles.items() if role.startswith("phase")},
        roles=roles,
        source=str(path),
        warnings=tuple(warnings),
    )


def _images(arrays: dict[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
    """Images (H, W) by name; a stack (C, H, W) gives one for each plane, "name 1", "name 2"."""
    images: dict[str, NDArray[np.generic]] = {}
    for name, array in arrays.items():
        if array.dtype.kind not in "fiub":
            continue
        if array.ndim == 2:
            images[name] = array
        elif array.ndim == 3 and len(array) <= _MOST_CHANNELS and not _last_is_channel(array):
            planes = {f"{name} {k + 1}": plane for k, plane in enumerate(array)}
            images |= planes if len(array) > 1 else {name: array[0]}
    return images


def _is_radians(phase: NDArray[np.generic]) -> bool:
    """Whether a phase (n,) is in radians: it spans a full turn, or has two levels pi apart.

    A phase in degrees may span as little, but then has neither: two domains of opposite polarity
    lie 180 degrees apart.
    """
    if phase.size == 0:
        return False
    values = np.asarray(phase, dtype=np.float64)
    span = float(np.ptp(values))
    if span > 2.02 * np.pi or np.abs(values).max() > 2.02 * np.pi:
        return False
    two_fold = abs(np.exp(2j * values).mean())
    return span > 1.94 * np.pi or (span > 0.9 * np.pi and two_fold > 0.5)


def _last_is_channel(stack: NDArray[np.generic]) -> bool:
    return bool(stack.shape[2] <= 4 < min(stack.shape[:2]))


def _kinds(arrays: dict[str, NDArray[np.generic]]) -> str:
    """Names, types and shapes, of the first arrays if there are many."""
    said = [f"{name} ({a.dtype} {a.shape})" for name, a in arrays.items()]
    return ", ".join(said[:6]) + (", ..." if len(said) > 6 else "") or "nothing"


def scan_of(array: NDArray[np.generic], path: Path) -> Scan:
    """Make a scan of a plain array (H, W) or (C, H, W)."""
    if array.dtype.kind not in "fiub" or array.ndim not in (2, 3):
        raise InputError(
            "real numbers of shape (H, W) or (C, H, W)",
            f"{array.dtype} {array.shape}",
            "save one image or a stack of channels",
        )
    stack = array[None] if array.ndim == 2 else array
    if len(stack) > _MOST_CHANNELS or _last_is_channel(stack):
        raise InputError(
            "channels first, (C, H, W), at most 64", f"{array.shape}", "move the channel axis first"
        )
    names = [ONLY] if len(stack) == 1 else [f"Channel{i + 1}" for i in range(len(stack))]
    return Scan(
        uid=path.stem,
        channels={n: image.astype(np.float32) for n, image in zip(names, stack, strict=True)},
        source=str(path),
    )

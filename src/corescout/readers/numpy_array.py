"""`.npy`, `.npz`: images (H, W) or channels (C, H, W), without units or scale."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Scan
from corescout.data.bounds import bounded_npz, check_npy
from corescout.readers.roles import role_of
from corescout.readers.stored import StoredImage, scans_of

_MOST_CHANNELS = 64
_FEW = 16  # that are taken as channels where they stand last
ONLY = "image"  # the same for every file: a run of one is applied to the next by this name


def read_all(path: Path) -> list[Scan]:
    """Read an array of numbers; row 0 is taken as the +Y edge. An archive gives a scan per size.

    Raises
    ------
    InputError
        If it holds objects (which would be code), is cut short, or is no image.
    """
    try:
        if path.suffix.lower() == ".npz":
            with bounded_npz(path) as archive:
                return _archive(archive, path)
        check_npy(path)
        return [scan_of(np.load(path, allow_pickle=False), path)]
    except ValueError as error:
        objects = "objects, which would be code" if _is_of_objects(error) else str(error)
        raise InputError(
            "an array of numbers",
            f"{path.name}: {objects}",
            "save it again with numpy.save of a float array",
        ) from error


def _archive(archive: np.lib.npyio.NpzFile, path: Path) -> list[Scan]:
    """Images (H, W) by their names in the archive; a phase in degrees or radians."""
    arrays, objects = {}, []
    for name in archive.files:
        try:
            arrays[name] = archive[name]
        except ValueError as error:
            if not _is_of_objects(error):
                raise
            objects.append(f"{name} (objects)")  # they would be code: they are left alone
    images = _images(arrays)
    if not images:
        raise InputError(
            "images (H, W)",
            f"{', '.join([_kinds(arrays), *objects])} in {path.name}",
            "save the channels as arrays of real numbers: amplitude and phase, not a complex one",
        )
    left = {n: a for n, a in arrays.items() if a.ndim > 1 and not _holds(n, images)}
    unread = [*([_kinds(left)] if left else []), *objects]
    warnings = [f"no images (H, W), and not read: {', '.join(unread)}"] if unread else []
    stored = []
    for name, values in images.items():
        role = role_of(name)
        is_phase = role.startswith("phase")
        factor, doubt = _degrees(name, values) if is_phase else (1.0, "")
        warnings += [doubt] if doubt else []
        stored.append(
            StoredImage(name, values.astype(np.float64) * factor, "deg" if is_phase else "", role)
        )
    return scans_of(stored, uid=path.stem, source=str(path), metadata={}, warnings=warnings)


def _is_of_objects(error: ValueError) -> bool:
    """Whether NumPy refused an array for holding Python objects."""
    return "allow_pickle" in str(error)


def _holds(name: str, images: dict[str, NDArray[np.generic]]) -> bool:
    return name in images or f"{name} 1" in images


def _degrees(name: str, phase: NDArray[np.generic]) -> tuple[float, str]:
    """Factor of a phase to degrees, and what is in doubt: its name, else its values decide."""
    said = re.search(r"(?:[ _(\[]|^)(rad|deg)(?:ians?|rees?)?[)\]]?$", name.lower())
    if said:
        return (float(np.rad2deg(1.0)) if said[1] == "rad" else 1.0), ""
    finite = phase[np.isfinite(phase)]
    if _is_radians(finite):
        doubt = f"{name!r} has steps or a range of pi: it is taken as radians"
        return float(np.rad2deg(1.0)), doubt
    if finite.size and np.ptp(finite) <= 2 * np.pi:
        return 1.0, f"{name!r} spans {np.ptp(finite):.2g}: it is taken as degrees"
    return 1.0, ""


def _images(arrays: dict[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
    """Images (H, W) by name; a stack (C, H, W) gives one for each plane, "name 1", "name 2"."""
    images: dict[str, NDArray[np.generic]] = {}
    for name, array in arrays.items():
        if array.dtype.kind not in "fiub":
            continue
        array = _without_ones(array)
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
    last, least = stack.shape[2], min(stack.shape[:2])
    return bool(last <= 4 < least or (last <= _FEW and 3 * last <= least))


def _without_ones(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """An array without first axes and a last one of length 1: (1, H, W), (H, W, 1)."""
    while array.ndim > 2 and array.shape[0] == 1:
        array = array[0]
    return array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array


def _kinds(arrays: dict[str, NDArray[np.generic]]) -> str:
    """Names, types and shapes, of the first arrays if there are many."""
    said = [f"{name} ({a.dtype} {a.shape})" for name, a in arrays.items()]
    return ", ".join(said[:6]) + (", ..." if len(said) > 6 else "") or "nothing"


def scan_of(array: NDArray[np.generic], path: Path) -> Scan:
    """Make a scan of a plain array (H, W) or (C, H, W)."""
    array = _without_ones(array)
    if array.dtype.kind not in "fiub" or array.ndim not in (2, 3):
        raise InputError(
            "real numbers of shape (H, W) or (C, H, W)",
            f"{array.dtype} {array.shape}",
            "save one image or a stack of channels; of complex numbers amplitude and phase",
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

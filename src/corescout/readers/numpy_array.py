"""`.npy`, `.npz`: images (H, W) or channels (C, H, W), without units or scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Scan


def read(path: Path) -> Scan:
    """Read an array of numbers; row 0 is taken as the +Y edge.

    Raises
    ------
    InputError
        If it holds objects (which would be code), is cut short, or is no image.
    """
    try:
        array = np.load(path, allow_pickle=False)
    except ValueError as error:
        raise InputError(
            "an array of numbers",
            f"{path.name}: {error}",
            "save it again with numpy.save of a float array",
        ) from error
    if isinstance(array, np.lib.npyio.NpzFile):
        return _archive(array, path)
    return scan_of(array, path)


def _archive(archive: np.lib.npyio.NpzFile, path: Path) -> Scan:
    """Images (H, W) of one size, by their names in the archive."""
    with archive:
        try:
            arrays = {name: archive[name] for name in archive.files}
        except ValueError as error:
            raise InputError(
                "arrays of numbers", f"{path.name}: {error}", "save it again as numbers"
            ) from error
    images = {n: a for n, a in arrays.items() if a.ndim == 2 and a.dtype.kind in "fiub"}
    if not images or len({a.shape for a in images.values()}) != 1:
        raise InputError(
            "images (H, W) of one size",
            f"{ {n: a.shape for n, a in arrays.items()} } in {path.name}",
            "save the channels as arrays of one shape",
        )
    return Scan(
        uid=path.stem,
        channels={n: a.astype(np.float32) for n, a in images.items()},
        source=str(path),
    )


def scan_of(array: NDArray[np.generic], path: Path) -> Scan:
    """Make a scan of a plain array (H, W) or (C, H, W)."""
    if array.dtype.kind not in "fiub" or array.ndim not in (2, 3):
        raise InputError(
            "real numbers of shape (H, W) or (C, H, W)",
            f"{array.dtype} {array.shape}",
            "save one image or a stack of channels",
        )
    stack = array[None] if array.ndim == 2 else array
    if len(stack) > 64:
        raise InputError(
            "channels first, (C, H, W), at most 64", f"{array.shape}", "move the channel axis first"
        )
    names = [path.stem] if len(stack) == 1 else [f"Channel{i + 1}" for i in range(len(stack))]
    return Scan(
        uid=path.stem,
        channels={n: image.astype(np.float32) for n, image in zip(names, stack, strict=True)},
        source=str(path),
    )

"""Arrays inside frozen types, read-only, of a known dtype and shape; and large ones by rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

_ROWS_AT_ONCE = 256


def readonly(
    name: str, value: ArrayLike, shape: tuple[int | None, ...], dtype: DTypeLike = np.float64
) -> NDArray[Any]:
    """Return `value` as a read-only array of `dtype`, its shape checked.

    Parameters
    ----------
    name : str
        What the array is called, for the error.
    value : array_like
        Copied only where it is writeable or of another dtype.
    shape : tuple of int or None
        Expected lengths; None accepts any.

    Raises
    ------
    ValueError
        If the number of axes or a length differs.
    """
    array = np.asarray(value, dtype=dtype)
    fits = array.ndim == len(shape) and all(
        want is None or want == have for want, have in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted = tuple("any" if length is None else length for length in shape)
        raise ValueError(f"{name}: expected shape {wanted}, found {array.shape}")
    if array.flags.writeable:
        array = array.copy()
        array.flags.writeable = False
    return array


def set_readonly(
    owner: object, name: str, shape: tuple[int | None, ...], dtype: DTypeLike = np.float64
) -> None:
    """Replace an array field of a frozen dataclass by its checked, read-only form."""
    checked = readonly(f"{type(owner).__name__}.{name}", getattr(owner, name), shape, dtype)
    object.__setattr__(owner, name, checked)


def blocks_of_rows(count: int) -> Iterator[slice]:
    """Go through the rows of a large image: what is computed on the way stays small."""
    for first in range(0, count, _ROWS_AT_ONCE):
        yield slice(first, min(first + _ROWS_AT_ONCE, count))

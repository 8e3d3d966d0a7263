"""numba's cache on the disk, where it names classes that are there no more."""

from __future__ import annotations

from pickle import UnpicklingError
from typing import TypeVar

_Kernel = TypeVar("_Kernel")


def readable(kernel: _Kernel) -> _Kernel:
    """Return a kernel; what is cached of it is thrown away if it cannot be read.

    The cache names the classes of the arguments. After one was renamed or moved, reading it is an
    error before numba has compared anything; thrown away, it is compiled again.
    """
    cache = getattr(kernel, "_cache", None)
    file = getattr(cache, "_cache_file", None)
    if cache is None or file is None:
        return kernel
    try:
        file.load(None)  # of no signature: reads the index alone
    except (AttributeError, EOFError, ImportError, TypeError, UnpicklingError, ValueError):
        cache.flush()
    return kernel

"""What napari loads for the first layer of a session, loaded before a scan is opened."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from threading import Thread

import numpy as np
from napari.layers import Image


def load_ahead(on_loaded: Callable[[], object]) -> None:
    """Load the table of units now, a fifth of a second, and pandas beside, more than half of one.

    The first layer would do both while the operator waits for a scan with a window that does not
    answer. `on_loaded` is called in the thread that loads.
    """
    Image(np.zeros((2, 2)), units=("nm", "nm"))

    def load() -> None:
        import_module("pandas")
        on_loaded()

    Thread(target=load, name="load ahead", daemon=True).start()

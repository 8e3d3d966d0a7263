"""What napari loads for the first layer of a session, loaded before a scan is opened."""

from __future__ import annotations

from importlib import import_module
from threading import Thread

import numpy as np
from napari.layers import Image


def load_ahead() -> None:
    """Load the table of units now, a fifth of a second, and pandas beside, more than half of one.

    The first layer would do both while the operator waits for a scan with a window that does not
    answer.
    """
    Image(np.zeros((2, 2)), units=("nm", "nm"))
    Thread(target=import_module, args=("pandas",), name="load ahead", daemon=True).start()

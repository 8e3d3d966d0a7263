"""What napari loads for the first layer of a session, loaded before a scan is opened."""

from __future__ import annotations

from importlib import import_module
from threading import Thread

import numpy as np
from napari.layers import Image

from corescout.gui.jobs.collector import CheapCollections


class LoadedAhead:
    """Loads the table of units now, a fifth of a second, and pandas beside, more than half of one.

    The first layer would do both while the operator waits for a scan with a window that does not
    answer. Full collections pass over what is there once both are loaded, until `close`.
    """

    def __init__(self) -> None:
        self._closed = False
        self._collections = CheapCollections()
        Image(np.zeros((2, 2)), units=("nm", "nm"))
        Thread(target=self._load, name="load ahead", daemon=True).start()

    def close(self) -> None:
        """The window goes: collections look at everything again."""
        self._closed = True
        self._collections.end()

    def _load(self) -> None:
        import_module("pandas")
        self._collections.begin()
        if self._closed:
            self._collections.end()

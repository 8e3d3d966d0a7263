"""Full garbage collections stop the window for 0.25 s: they wait for a run, or are made cheap."""

from __future__ import annotations

import gc

_NEVER = 1_000_000


class FullCollections:
    """Puts off collections of the oldest generation; the younger ones go on."""

    def __init__(self) -> None:
        self._thresholds: tuple[int, int, int] | None = None

    def put_off(self) -> None:
        """Run no full collection until `resume`."""
        if self._thresholds is None:
            self._thresholds = gc.get_threshold()
            gc.set_threshold(*self._thresholds[:2], _NEVER)

    def resume(self) -> None:
        """Collect as before."""
        if self._thresholds is not None:
            gc.set_threshold(*self._thresholds)
            self._thresholds = None


class CheapCollections:
    """Full collections that pass over what is there by now.

    Most of what a full one looks through is napari, torch and the window: there before the first
    scan, and as long as the window is. A watch may take days, and passes over what it begins with
    too: what lies in cycles would pile up if collections were put off for so long. When it ends,
    everything is looked at again.
    """

    def __init__(self) -> None:
        self._frozen = False

    def begin(self) -> None:
        """Pass over all that there is, until `end`."""
        if not self._frozen:
            gc.freeze()
            self._frozen = True

    def end(self) -> None:
        """Look at everything again."""
        if self._frozen:
            gc.unfreeze()
            self._frozen = False

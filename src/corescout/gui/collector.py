"""Full garbage collections wait while a run is shown: each stops the window for 0.25 s."""

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

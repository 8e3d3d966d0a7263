"""Labels on the scan, a few letters at a time: the first of each takes napari 10 ms to draw."""

from __future__ import annotations

from typing import Any

import numpy as np

_AT_ONCE = 2


class Letters:
    """Remembers which letters the canvas has drawn, and puts off labels with too many new ones."""

    def __init__(self) -> None:
        self._drawn: set[str] = set()

    def split(self, entry: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...] | None]:
        """Return the layer with the labels that can be drawn now, and what is left for later."""
        data, options, kind = entry
        labels = options.get("features", {}).get("label", ())
        new = [letter for letter in dict.fromkeys("".join(labels)) if letter not in self._drawn]
        self._drawn.update(new[:_AT_ONCE])
        if len(new) <= _AT_ONCE:
            return entry, None
        now = np.array([label if self._drawn.issuperset(label) else "" for label in labels])
        features = options["features"] | {"label": now}
        return (data, options | {"features": features}, kind), entry

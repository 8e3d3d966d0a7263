"""Keyboard shortcuts of the dock, bound to the viewer while it is open; a list for the help."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any


class Keys:
    """Binds keys to what they do; `close` gives back what was bound before.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._before: dict[str, Any] = {}
        self._words: dict[str, str] = {}

    def bind(self, key: str, words: str, owner: Any, act: Callable[[Any], object]) -> None:
        """Bind a key such as "Shift-D" to `act(owner)`; the owner is not kept alive by it."""
        held = weakref.ref(owner)

        def press(_: Any) -> None:
            found = held()
            if found is not None:
                act(found)

        before = self._viewer.bind_key(key, press, overwrite=True)
        self._before.setdefault(key, before)
        self._words[key] = words

    def rows(self) -> list[tuple[str, str]]:
        """Return keys and what they do, as an operator reads them."""
        return [(read_key(key), words) for key, words in self._words.items()]

    def close(self) -> None:
        """Unbind; what other plugins had bound is bound again."""
        for key, before in self._before.items():
            self._viewer.bind_key(key, None, overwrite=True)
            if before is not None:
                self._viewer.bind_key(key, before, overwrite=True)
        self._before = {}


def read_key(key: str) -> str:
    """Return a key as an operator reads it: "Ctrl+Z" for "Control-Z"."""
    return key.replace("Control", "Ctrl").replace("-", "+")

"""What a window hears from napari: one list, undone at once when the window closes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any


class Connections:
    """Connections to signals of the viewer and its layers, and callbacks in its lists.

    napari outlives every dock: what is connected to it must be disconnected by whoever connected.
    """

    def __init__(self) -> None:
        self._connected: list[tuple[Any, Callable[..., Any]]] = []
        self._listed: list[tuple[Any, Callable[..., Any]]] = []

    def connect(self, signal: Any, slot: Callable[..., Any]) -> None:
        """Call a slot with every event of a signal, until it is disconnected or all are closed."""
        signal.connect(slot)
        self._connected.append((signal, slot))

    def disconnect(self, signal: Any, slot: Callable[..., Any]) -> None:
        """Call the slot no longer: what it was about is gone before the window."""
        kept = [pair for pair in self._connected if pair != (signal, slot)]
        if len(kept) < len(self._connected):
            self._connected = kept
            _disconnect(signal, slot)

    def append(self, callbacks: Any, callback: Callable[..., Any]) -> None:
        """Append to a list of callbacks, such as those of the mouse."""
        callbacks.append(callback)
        self._listed.append((callbacks, callback))

    def remove(self, callbacks: Any, callback: Callable[..., Any]) -> None:
        """Take a callback out of its list again."""
        self._listed = [pair for pair in self._listed if pair[1] != callback]
        if callback in callbacks:
            callbacks.remove(callback)

    def close(self) -> None:
        """Hear nothing more."""
        connected, self._connected = self._connected, []
        listed, self._listed = self._listed, []
        for signal, slot in connected:
            _disconnect(signal, slot)
        for callbacks, callback in listed:
            if callback in callbacks:
                callbacks.remove(callback)

    def __len__(self) -> int:
        return len(self._connected) + len(self._listed)


def _disconnect(signal: Any, slot: Callable[..., Any]) -> None:
    with suppress(ValueError, RuntimeError):  # its layer is gone, and its slots with it
        signal.disconnect(slot)

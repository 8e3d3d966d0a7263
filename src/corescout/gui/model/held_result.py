"""A result in memory, or on disk and read again when it is shown. No Qt."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import replace

from corescout.data import Fit, InputError, Result


class HeldResult:
    """One result, wherever it is.

    Parameters
    ----------
    result : Result

    Attributes
    ----------
    scan : Scan
        Stays in memory: the images in the viewer are of it.
    words : str
        What it is: "170 nm, none, 9 types".
    """

    def __init__(self, result: Result) -> None:
        self.scan = result.scan
        label = result.winner.in_nm(result.analysis_pitch_m)
        self.words = f"{label}, {result.types_in_words}"
        self._result: Result | None = result
        self._fit: weakref.ref[Fit] = weakref.ref(result.fit)
        self._read: Callable[[], Result] | None = None

    @property
    def in_memory(self) -> bool:
        """Whether it is here, and need not be read."""
        return self._result is not None

    def get(self) -> Result:
        """Return the result, read from disk where it is there.

        Raises
        ------
        InputError
            If what is on disk cannot be read any more.
        """
        if self._result is None:
            assert self._read is not None
            self._result = replace(self._read(), scan=self.scan)
            self._fit = weakref.ref(self._result.fit)
        return self._result

    @property
    def lost(self) -> str:
        """Why it cannot be had any more; "" where it can."""
        try:
            self.get()
        except InputError as error:
            return f"This result cannot be read any more: {error}"
        return ""

    def is_of(self, fit: Fit) -> bool:
        """Say whether it is of a fit, with or without edits."""
        return self._fit() is fit

    def holds(self, result: Result) -> bool:
        """Say whether it is this very result, with the same edits."""
        return self._result is result

    def shelve(self, read: Callable[[], Result]) -> None:
        """Let go of the memory; `read` returns the result again."""
        self._read, self._result = read, None

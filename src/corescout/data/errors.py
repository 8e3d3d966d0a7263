"""Errors that a user can act on: what was expected, what was found, what to do."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from corescout.data.printable import one_line
from corescout.data.sentences import clause, ended

if TYPE_CHECKING:
    from corescout.data.trial import Trial


class CorescoutError(Exception):
    """Base of every error that Corescout raises on purpose."""


class InputError(CorescoutError):
    """What came in cannot be used. The command line prints it as one line and exits with 2.

    Parameters
    ----------
    expected, found, remedy : str
        Clauses without a final full stop. `remedy` says what to do about it, or asks it.
    """

    def __init__(self, expected: str, found: str, remedy: str) -> None:
        super().__init__(expected, found, remedy)
        self.expected = expected
        self.found = found
        self.remedy = remedy

    def __str__(self) -> str:
        first, second = clause(self.expected), clause(self.found)  # of another error, it has a stop
        return one_line(ended(f"expected {first}; found {second}; {self.remedy}"))


class StoppedError(CorescoutError):
    """The user pressed Stop. `trials` are those that were finished before."""

    def __init__(self, message: str = "stopped", trials: tuple[Trial, ...] = ()) -> None:
        super().__init__(message)
        self.trials = trials


def raise_if_stopped(stop: threading.Event | None, when: str) -> None:
    """Raise a `StoppedError` if `stop` is set; `when` says what was under way, after "stopped"."""
    if stop is not None and stop.is_set():
        raise StoppedError(f"stopped {when}")

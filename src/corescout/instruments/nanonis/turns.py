"""Turns of threads on one connection."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType


class Turns:
    """A lock that is given to those who wait in the order in which they asked.

    One of `threading` may go again and again to a thread that asks anew as soon as it has let go,
    as a watch does: who else asks waits for minutes.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._asked: deque[object] = deque()  # the first has its turn

    @property
    def n_asked(self) -> int:
        """Threads that have their turn or wait for it."""
        return len(self._asked)

    def __enter__(self) -> None:
        mine = object()
        with self._changed:
            self._asked.append(mine)
            try:
                self._changed.wait_for(lambda: self._asked[0] is mine)
            except BaseException:  # Ctrl+C: nobody waits for a turn that is not taken
                self._asked.remove(mine)
                self._changed.notify_all()
                raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._asked.popleft()
            self._changed.notify_all()

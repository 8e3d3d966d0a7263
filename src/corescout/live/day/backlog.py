"""What the disk does not take now is written as soon as it does, in its order."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

LOG = logging.getLogger("corescout.live")


class Backlog:
    """Writes in order; what fails waits with all that follows it. From any thread."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], object]] = deque()
        self._lock = threading.Lock()
        self._problem = ""

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def problem(self) -> str:
        """Why something waits, in words; "" if nothing does."""
        return self._problem

    def put(self, write: Callable[[], object]) -> None:
        """Write now, or after what waits."""
        with self._lock:
            self._waiting.append(write)
            self._write_all()

    def retry(self) -> None:
        """Try once more to write what waits."""
        if self._waiting:
            with self._lock:
                self._write_all()

    def _write_all(self) -> None:
        while self._waiting:
            try:
                self._waiting[0]()
            except OSError as error:
                if not self._problem:
                    LOG.error("not written: %s", error)
                self._problem = f"{error.strerror or error}: {len(self._waiting)} entries wait"
                return
            except Exception:  # what can never be written must not keep the rest from the disk
                LOG.exception("an entry cannot be written")
            self._waiting.popleft()
        self._problem = ""

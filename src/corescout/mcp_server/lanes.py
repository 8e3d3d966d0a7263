"""One thing at a time, each within its time: a lane is a thread with a short queue."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from corescout.data import InputError

T = TypeVar("T")
Say = Callable[[float, str], None]


@dataclass
class Call:
    """What the work of one call is told, and tells.

    Attributes
    ----------
    caller : str
        Name and version that the client gave.
    progress : callable
        Told a share of 0 to 1 and words; from the thread of the work.
    stop : threading.Event
        Set when the caller took the call back, or its time is over.
    """

    caller: str
    progress: Say = lambda _share, _words: None
    stop: threading.Event = field(default_factory=threading.Event)


class Lane:
    """Does what it is given one after the other.

    Parameters
    ----------
    name : str
    most_waiting : int
        Calls that may wait for the one at work; more are refused.
    seconds : float
        For which a call is waited for, its time in the queue included.
    """

    def __init__(self, name: str, most_waiting: int, seconds: float) -> None:
        self._most, self._seconds = most_waiting + 1, seconds
        self._threads = ThreadPoolExecutor(1, thread_name_prefix=f"corescout {name}")
        self._under_way: set[Future[object]] = set()

    @property
    def busy(self) -> bool:
        """Whether something is at work or waits."""
        return any(not work.done() for work in self._under_way)

    async def run(self, work: Callable[[], T], call: Call) -> T:
        """Do it when its turn comes and return what it gives.

        Raises
        ------
        InputError
            If too many wait, or its time is over: the work is told to stop, what it still finds is
            dropped, and the next one waits for its end.
        """
        self._under_way = {other for other in self._under_way if not other.done()}
        if len(self._under_way) >= self._most:
            raise InputError(
                "a call that can be taken up", f"{len(self._under_way)} under way or waiting",
                "wait for their answers and ask again",
            )  # fmt: skip
        began = time.monotonic()
        future: Future[T] = self._threads.submit(work)
        self._under_way.add(future)  # type: ignore[arg-type]
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._seconds)
        except TimeoutError as late:
            call.stop.set()
            if future.done() and not future.cancelled():
                raise  # the work's own
            waited_s = time.monotonic() - began
            raise InputError(
                f"an answer within {self._seconds:.0f} s", f"none after {waited_s:.0f} s",
                "ask for less: a smaller scan or fewer windows",
            ) from late  # fmt: skip
        except asyncio.CancelledError:
            call.stop.set()
            raise

    def close(self) -> None:
        """Take up nothing more; what waits is dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)

"""A worker process: `python -m corescout.search.worker`, told what to do on its standard input.

Messages are a line of JSON and as many bytes as it says. To the worker: ``data`` (a `TrialData`),
``task`` (a `Task`, with the file of one that lacks a fit, or nothing) and ``stop``. From it:
``ready``, ``step`` (the fraction that is done), ``done`` (the file of the trial), ``failed``,
``input`` (an `InputError`) and ``stopped``. Nothing of it is pickled. When the input ends, as it
does when the program that started it is killed, the worker ends too.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from corescout.data import InputError, StoppedError

if TYPE_CHECKING:
    from corescout.trial_data import TrialData

Message = tuple[dict[str, Any], bytes]


def send(stream: IO[bytes], header: dict[str, Any], content: bytes = b"") -> None:
    """Write a message."""
    line = json.dumps({**header, "bytes": len(content)}).encode() + b"\n"
    stream.write(line + content)
    stream.flush()


def receive(stream: IO[bytes]) -> Message | None:
    """Read a message; None where the stream has ended."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    header: dict[str, Any] = json.loads(line)
    count = int(header["bytes"])
    content = stream.read(count)
    return (header, content) if len(content) == count else None


def computed(
    data: TrialData,
    told: str,
    stored: bytes | None,
    stop: threading.Event,
    on_step: Callable[[float], None],
) -> Message:
    """Compute the task of a line of text; return what is to be answered."""
    from corescout.search.tasks import Task, run_task, to_bytes

    try:
        task = Task.from_json(told)
        return {"what": "done"}, to_bytes(task, run_task(data, task, stop, on_step, stored))
    except StoppedError:
        return {"what": "stopped"}, b""
    except InputError as error:
        return {"what": "input", "of": [error.expected, error.found, error.remedy]}, b""
    except (ArithmeticError, RuntimeError, ValueError) as error:
        return {"what": "failed", "why": f"{type(error).__name__}: {error}"}, b""


def main() -> None:
    """Serve until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not stand between the messages
    stop, waiting = threading.Event(), queue.Queue[Message]()
    lock = threading.Lock()

    def answer(header: dict[str, Any], content: bytes = b"") -> None:
        with lock:
            send(answers, header, content)

    threading.Thread(target=_listen, args=(stop, waiting), daemon=True).start()
    from corescout.search.tasks import versions
    from corescout.trial_data import TrialData
    from corescout.vae import single_threaded

    data = None
    with single_threaded():
        answer({"what": "ready", "versions": versions()})
        while True:
            header, content = waiting.get()
            if header["what"] == "data":
                data = TrialData.from_bytes(content)
                continue
            assert data is not None
            step = _EpochSteps(answer)
            stored = content if header["stored"] else None
            answer(*computed(data, header["task"], stored, stop, step))


class _EpochSteps:
    """Says how far a trial is, ten times a second at most."""

    def __init__(self, answer: Callable[[dict[str, Any]], None]) -> None:
        self._answer, self._last = answer, 0.0

    def __call__(self, fraction: float) -> None:
        if time.monotonic() - self._last >= 0.1:
            self._last = time.monotonic()
            self._answer({"what": "step", "fraction": fraction})


def _listen(stop: threading.Event, waiting: queue.Queue[Message]) -> None:
    """Take messages as they come: Stop is heard during a trial."""
    while (message := receive(sys.stdin.buffer)) is not None:
        if message[0]["what"] == "stop":
            stop.set()
        else:
            waiting.put(message)
    os._exit(0)  # who started this is gone: nobody waits for the trial


if __name__ == "__main__":
    main()

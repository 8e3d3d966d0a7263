"""One torch thread per worker: models this small lose time to more, and results stay the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def single_threaded() -> Iterator[None]:
    """Let every torch operation inside, in this thread and in new ones, use one core.

    The order of sums then does not depend on the cores that a machine happens to have.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)

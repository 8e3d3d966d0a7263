"""What a quantity was, is and, unless something intervenes, will be."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterable

import numpy as np


class Track:
    """A vector over time: straight between the corners, constant before and after them."""

    def __init__(self, value: tuple[float, ...]) -> None:
        self._times = [0.0]
        self._values = [tuple(value)]

    @property
    def ends_at(self) -> float:
        """When the last corner is reached; at rest from then on."""
        return self._times[-1]

    @property
    def last(self) -> tuple[float, ...]:
        return self._values[-1]

    def at(self, t: float) -> tuple[float, ...]:
        i = bisect_right(self._times, t)
        if i == 0:
            return self._values[0]
        if i == len(self._times):
            return self._values[-1]
        t0, t1 = self._times[i - 1], self._times[i]
        share = (t - t0) / (t1 - t0) if t1 > t0 else 1.0
        return tuple(
            a + share * (b - a) for a, b in zip(self._values[i - 1], self._values[i], strict=True)
        )

    def cut(self, t: float) -> None:
        """Forget what was to come after `t`; at rest from then on."""
        if t >= self._times[-1]:
            return
        value, i = self.at(t), bisect_right(self._times, t)
        del self._times[i:], self._values[i:]
        self._times.append(t)
        self._values.append(value)

    def append(self, corners: Iterable[tuple[float, tuple[float, ...]]]) -> None:
        """Add corners (time, value) in order of time."""
        for t, value in corners:
            self._times.append(max(t, self._times[-1]))
            self._values.append(tuple(value))

    def go(self, t: float, value: tuple[float, ...], speed: float) -> float:
        """From `t` on, straight to `value`; the time of arrival."""
        self.cut(t)
        start = self.at(t)
        distance = (
            float(np.hypot(*(np.subtract(value, start))))
            if len(value) == 2
            else abs(value[0] - start[0])
        )
        arrival = t + (distance / speed if speed > 0 else 0.0)
        self.append([(t, start), (arrival, value)])
        return arrival

    def jump(self, t: float, value: tuple[float, ...]) -> None:
        """At `t`, at once to `value`."""
        self.cut(t)
        self.append([(t, self.at(t)), (t, value)])

    def corners(
        self, since: float = -1.0, until: float = np.inf
    ) -> list[tuple[float, tuple[float, ...]]]:
        """The corners in (since, until]."""
        pairs = zip(self._times, self._values, strict=True)
        return [(t, value) for t, value in pairs if since < t <= until]

    def changes(self, since: float, until: float, tolerance: float = 0.0) -> bool:
        """Whether the value varies between two times by more than `tolerance`."""
        values = [self.at(since), *(v for _, v in self.corners(since, until)), self.at(until)]
        return bool(np.ptp(np.asarray(values), axis=0).max() > tolerance)

    def last_change(self, since: float, until: float, tolerance: float = 0.0) -> float:
        """When the value varied last between two times; `since` if it did not."""
        points = [(since, self.at(since)), *self.corners(since, until), (until, self.at(until))]
        last = since
        for (_, before), (t, after) in itertools.pairwise(points):
            if max(abs(a - b) for a, b in zip(before, after, strict=True)) > tolerance:
                last = t
        return last

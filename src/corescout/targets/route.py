"""The order of visits: nearest neighbour, then 2-opt (Croes, 1958), and how long the way is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_MOST_PASSES = 50
_LEAST_GAIN_M = 1e-15


def route(xy_m: ArrayLike, start_m: ArrayLike) -> NDArray[np.int64]:
    """Return the order (n,) in which to visit places (n, 2), from a start (2,); open, not a tour.

    Parameters
    ----------
    xy_m : (n, 2) in metres
    start_m : (2,) in metres
        Where the tip is.
    """
    places = np.asarray(xy_m, dtype=np.float64).reshape(-1, 2)
    order = _nearest_neighbours(places, np.asarray(start_m, dtype=np.float64))
    return _two_opt(places, np.asarray(start_m, dtype=np.float64), order)


def length_m(xy_m: ArrayLike, start_m: ArrayLike, order: ArrayLike) -> float:
    """Return the length of the way in metres."""
    places = np.asarray(xy_m, dtype=np.float64).reshape(-1, 2)[np.asarray(order, dtype=np.int64)]
    way = np.vstack([np.asarray(start_m, dtype=np.float64), places])
    return float(np.linalg.norm(np.diff(way, axis=0), axis=1).sum())


def _nearest_neighbours(
    places: NDArray[np.float64], start: NDArray[np.float64]
) -> NDArray[np.int64]:
    left, order, here = list(range(len(places))), [], start
    while left:
        nearest = min(left, key=lambda i: float(np.sum((places[i] - here) ** 2)))
        left.remove(nearest)
        order.append(nearest)
        here = places[nearest]
    return np.array(order, dtype=np.int64)


def _two_opt(
    places: NDArray[np.float64], start: NDArray[np.float64], order: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Turn round stretches of the way as long as that makes it shorter."""
    all_places = np.vstack([start, places])
    apart = np.linalg.norm(all_places[:, None] - all_places[None], axis=2)
    way = np.concatenate([[0], order + 1])
    count = len(order)
    for _ in range(_MOST_PASSES):
        shorter = False
        for i in range(1, count):
            j = np.arange(i + 1, count + 1)  # the stretch i..j is turned
            gain = apart[way[i - 1], way[i]] - apart[way[i - 1], way[j]]
            goes_on = j[:-1]
            gain[:-1] += apart[way[goes_on], way[goes_on + 1]] - apart[way[i], way[goes_on + 1]]
            best = int(np.argmax(gain))
            if gain[best] > _LEAST_GAIN_M:
                way[i : j[best] + 1] = way[i : j[best] + 1][::-1].copy()
                shorter = True
        if not shorter:
            break
    return np.asarray(way[1:] - 1, dtype=np.int64)

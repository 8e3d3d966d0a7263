"""Key points of earlier scans where loops were made: what they were like before it.

A key point that was measured is written, and none of the next scan; what a loop there told is known
by what the earlier scan showed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import Result, Target
from corescout.data.short_repr import short_repr
from corescout.wall_descriptors import wall_descriptors

_NO_INPUT = {"orientation_rad"}  # cyclic, and told by the angle to the fast axis


@dataclass(frozen=True, eq=False)
class EarlierPoint:
    """A key point of an earlier scan.

    Attributes
    ----------
    columns : mapping of str to float
        Codes and wall descriptors.
    type : int
    representation : str
        Of the codes; those of another one are not compared.
    xy_m : (x, y)
        Where it is on the sample by now.
    """

    columns: Mapping[str, float]
    type: int
    representation: str
    xy_m: tuple[float, float] = field(default=(float("nan"), float("nan")))

    __repr__ = short_repr

    def at(self, xy_m: tuple[float, float]) -> EarlierPoint:
        """Return it where it is now."""
        return replace(self, xy_m=xy_m)


def columns_of(result: Result) -> dict[str, NDArray[np.float64]]:
    """Codes and wall descriptors of the key points, (N,) each."""
    z = np.asarray(result.fit.latents.mean)
    columns = {f"z{k + 1}": z[:, k] for k in range(z.shape[1])}
    described = wall_descriptors(result).columns
    return columns | {n: np.asarray(v) for n, v in described.items() if n not in _NO_INPUT}


def earlier_points(result: Result, targets: Iterable[Target]) -> dict[str, EarlierPoint]:
    """What targets of a result are like, by uid; those that are no key points are left out."""
    columns, representation = columns_of(result), representation_of(result)
    places = np.round(np.asarray(result.patches.center_yx_px), 3)
    row_of = {tuple(place): row for row, place in enumerate(places.tolist())}
    found = {}
    for target in targets:
        row = row_of.get(tuple(np.round(target.yx_px, 3).tolist()))
        if row is not None:
            own = {name: float(values[row]) for name, values in columns.items()}
            kind = int(result.types.of_point[row])
            found[target.uid] = EarlierPoint(own, kind, representation)
    return found


def representation_of(result: Result) -> str:
    """Name the representation of a result: the same for scans that were read with one network."""
    digest = hashlib.sha256(result.winner.label.encode())
    for name in sorted(result.weights):
        digest.update(np.ascontiguousarray(result.weights[name]).tobytes())
    return digest.hexdigest()


def with_earlier(
    result: Result, earlier: Sequence[EarlierPoint]
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.int64]]:
    """Columns and types (N + M,) of the key points and of M earlier ones; NaN is not comparable."""
    columns, kind = columns_of(result), np.asarray(result.types.of_point)
    here = representation_of(result) if earlier else ""
    same = [point.representation == here for point in earlier]
    for name, values in columns.items():
        is_code = name[0] == "z" and name[1:].isdigit()
        added = [
            point.columns.get(name, np.nan) if alike or not is_code else np.nan
            for point, alike in zip(earlier, same, strict=True)
        ]
        columns[name] = np.concatenate([values, np.array(added, float)])
    return columns, np.concatenate([kind, np.array([p.type for p in earlier], np.int64)])

"""A named type of the library: what it looks like, and what it takes to find it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from corescout.colors import type_color
from corescout.data import InputError, Representation, Result
from corescout.data.arrays import set_readonly
from corescout.data.short_repr import short_repr
from corescout.upright import upright_patches
from corescout.wall_lengths import WallLengths, wall_lengths

_FAMILIAR_PERCENT = 99.0
_AVERAGED = 500  # patches: more make the mean no sharper


@dataclass(frozen=True, eq=False)
class LibraryType:
    """One type, kept.

    Attributes
    ----------
    uid : str
    name, color, note : str
    created_at : datetime
        UTC.
    number : int
        Of the type in its representation.
    representation : Representation
    mean_patch : (C, w, w) float32
        Mean of its 500 most typical patches, turned upright and centred where the
        representation knows how.
    n_points : int
        Key points of the type on the scan that it comes from.
    wall_length_m : float or None
        Likewise.
    misfit_limit_per_px : float
        99 % of the patches of that scan are rebuilt better than this, nats per pixel: a patch
        that is rebuilt worse is none that the representation knows.
    """

    uid: str
    name: str
    color: str
    note: str
    created_at: datetime
    number: int
    representation: Representation
    mean_patch: NDArray[np.float32]
    n_points: int
    wall_length_m: float | None
    misfit_limit_per_px: float

    __repr__ = short_repr

    def __post_init__(self) -> None:
        set_readonly(self, "mean_patch", (None, None, None), np.float32)


def library_type(
    result: Result,
    number: int,
    *,
    name: str | None = None,
    note: str = "",
    lengths: WallLengths | None = None,
) -> LibraryType:
    """Take a type of a result for the library.

    Parameters
    ----------
    name : str, optional
        Its name in the result if None.
    lengths : WallLengths, optional
        Measured here if None.

    Raises
    ------
    InputError
        If there is no such type.
    """
    types = result.types
    if number not in types.looks:
        known = ", ".join(f"{n} ({types.name(n)})" for n in types.numbers)
        raise InputError(f"one of the types {known}", str(number), "choose one of these")
    lengths = lengths or wall_lengths(result)
    return LibraryType(
        uid=uuid4().hex[:12],
        name=" ".join((name or types.name(number)).split()),
        color=type_color(number, types.colors),
        note=note,
        created_at=datetime.now(UTC).replace(microsecond=0),
        number=number,
        representation=result.representation,
        mean_patch=mean_patch(result, number),
        n_points=types.count(number),
        wall_length_m=None if lengths is None else lengths.of_type_m(types, number),
        misfit_limit_per_px=misfit_limit_per_px(result),
    )


def mean_patch(result: Result, number: int) -> NDArray[np.float32]:
    """Mean (C, w, w) of the most typical patches of a type, each turned upright by its angle."""
    core = result.core_points
    mine = np.flatnonzero(core.type == number)
    rows = core.index[mine[np.argsort(-core.typicality[mine], kind="stable")]][:_AVERAGED]
    if len(rows) == 0:
        rows = result.types.rows(number)
    latents = result.fit.latents
    turned = upright_patches(
        np.asarray(result.patches.values)[rows],
        None if latents.angle_rad is None else np.asarray(latents.angle_rad)[rows],
        None if latents.shift_px is None else np.asarray(latents.shift_px)[rows],
    )
    return np.asarray(turned.mean(axis=0), dtype=np.float32)


def misfit_limit_per_px(result: Result) -> float:
    """Return the misfit that 99 % of the patches stay below."""
    return float(np.percentile(result.fit.misfit_per_px, _FAMILIAR_PERCENT))

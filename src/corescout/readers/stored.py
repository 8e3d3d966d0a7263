"""Images as a file stores them, and the scans that they make: one for each size and place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corescout.data import Scan, ScanFrame
from corescout.readers.channels import free_name

_SAME_PITCH = 1e-4  # relative: sizes are written with some digits
_SAME_PLACE_PX = 0.1
_SAME_ANGLE_RAD = 1e-3


@dataclass(frozen=True, eq=False)
class StoredImage:
    """One image of a file.

    Attributes
    ----------
    name : str
        With its direction at the end, where the file says it.
    values : (H, W)
        In SI units, row 0 at the +Y edge; what is missing is NaN.
    unit, role : str
        "" where unknown.
    direction : str or None
    frame : ScanFrame or None
    rows_done : int or None
    acquired_at : datetime or None
    metadata : mapping
    """

    name: str
    values: NDArray[np.floating]
    unit: str = ""
    role: str = ""
    direction: str | None = None
    frame: ScanFrame | None = None
    rows_done: int | None = None
    acquired_at: datetime | None = None
    metadata: Mapping[str, Any] | None = None


def scans_of(
    images: Sequence[StoredImage],
    *,
    uid: str,
    source: str,
    metadata: Mapping[str, Any],
    acquired_at: datetime | None = None,
    warnings: Sequence[str] = (),
) -> list[Scan]:
    """Return a scan for each size and place among the images.

    Returns
    -------
    list of Scan
        Those with a piezoresponse first, then by the number of their images. The first one says
        what else the file holds.
    """
    groups: list[list[StoredImage]] = []
    for image in images:
        group = next((g for g in groups if _fits(image, g[0])), None)
        if group is None:
            groups.append([image])
        else:
            group.append(image)
    order = sorted(groups, key=lambda g: (not _has_response(g), -len(g), -g[0].values.size))
    scans: list[Scan] = []
    named = _named(order)
    for number in range(len(order)):
        others = [_said(g) for g in named if g is not named[number]]
        note = (f"the file holds other scans too, to be had by a channel: {'; '.join(others)}",)
        scans.append(
            _scan(
                named[number],
                uid if number == 0 else f"{uid}-{number + 1}",
                source,
                metadata,
                acquired_at,
                (*warnings, *(note if others else ())),
            )
        )
    return scans


def _named(groups: Sequence[Sequence[StoredImage]]) -> list[dict[str, StoredImage]]:
    """Images by names that do not repeat in the file: each is to be had by its name."""
    taken: set[str] = set()
    named: list[dict[str, StoredImage]] = []
    for group in groups:
        named.append({})
        for image in group:
            name = free_name(image.name, taken)
            taken.add(name)
            named[-1][name] = image
    return named


def _fits(image: StoredImage, other: StoredImage) -> bool:
    """Whether two images show one scan: one size in pixels, and one frame where both have one."""
    if image.values.shape != other.values.shape:
        return False
    here, there = image.frame, other.frame
    if here is None or there is None:
        return True
    pitch = np.array(there.pitch_m)
    return bool(
        np.allclose(here.pitch_m, pitch, rtol=_SAME_PITCH, atol=0)
        and np.all(np.abs(np.subtract(here.center_m, there.center_m)) <= _SAME_PLACE_PX * pitch)
        and abs(here.angle_rad - there.angle_rad) <= _SAME_ANGLE_RAD
    )


def _has_response(group: Sequence[StoredImage]) -> bool:
    return any(image.role.startswith("amplitude") for image in group)


def _said(group: Mapping[str, StoredImage]) -> str:
    height, width = next(iter(group.values())).values.shape
    names = ", ".join(map(repr, list(group)[:4]))
    return f"{names}{', ...' if len(group) > 4 else ''} ({width} x {height} px)"


def _scan(
    named: Mapping[str, StoredImage],
    uid: str,
    source: str,
    metadata: Mapping[str, Any],
    acquired_at: datetime | None,
    warnings: tuple[str, ...],
) -> Scan:
    group = list(named.values())
    of_group = next((i.metadata for i in group if i.metadata is not None), {})
    return Scan(
        uid=uid,
        channels={n: i.values.astype(np.float32) for n, i in named.items()},
        units={n: i.unit for n, i in named.items()},
        frame=next((i.frame for i in group if i.frame is not None), None),
        roles={n: i.role for n, i in named.items() if i.role},
        directions={n: i.direction for n, i in named.items() if i.direction},
        acquired_at=next((i.acquired_at for i in group if i.acquired_at), acquired_at),
        rows_done=next((i.rows_done for i in group if i.rows_done is not None), None),
        source=source,
        metadata={**metadata, **of_group},
        warnings=warnings,
    )

"""What a new scan is to the earlier ones: the same frame again, a zoom of one, or a new area."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from corescout.data import Scan, ScanFrame

Relation = Literal["first", "same frame", "zoom", "wider", "new area", "unknown"]

SAME_PLACE = 0.1  # of the frame's size: more is another frame
SAME_SIZE = 0.05  # relative
SAME_ANGLE_RAD = math.radians(1.0)
INSIDE = 0.9  # share of a zoom that lies on the earlier scan
ZOOM = 0.8  # largest size of a zoom, of the earlier frame
_SAMPLES = 24  # to a side, for the overlap
_NOT_SAID = ("centre 0", "pixel size given")


@dataclass(frozen=True)
class ScanKind:
    """How a scan lies to those before it.

    Attributes
    ----------
    kind : str
        "wider": an overview around an earlier, smaller frame.
    of : str or None
        `uid` of the earlier scan that it is compared with.
    overlap : float
        Share of the new frame that lies on it.
    """

    kind: Relation
    of: str | None = None
    overlap: float = 0.0

    def __str__(self) -> str:
        said = _WORDS[self.kind].format(of=self.of)
        if self.kind == "new area" and self.of is not None:
            said += f"; {self.overlap:.0%} of it lie on {self.of}"
        return said


_WORDS: dict[Relation, str] = {
    "first": "the first scan",
    "same frame": "the same frame as {of} again",
    "zoom": "a zoom of {of}",
    "wider": "an overview around {of}",
    "new area": "a new area",
    "unknown": "position unknown: the file has no scan offset",
}


def kind_of(scan: Scan, earlier: Sequence[Scan]) -> ScanKind:
    """Tell a scan's kind by its frame.

    Parameters
    ----------
    earlier : sequence of Scan
        In the order in which they were taken; later ones are preferred.
    """
    here = scan.frame
    if here is None or not knows_its_place(here):
        return ScanKind("unknown")
    placed = [(s.uid, s.frame) for s in reversed(earlier) if s.frame and knows_its_place(s.frame)]
    if not placed:
        return ScanKind("unknown" if earlier else "first")
    for uid, there in placed:
        if _same(here, there):
            return ScanKind("same frame", uid, overlap(here, there))
    sizes = {uid: max(there.size_m) for uid, there in placed}
    for uid, there in sorted(placed, key=lambda p: sizes[p[0]]):
        share = overlap(here, there)
        if share >= INSIDE and max(here.size_m) <= ZOOM * max(there.size_m):
            return ScanKind("zoom", uid, share)
    for uid, there in placed:
        if overlap(there, here) >= INSIDE and max(there.size_m) <= ZOOM * max(here.size_m):
            return ScanKind("wider", uid, overlap(here, there))
    share, uid = max(((overlap(here, there), uid) for uid, there in placed), key=lambda p: p[0])
    return ScanKind("new area", uid if share > 0 else None, share)


def knows_its_place(frame: ScanFrame) -> bool:
    """Whether a frame's centre was read rather than assumed."""
    return not any(text.startswith(_NOT_SAID) for text in frame.assumed)


def overlap(of: ScanFrame, on: ScanFrame) -> float:
    """Share of one frame that lies on another, from a grid of its places."""
    height, width = of.shape_px
    axis = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    rows, columns = np.meshgrid(axis * height - 0.5, axis * width - 0.5, indexing="ij")
    return float(on.contains_m(of.to_m(np.stack([rows, columns], axis=-1))).mean())


def _same(a: ScanFrame, b: ScanFrame) -> bool:
    size = max(a.size_m)
    turn = math.remainder(a.angle_rad - b.angle_rad, 2 * math.pi)
    return (
        abs(turn) <= SAME_ANGLE_RAD
        and all(abs(p / q - 1) <= SAME_SIZE for p, q in zip(a.size_m, b.size_m, strict=True))
        and math.dist(a.center_m, b.center_m) <= SAME_PLACE * size
    )

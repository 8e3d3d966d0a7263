"""What the operator did to the key points by hand, kept apart from what was detected. No Qt.

The detector's points may change under a slider; the edits stay and are applied to whatever is
detected. An edit is a new value, so an undo is the old one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corescout.data import Keypoints
from corescout.keypoints import along_path

Points = NDArray[np.float64]
OutlineKind = Literal["along", "include", "exclude"]
_SAME = 0.5  # of the spacing: a detected point this close to a removed place is that one
_CROWDED = 0.75  # of the spacing: a detected point this close to a drawn path gives way


@dataclass(frozen=True, eq=False)
class Outline:
    """A line or polygon that was drawn: `vertices_px` (n, 2) as (y, x) of the scan."""

    kind: OutlineKind
    vertices_px: Points
    closed: bool = False


def _nothing() -> Points:
    return np.zeros((0, 2))


@dataclass(frozen=True, eq=False)
class KeypointEdits:
    """Points added and removed one by one, and outlines: paths to follow, regions to keep or not.

    Attributes
    ----------
    added, removed : (n, 2)
        Places on the scan, (y, x) in pixels.
    outlines : tuple of Outline
    """

    added: Points = field(default_factory=_nothing)
    removed: Points = field(default_factory=_nothing)
    outlines: tuple[Outline, ...] = ()

    def __bool__(self) -> bool:
        return bool(len(self.added) or len(self.removed) or self.outlines)

    def apply(self, detected: Keypoints, spacing_px: float) -> Keypoints:
        """Return the key points: detected, along the paths, inside the regions, and by hand.

        Regions keep or drop what was detected or follows a path; a point that was set by hand
        stays wherever it is.
        """
        if not self:
            return detected
        drawn = self._along_paths(spacing_px)
        places, score = np.asarray(detected.yx_px), np.asarray(detected.score)
        free = ~_near(places, drawn, _CROWDED * spacing_px)
        places = np.concatenate([places[free], drawn])
        score = np.concatenate([score[free], np.ones(len(drawn))])
        keep = self._in_regions(places) & ~_near(places, self.removed, _SAME * spacing_px)
        places = np.concatenate([places[keep], self.added])
        score = np.concatenate([score[keep], np.ones(len(self.added))])
        return Keypoints(places, score, "drawn")

    def moved(self, before: Points, after: Points) -> KeypointEdits:
        """Return the edits after the points (n, 2) that were shown became others (m, 2)."""
        if np.array_equal(before, after):
            return self
        gone, come = _rows_without(before, after), _rows_without(after, before)
        if not len(gone) and not len(come):
            return self
        removed = _rows_without(gone, self.added)
        return replace(
            self,
            added=np.concatenate([_rows_without(self.added, gone), come]),
            removed=np.concatenate([self.removed, removed]),
        )

    def with_outlines(self, outlines: Iterable[Outline]) -> KeypointEdits:
        """Return the edits with other outlines."""
        return replace(self, outlines=tuple(outlines))

    @property
    def left_out(self) -> tuple[object, ...]:
        """What the edits leave out, to be compared; what was drawn or set by hand is not in it."""
        regions = tuple(
            (o.kind, tuple(map(tuple, o.vertices_px.tolist())))
            for o in self.outlines
            if o.kind != "along"
        )
        return tuple(map(tuple, self.removed.tolist())), regions

    def _along_paths(self, spacing_px: float) -> Points:
        paths = [o for o in self.outlines if o.kind == "along" and len(o.vertices_px) > 1]
        places = [_nothing()]
        for path in paths:
            vertices = np.asarray(path.vertices_px)
            if path.closed:
                vertices = np.concatenate([vertices, vertices[:1]])
            along = np.asarray(along_path(vertices, spacing_px).yx_px)
            places.append(along[:-1] if path.closed else along)
        return np.concatenate(places)

    def _in_regions(self, places: Points) -> NDArray[np.bool_]:
        keep = np.ones(len(places), bool)
        wanted = [o for o in self.outlines if o.kind == "include"]
        if wanted:
            keep = np.any([_inside(places, o.vertices_px) for o in wanted], axis=0)
        for outline in self.outlines:
            if outline.kind == "exclude":
                keep &= ~_inside(places, outline.vertices_px)
        return keep


def _inside(places: Points, polygon: Points) -> NDArray[np.bool_]:
    from skimage.measure import points_in_poly

    if len(places) == 0 or len(polygon) < 3:
        return np.zeros(len(places), bool)
    return np.asarray(points_in_poly(places, polygon))


def _near(places: Points, others: Points, distance_px: float) -> NDArray[np.bool_]:
    from scipy.spatial import cKDTree

    if len(places) == 0 or len(others) == 0:
        return np.zeros(len(places), bool)
    found, _ = cKDTree(others).query(places, distance_upper_bound=distance_px)
    return np.asarray(np.isfinite(found))


def _rows_without(rows: Points, others: Points) -> Points:
    """Those of rows (n, 2) that are not among others (m, 2), to a millionth of a pixel."""
    if not len(rows) or not len(others):
        return rows
    return rows[~among(rows, others)]


def among(places: Points, others: Points) -> NDArray[np.bool_]:
    """Which of places (n, 2) are among others (m, 2), to a millionth of a pixel."""
    return np.isin(_as_one(places), _as_one(others))


def _as_one(places: Points) -> NDArray[np.complex128]:
    """Places (n, 2) as one number each."""
    y, x = np.round(places, 6).T
    return np.asarray(x + 1j * y)

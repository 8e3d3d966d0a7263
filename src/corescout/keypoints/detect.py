"""From an image to key points: a detector's places, thinned, away from what is missing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import Keypoints, WallProfiles
from corescout.data.arrays import blocks_of_rows
from corescout.keypoints.features import orb_count, orb_places, sift_places
from corescout.keypoints.neighbourhoods import percentile
from corescout.keypoints.thinning import thin
from corescout.keypoints.walls import Walls, canny_walls, sato_walls
from corescout.plan import KeypointPlan

_BEYOND = 0.5  # of the range between the percentiles: a few bright needles are not cut off


@dataclass(frozen=True, eq=False)
class ScoredPlaces:
    """What a detector found, before spacing and margin.

    Attributes
    ----------
    yx_px : (N, 2) float64
    score : (N,) float64
    kind : (N,) int64
        Place in `corescout.data.keypoints.KINDS`; 0 where the detector does not say.
    """

    yx_px: NDArray[np.float64]
    score: NDArray[np.float64]
    kind: NDArray[np.int64]

    @classmethod
    def of(cls, yx_px: NDArray[np.float64], score: NDArray[np.float64]) -> ScoredPlaces:
        """Return places of unknown kind."""
        return cls(yx_px, score, np.zeros(len(yx_px), np.int64))

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_] | slice) -> ScoredPlaces:
        """Return some of the places."""
        return ScoredPlaces(self.yx_px[rows], self.score[rows], self.kind[rows])


def find_keypoints(
    image: NDArray[np.floating],
    plan: KeypointPlan,
    margin_px: float,
    *,
    stop: threading.Event | None = None,
) -> Keypoints:
    """Find key points on an image.

    Parameters
    ----------
    image : (H, W)
        Any unit; NaN where missing.
    plan : KeypointPlan
    margin_px : float
        Distance kept from the edge and from missing pixels, in the maximum norm: no window of
        this half-width touches either.
    stop : Event
        Looked at between the steps of a wall detector.

    Returns
    -------
    Keypoints
        None on a constant image. The same for the same image, whatever the machine.

    Raises
    ------
    StoppedError
        If `stop` was set.
    """
    found = detect(image, plan, stop)
    return select(found, np.isfinite(image), plan, margin_px)


def detect(
    image: NDArray[np.floating], plan: KeypointPlan, stop: threading.Event | None = None
) -> ScoredPlaces:
    """Return what the detector finds on an image (H, W), before spacing and margin.

    Of the plan it needs the detector and the smoothing; a grid the spacing too.
    """
    known = np.isfinite(image)
    scaled = _robust(image, known) if known.any() else None
    if scaled is None:
        return ScoredPlaces.of(np.zeros((0, 2)), np.zeros(0))
    if plan.detector in _WALL_DETECTORS:
        walls = _WALL_DETECTORS[plan.detector](scaled, plan, stop)
        return ScoredPlaces(walls.yx_px, walls.score, walls.kind)
    return _DETECTORS[plan.detector](scaled, plan)


def select(
    found: ScoredPlaces, known: NDArray[np.bool_], plan: KeypointPlan, margin_px: float
) -> Keypoints:
    """Keep what lies away from the edge and from pixels that are not known (H, W), thinned.

    The profiles hold the kind alone; `corescout.keypoints.profiles` reads the rest.
    """
    if plan.detector == "orb":
        found = found.take(slice(orb_count(known.size, plan)))
    found = found.take(_allowed(found.yx_px, known, margin_px))
    if plan.detector != "grid":
        found = found.take(thin(found.yx_px, found.score, plan.spacing_px))
    profiles = replace(WallProfiles.unknown(len(found.kind)), kind=found.kind)
    return Keypoints(found.yx_px, found.score, plan.detector, profiles)


def find_wall_lines(image: NDArray[np.floating], plan: KeypointPlan) -> NDArray[np.float64] | None:
    """Return the pixels (P, 2) of the lines that a wall detector's key points lie on.

    None where the detector seeks no walls; NaN of the image is taken as in `find_keypoints`.
    """
    if plan.detector not in _WALL_DETECTORS:
        return None
    known = np.isfinite(image)
    scaled = _robust(image, known) if known.any() else None
    if scaled is None:
        return np.zeros((0, 2))
    pixel = _WALL_DETECTORS[plan.detector](scaled, plan, None).pixel
    return np.asarray(pixel[known[tuple(pixel.T)]], dtype=np.float64)


def _robust(image: NDArray[np.floating], known: NDArray[np.bool_]) -> NDArray[np.float32] | None:
    """Map the 1st and 99th percentile to 0 and 1, so that thresholds mean the same in any unit."""
    whole = bool(known.all())
    values = image if whole else image[known]
    low, high = (np.float64(percentile(values, p, double=True)) for p in (1, 99))
    if not high > low:
        return None
    scaled = np.empty(image.shape, np.float32)
    for rows in blocks_of_rows(len(image)):
        scaled[rows] = np.clip((image[rows] - low) / (high - low), -_BEYOND, 1 + _BEYOND)
    if not whole:
        scaled = _filled(scaled, known)
    return np.asarray(scaled)


def _filled(image: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Give missing pixels the value of the nearest known one: no wall at their edge."""
    from scipy.ndimage import distance_transform_edt

    nearest = distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.asarray(image[tuple(nearest)])


def _allowed(
    yx_px: NDArray[np.float64], known: NDArray[np.bool_], margin_px: float
) -> NDArray[np.bool_]:
    from scipy.ndimage import minimum_filter

    margin = int(np.ceil(margin_px))
    # A place between pixels keeps the distance too, not only the pixel that it is nearest to.
    last = np.array(known.shape) - 1
    inside = (yx_px >= margin_px).all(axis=1) & (yx_px <= last - margin_px).all(axis=1)
    y, x = np.clip(np.rint(yx_px).astype(int), 0, last).T
    if not known.all():
        inside &= minimum_filter(known, 2 * margin + 1, mode="constant", cval=False)[y, x]
    at_edge = (np.minimum(y, last[0] - y) < margin) | (np.minimum(x, last[1] - x) < margin)
    return np.asarray(inside & ~at_edge)


def _grid(image: NDArray[np.float32], plan: KeypointPlan) -> ScoredPlaces:
    axes = [np.arange((n - 1) % plan.spacing_px / 2, n, plan.spacing_px) for n in image.shape]
    yx = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    return ScoredPlaces.of(np.rint(yx), np.ones(len(yx)))


def _orb(image: NDArray[np.float32], plan: KeypointPlan) -> ScoredPlaces:
    return ScoredPlaces.of(*orb_places(np.clip(image, 0, 1), plan))


def _sift(image: NDArray[np.float32], plan: KeypointPlan) -> ScoredPlaces:
    return ScoredPlaces.of(*sift_places(np.clip(image, 0, 1), plan))


def _none(image: NDArray[np.float32], plan: KeypointPlan) -> ScoredPlaces:
    """Nothing: key points are drawn by hand."""
    return ScoredPlaces.of(np.zeros((0, 2)), np.zeros(0))


_WallDetector = Callable[[NDArray[np.float32], KeypointPlan, threading.Event | None], Walls]
_WALL_DETECTORS: dict[str, _WallDetector] = {
    "canny": canny_walls,
    "sato": sato_walls,
}
_DETECTORS: dict[str, Callable[[NDArray[np.float32], KeypointPlan], ScoredPlaces]] = {
    "grid": _grid,
    "orb": _orb,
    "sift": _sift,
    "none": _none,
}

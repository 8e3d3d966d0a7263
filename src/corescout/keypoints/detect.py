"""From an image to key points: a detector's places, thinned, away from what is missing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from corescout.data import Keypoints
from corescout.keypoints.features import orb_count, orb_places, sift_places
from corescout.keypoints.thinning import thin
from corescout.keypoints.walls import canny_walls, sato_walls
from corescout.plan import KeypointPlan

Places = tuple[NDArray[np.float64], NDArray[np.float64]]  # (N, 2) and scores (N,)


def find_keypoints(image: NDArray[np.floating], plan: KeypointPlan, margin_px: float) -> Keypoints:
    """Find key points on an image.

    Parameters
    ----------
    image : (H, W)
        Any unit; NaN where missing.
    plan : KeypointPlan
    margin_px : float
        Distance kept from the edge and from missing pixels, in the maximum norm: no window of
        this half-width touches either.

    Returns
    -------
    Keypoints
        None on a constant image. The same for the same image, whatever the machine.
    """
    found = detect(image, plan)
    return select(found, np.isfinite(image), plan, margin_px)


def detect(image: NDArray[np.floating], plan: KeypointPlan) -> Places:
    """Return what the detector finds on an image (H, W), before spacing and margin.

    Of the plan it needs the detector and the smoothing; a grid the spacing too.
    """
    known = np.isfinite(image)
    scaled = _robust(image, known) if known.any() else None
    if scaled is None:
        return np.zeros((0, 2)), np.zeros(0)
    return _DETECTORS[plan.detector](scaled, plan)


def select(
    found: Places, known: NDArray[np.bool_], plan: KeypointPlan, margin_px: float
) -> Keypoints:
    """Keep what lies away from the edge and from pixels that are not known (H, W), thinned."""
    yx, score = found
    if plan.detector == "orb":
        best = slice(orb_count(known.size, plan))
        yx, score = yx[best], score[best]
    keep = _allowed(known, margin_px)[tuple(np.rint(yx).astype(int).T)]
    yx, score = yx[keep], score[keep]
    if plan.detector != "grid":
        chosen = thin(yx, score, plan.spacing_px)
        yx, score = yx[chosen], score[chosen]
    return Keypoints(yx, score, plan.detector)


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
    yx = _DETECTORS[plan.detector](scaled, plan)[0]
    return np.asarray(yx[known[tuple(yx.astype(int).T)]])


def _robust(image: NDArray[np.floating], known: NDArray[np.bool_]) -> NDArray[np.float32] | None:
    """Map the 1st and 99th percentile to 0 and 1, so that thresholds mean the same in any unit."""
    low, high = np.percentile(image[known], [1, 99])
    if not high > low:
        return None
    scaled = np.clip((image - low) / (high - low), 0, 1).astype(np.float32)
    if not known.all():
        scaled = _filled(scaled, known)
    return np.asarray(scaled)


def _filled(image: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Give missing pixels the value of the nearest known one: no wall at their edge."""
    from scipy.ndimage import distance_transform_edt

    nearest = distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.asarray(image[tuple(nearest)])


def _allowed(known: NDArray[np.bool_], margin_px: float) -> NDArray[np.bool_]:
    from scipy.ndimage import minimum_filter

    margin = int(np.ceil(margin_px))
    return np.asarray(minimum_filter(known, 2 * margin + 1, mode="constant", cval=False))


def _grid(image: NDArray[np.float32], plan: KeypointPlan) -> Places:
    axes = [np.arange((n - 1) % plan.spacing_px / 2, n, plan.spacing_px) for n in image.shape]
    yx = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    return np.rint(yx), np.ones(len(yx))


def _none(image: NDArray[np.float32], plan: KeypointPlan) -> Places:
    """Nothing: key points are drawn by hand."""
    return np.zeros((0, 2)), np.zeros(0)


_WALL_DETECTORS = ("canny", "sato")
_DETECTORS: dict[str, Callable[[NDArray[np.float32], KeypointPlan], Places]] = {
    "canny": canny_walls,
    "sato": sato_walls,
    "grid": _grid,
    "orb": orb_places,
    "sift": sift_places,
    "none": _none,
}

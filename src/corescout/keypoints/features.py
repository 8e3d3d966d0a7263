"""Corners and blobs, for scans without walls: ORB and SIFT of scikit-image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.plan import KeypointPlan


def orb_places(
    image: NDArray[np.float32], plan: KeypointPlan
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Oriented FAST corners (Rublee et al., 2011): places (N, 2) and responses (N,), best first."""
    from skimage.feature import ORB

    detector = ORB(n_keypoints=image.size, fast_threshold=0.05)
    detector.detect(image.astype(np.float64))
    best = detector.responses.argsort()[::-1]
    return detector.keypoints[best].astype(np.float64), detector.responses[best].astype(np.float64)


def orb_count(pixels: int, plan: KeypointPlan) -> int:
    """How many of ORB's corners are used: one for each square of the spacing, at least 50."""
    return max(50, int(pixels / plan.spacing_px**2))


def sift_places(
    image: NDArray[np.float32], plan: KeypointPlan
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale-space extrema (Lowe, 2004): places (N, 2) and their scale (N,) as a score."""
    from skimage.feature import SIFT

    detector = SIFT(upsampling=1)
    try:
        detector.detect(image.astype(np.float64))
    except RuntimeError:  # scikit-image's word for "no features"
        return np.zeros((0, 2)), np.zeros(0)
    places = np.unique(np.column_stack([detector.keypoints, detector.sigmas]), axis=0)
    return places[:, :2].astype(np.float64), places[:, 2].astype(np.float64)

"""Corners and blobs, for scans without walls: ORB and SIFT of scikit-image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.plan import KeypointPlan


def orb_places(
    image: NDArray[np.float32], plan: KeypointPlan
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Oriented FAST corners (Rublee et al., 2011): places (N, 2) and responses (N,)."""
    from skimage.feature import ORB

    count = max(50, int(image.size / plan.spacing_px**2))
    detector = ORB(n_keypoints=count, fast_threshold=0.05)
    detector.detect(image.astype(np.float64))
    return np.asarray(detector.keypoints, np.float64), np.asarray(detector.responses, np.float64)


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

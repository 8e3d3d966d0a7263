"""Domain walls as thin lines: edges between domains, and nulls inside a contrast.

A 180-degree wall is a narrow dark line in the amplitude, with an edge on either flank. Dark lines
whose flanks lie so close that the centre is within 2 px of both become one line; a thin a domain
of that width becomes one line likewise, a broader one keeps its two walls.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.plan import KeypointPlan

_SHORTEST_PX = 6  # a line with fewer pixels is noise
_STRONG_PERCENTILE = 99  # of the gradient: that of the scan's strongest walls
_WALL_SHARE = 0.45  # a wall's gradient is at least this share of it somewhere along its line
_NOISE_SIGMAS = 7.0  # and this many times that of white noise
_LOW_SHARE = 0.5  # of the high threshold: down to here a line goes on
_SOBEL_GAIN = 8.0  # scikit-image's canny compares with unnormalised Sobel sums


def canny_walls(
    image: NDArray[np.float32], plan: KeypointPlan
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Canny edges (Canny, 1986), thinned; the flanks of a null become its centre line.

    Parameters
    ----------
    image : (H, W) in [0, 1]

    Returns
    -------
    (N, 2) pixels as (y, x), and the gradient there (N,)
    """
    from scipy.ndimage import gaussian_gradient_magnitude
    from skimage.feature import canny

    gradient = gaussian_gradient_magnitude(image, plan.smoothing_px)
    high = _SOBEL_GAIN * _edge_threshold(image, gradient, plan.smoothing_px)
    edges = canny(image, plan.smoothing_px, low_threshold=_LOW_SHARE * high, high_threshold=high)
    return _lines(edges | _dark_gaps(edges, image, plan.smoothing_px), gradient)


def sato_walls(
    image: NDArray[np.float32], plan: KeypointPlan
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ridges of the gradient, by the tubeness filter of Sato et al. (1998), and dark lines.

    The filter alone marks the centres of bright needles; on the gradient it marks their walls.
    """
    from scipy.ndimage import gaussian_gradient_magnitude
    from skimage.filters import sato, threshold_otsu
    from skimage.morphology import skeletonize

    gradient = gaussian_gradient_magnitude(image, plan.smoothing_px)
    tubes = sato(gradient, sigmas=[plan.smoothing_px], black_ridges=False)
    ridges = skeletonize(tubes > 0.6 * threshold_otsu(tubes))
    # The image is smoothed for its gradient and again by the filter.
    twice_px = np.sqrt(2) * plan.smoothing_px
    return _lines(ridges | _dark_gaps(ridges, image, float(twice_px)), tubes)


def _edge_threshold(
    image: NDArray[np.float32], gradient: NDArray[np.float32], sigma_px: float
) -> float:
    """High threshold of the hysteresis: a share of the strongest walls, above the noise.

    White noise of spread s has a gradient of spread s / (sqrt(8 pi) sigma^2) in each direction
    after smoothing by sigma.
    """
    strong = _WALL_SHARE * float(np.percentile(gradient, _STRONG_PERCENTILE))
    noise = _noise_spread(image) / (np.sqrt(8 * np.pi) * sigma_px**2)
    return max(strong, float(_NOISE_SIGMAS * noise))


def _noise_spread(image: NDArray[np.float32]) -> float:
    """Spread of white noise from second differences along both axes (Immerkaer, 1996).

    The median leaves the walls out.
    """
    difference = np.diff(np.diff(image, n=2, axis=0), n=2, axis=1)
    return float(1.4826 * np.median(np.abs(difference)) / 6) if difference.size else 0.0


def _dark_gaps(
    edges: NDArray[np.bool_], image: NDArray[np.float32], sigma_px: float
) -> NDArray[np.bool_]:
    """Pixels between two edges at most 1 + 2 sigma apart, darker than what lies beyond them.

    The flanks of a null lie 2.2 sigma apart for a tip as wide as the smoothing.
    """
    from scipy.ndimage import binary_opening, gaussian_laplace

    wider = disc(round(2 * sigma_px) + 1)
    between = ~edges & ~binary_opening(~edges, wider)
    return np.asarray(between & (gaussian_laplace(image, sigma_px) > 0))


def disc(width_px: int) -> NDArray[np.bool_]:
    """Return a disc of a whole number of pixels across, odd or even."""
    offset = np.arange(width_px) - (width_px - 1) / 2
    inside = offset[:, None] ** 2 + offset[None] ** 2 <= (width_px / 2) ** 2 + 0.25
    return np.asarray(inside)


def _lines(
    mask: NDArray[np.bool_], strength: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from skimage.morphology import remove_small_objects, skeletonize

    thin = remove_small_objects(skeletonize(mask), max_size=_SHORTEST_PX - 1, connectivity=2)
    yx = np.argwhere(thin)
    return yx.astype(np.float64), strength[tuple(yx.T)].astype(np.float64)

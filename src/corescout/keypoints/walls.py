"""Domain walls as thin lines: edges between domains, and nulls or ridges inside a contrast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.plan import KeypointPlan

_SHORTEST_PX = 6  # a line with fewer pixels is noise
_HIGH_PERCENTILE = 85  # of the gradient: walls cover a few percent of a dense scan
_NULL_CONTRAST = 0.12  # least depth of a dark line, of the grey range, to count as a null


def canny_walls(
    image: NDArray[np.float32], plan: KeypointPlan
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Canny edges, thinned; the two flanks of a dark 180-degree null become its centre line.

    Parameters
    ----------
    image : (H, W) in [0, 1]

    Returns
    -------
    (N, 2) pixels as (y, x), and the gradient there (N,)
    """
    from scipy.ndimage import binary_dilation, gaussian_gradient_magnitude
    from skimage.feature import canny

    gradient = gaussian_gradient_magnitude(image, plan.smoothing_px)
    high = _edge_threshold(gradient)
    # scikit-image's canny compares with unnormalised Sobel sums, 8 times the gradient.
    edges = canny(image, plan.smoothing_px, low_threshold=3.2 * high, high_threshold=8 * high)
    nulls = _null_lines(image, plan.smoothing_px)
    reach = int(np.ceil(2 * plan.smoothing_px))
    flank = edges & binary_dilation(nulls, iterations=reach)
    return _lines((edges & ~flank) | nulls, gradient)


def sato_walls(
    image: NDArray[np.float32], plan: KeypointPlan
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ridges of the gradient and dark lines, by the tubeness filter of Sato et al. (1998).

    The filter alone marks the centres of bright needles; on the gradient it marks their walls.
    """
    from scipy.ndimage import gaussian_gradient_magnitude
    from skimage.filters import sato, threshold_otsu

    gradient = gaussian_gradient_magnitude(image, 0.5 * plan.smoothing_px)
    tubes = sato(gradient, sigmas=[plan.smoothing_px], black_ridges=False)
    threshold = 0.6 * threshold_otsu(tubes)
    return _lines((tubes > threshold) | _null_lines(image, plan.smoothing_px), tubes)


def _edge_threshold(gradient: NDArray[np.float32]) -> float:
    """High threshold of the hysteresis, from the image: above the noise, below the walls."""
    noise = 1.4826 * float(np.median(np.abs(gradient - np.median(gradient))))
    above_noise = float(np.median(gradient)) + 2 * noise
    return max(above_noise, float(np.percentile(gradient, _HIGH_PERCENTILE)))


def _null_lines(image: NDArray[np.float32], sigma_px: float) -> NDArray[np.bool_]:
    """Centre lines of dark lines that are about as narrow as the tip's blur."""
    from skimage.feature import hessian_matrix, hessian_matrix_eigvals
    from skimage.morphology import remove_small_objects, skeletonize

    hessian = hessian_matrix(image, sigma=sigma_px, order="rc", use_gaussian_derivatives=False)
    across, along = hessian_matrix_eigvals(hessian)
    depth = np.where(across > 3 * np.abs(along), across, 0.0) * sigma_px**2
    lines = skeletonize(depth > _NULL_CONTRAST)
    return np.asarray(remove_small_objects(lines, max_size=2 * _SHORTEST_PX, connectivity=2))


def _lines(
    mask: NDArray[np.bool_], strength: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from skimage.morphology import remove_small_objects, skeletonize

    thin = remove_small_objects(skeletonize(mask), max_size=_SHORTEST_PX - 1, connectivity=2)
    yx = np.argwhere(thin)
    return yx.astype(np.float64), strength[tuple(yx.T)].astype(np.float64)

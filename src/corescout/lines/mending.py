"""Mending of lines, for key points and patches only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.data import LineFaults

_LONGEST = 4  # lines side by side that the lines around them can stand for


def mend(image: NDArray[np.floating], faults: LineFaults) -> NDArray[np.float32]:
    """Take the level off each line of an image (H, W), and fill the lost ones.

    A lost line becomes the mean of the lines around it; more than a few side by side become NaN.
    What is missing in the image stays missing: nothing is made up where nothing was measured.
    """
    level = np.asarray(faults.level)[:, None]
    if faults.of_offsets:
        low, high = np.nanpercentile(image, [5, 95])
        mended = image - level * (high - low)
    else:
        mended = image * np.exp(-level)
    filled = _filled(np.asarray(mended, dtype=np.float32), np.asarray(faults.lost))
    return np.where(np.isfinite(image), filled, np.float32(np.nan))


def without_masked(mended: NDArray[np.float32], faults: LineFaults) -> NDArray[np.float32]:
    """Replace the masked lines of a mended image (H, W) by those around them.

    A wall is found on such a line only where it is seen on both sides.
    """
    return _filled(mended, np.asarray(faults.masked))


def _filled(image: NDArray[np.float32], gone: NDArray[np.bool_]) -> NDArray[np.float32]:
    if not gone.any() or gone.all():
        return image
    filled = image.copy()
    known = np.flatnonzero(~gone)
    rows = np.flatnonzero(gone)
    after = np.searchsorted(known, rows)
    above = known[np.clip(after - 1, 0, len(known) - 1)]
    below = known[np.clip(after, 0, len(known) - 1)]
    share = ((rows - above) / np.maximum(below - above, 1))[:, None].astype(np.float32)
    filled[rows] = (1 - share) * image[above] + share * image[below]
    far = (below - above > _LONGEST + 1) | (rows < known[0]) | (rows > known[-1])
    filled[rows[far]] = np.nan
    return filled

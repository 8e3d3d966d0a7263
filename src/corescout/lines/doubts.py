"""Doubts about the slow axis, each with its share and its place: jumps and fading."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.data import Finding, LineFaults

LARGEST_MASKED = 0.015  # share of the lines
LARGEST_FADE = 0.5  # log of the contrast from the first to the last line; clean ones reach 0.3
LEAST_TREND = 0.85  # rank correlation of the contrast with the line
_BANDS = 8


def line_jumps(faults: LineFaults) -> Finding | None:
    """Lines that are masked as they jump, are lost or stand apart from both neighbours."""
    if faults.masked_share <= LARGEST_MASKED:
        return None
    lines = np.flatnonzero(faults.masked)
    lost = int(np.sum(faults.lost))
    what = "jump" if not lost else f"jump or are lost ({lost})"
    return Finding(
        "line jumps" if lost < len(lines) else "lost lines",
        f"{faults.masked_share:.0%} of the lines ({len(lines)}, {_places(lines)}) {what}: they are"
        " masked for key points; scan again with a lower speed or gain of the feedback, or leave"
        " them out",
        faults.masked_share,
        tuple(lines.tolist()),
    )


def fading(image: NDArray[np.float64], unit: str = "") -> Finding | None:
    """A contrast that falls or rises steadily along the slow axis."""
    from scipy.stats import spearmanr

    rows = np.array_split(np.arange(len(image)), _BANDS)
    contrast = np.array([_contrast(image[band]) for band in rows])
    if not (contrast > 0).all():
        return None
    slope, middle = np.polyfit(np.linspace(-0.5, 0.5, _BANDS), np.log(contrast), 1)
    if abs(slope) < LARGEST_FADE:
        return None
    trend = spearmanr(np.arange(_BANDS), contrast).statistic
    if abs(trend) < LEAST_TREND:
        return None
    first, last = np.exp(middle - slope / 2), np.exp(middle + slope / 2)
    faint = rows[-1] if slope < 0 else rows[0]
    word = "falls" if slope < 0 else "rises"
    return Finding(
        "fading",
        f"the contrast {word} from {_amount(first, unit)} to {_amount(last, unit)} from top to"
        " bottom: walls are sought by the contrast of their own lines, but types may follow the"
        " fading; clean or change the tip and scan again",
        float(1 - min(first, last) / max(first, last)),
        tuple(faint.tolist()),
    )


def _contrast(band: NDArray[np.float64]) -> float:
    known = band[np.isfinite(band)]
    return float(np.subtract(*np.percentile(known, [90, 10]))) if known.size else 0.0


def _places(lines: NDArray[np.int64]) -> str:
    """Name the lines: "37", "37, 41 and 90", or between which most of them lie."""
    if len(lines) <= 3:
        return (
            "line " * (len(lines) == 1) + "lines " * (len(lines) > 1) + ", ".join(map(str, lines))
        )
    low, high = np.percentile(lines, [10, 90])
    return f"most between lines {low:.0f} and {high:.0f}"


def _amount(value: float, unit: str) -> str:
    if unit == "m":
        return f"{value * 1e12:.3g} pm"
    return f"{value:.3g} {unit}".strip()

"""What one image can say of several types, in grades, and how large a scan would have to be.

A scan holds side / r independent cells along an edge, r being the distance at which its
autocorrelation falls to 1/e. With few of them, zones of one or two correlation lengths cannot be
told from one coarse pattern, whatever is computed. A steady change of contrast, sharpness or
spacing over the scan is what a drifting microscope makes of one pattern: its descriptors follow a
plane, or rise or fall from row to row, as those of a tip that changes at a line do. Where the
pattern itself varies more than that, a direction of the codes may still tell the row and not the
column, and rows alone are time.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import Evidence, Grade
from corescout.data.check import ENOUGH_LENGTHS
from corescout.plan import DecisionPlan
from corescout.preparation import Prepared
from corescout.rewards.context import correlation_length_px
from corescout.search.excluded import checks_in_words

Floats = NDArray[np.float64]

DRIFT_SHARE = 0.5  # of the variance of the neighbourhoods' mean, explained by a steady change
CODE_TREND = 0.4  # of the variance of a direction of the codes: by the row beyond the column
_COMPONENTS = 4
_MEAN_OVER_PX = 27.0
_WORDS: dict[Grade, str] = {
    "one pattern": "one pattern: nothing differs from place to place beyond what its parts do",
    "drift": (
        "drift or zones: the surroundings change steadily over the scan; what is coloured may be"
        " the microscope. A repeat with the slow axis reversed would tell"
    ),
    "possible zones": (
        "possible zones: what is coloured keeps to its own places, which one image alone cannot"
        " tell from one coarse pattern"
    ),
    "zones": (
        "zones: the types keep to their own places beyond two correlation lengths of the pattern,"
        " and do so in more than one image"
    ),
    "distinct": "distinct types: they keep to their own places, with gaps between their codes",
}


def graded(
    evidence: Evidence,
    prepared: Prepared,
    plan: DecisionPlan,
    codes: Floats | None = None,
    codes_yx_px: Floats | None = None,
) -> Evidence:
    """Return the evidence with its grade, and without the claim where a drift would make it too.

    The grade: *drift* where a steady change over the scan explains half or more of how the
    surroundings vary, *distinct* where types are claimed, *possible zones* where they keep to their
    own places, else *one pattern*. None where the plan asks for no evidence.

    Parameters
    ----------
    codes, codes_yx_px : (N, L), (N, 2), optional
        Of the winner, not smoothed, and where they are: whether they tell the row.
    """
    if plan.null_surrogates == 0:
        return evidence
    yx = np.asarray(prepared.keypoints.yx_px)
    plane, trend = steady_shares(prepared.context, yx)
    length = correlation_length_px(prepared.images[0])
    lengths = min(prepared.grid.shape_px) / max(length, 1.0)
    told = math.nan if codes is None or codes_yx_px is None else code_trend(codes, codes_yx_px)
    evidence = replace(
        evidence, drift_share=plane, trend_share=trend, code_trend=told,
        correlation_lengths=float(lengths),
    )  # fmt: skip
    grade = _grade(evidence, is_steady=max(plane, trend) >= DRIFT_SHARE or told >= CODE_TREND)
    evidence = replace(evidence, grade=grade)
    if evidence.has_types and grade == "drift":
        reason = f"no evidence of separate types beyond a drift: {evidence.reason}"
        return replace(evidence, has_types=False, reason=reason, p_value=math.nan)
    return evidence


def grade_in_words(evidence: Evidence, side_m: float | None) -> str:
    """Say the grade, how many correlation lengths the scan is wide, and which size would do.

    Parameters
    ----------
    side_m : float or None
        Shorter side of the scan; None without a scale.
    """
    if not evidence.grade:
        return ""
    text = _words(evidence)
    if evidence.grade == "drift" and math.isfinite(evidence.drift_share):
        text += f" ({_steady(evidence)})"
    lengths = evidence.correlation_lengths
    if not math.isfinite(lengths) or evidence.grade == "distinct":
        return checks_in_words(evidence, text)
    text += f". The scan is {lengths:.0f} correlation lengths of its pattern wide"
    if evidence.grade != "zones" and lengths < ENOUGH_LENGTHS:
        times = ENOUGH_LENGTHS / lengths
        size = "" if side_m is None else f" ({1e6 * side_m * times:.2g} µm)"
        text += (
            f", too few to decide: {ENOUGH_LENGTHS:.0f} would do, a scan of {times:.2g} times the"
            f" side{size}"
        )
    return checks_in_words(evidence, text)


def _words(evidence: Evidence) -> str:
    """Words of a grade, and of whose types they are where a vote makes those that are shown."""
    text = _WORDS[evidence.grade] if evidence.grade else ""
    if evidence.shown is None:
        return text
    if evidence.grade == "possible zones" and evidence.is_spread:
        return (
            "possible zones of the winner's codes: what these tell apart keeps to its own places,"
            " which one image alone cannot tell from one coarse pattern; what is coloured does not"
        )
    return text.replace("their codes", "the winner's codes")


def steady_shares(context: Floats, yx_px: Floats) -> tuple[float, float]:
    """Shares of the variance of the neighbourhoods' mean that two steady changes explain.

    Parameters
    ----------
    context : (N, P)
    yx_px : (N, 2)
        Rows are scanned one after the other, so y tells the time too.

    Returns
    -------
    plane : float
        By a plane in (y, x), fitted by least squares.
    trend : float
        By a function of the row that only rises or only falls, for each component by itself
        (isotonic regression). Both NaN for fewer than ten points.
    """
    if len(yx_px) < 10 or context.shape[1] == 0:
        return math.nan, math.nan
    mean = _neighbourhoods_mean(context, yx_px)
    whole = max(float((mean**2).sum()), 1e-12)
    return _plane(mean, yx_px) / whole, _by_row(mean, yx_px[:, 0]) / whole


def code_trend(codes: Floats, yx_px: Floats) -> float:
    """How much more a direction of the codes says of the row than one says of the column.

    The direction is the linear map of the codes that fits the rank of the row best; of its values
    that share is taken which a function of the row explains that only rises or only falls. The same
    of the column, which is no time, is taken off: zones tell both alike. NaN for fewer than ten
    points.

    Parameters
    ----------
    codes : (N, L)
        Not smoothed.
    yx_px : (N, 2)
    """
    if len(codes) < 10 or codes.shape[1] == 0:
        return math.nan
    z = codes - codes.mean(axis=0)
    z = z / np.maximum(z.std(axis=0), 1e-12)
    return _told(z, yx_px[:, 0]) - _told(z, yx_px[:, 1])


def _told(z: Floats, place_px: Floats) -> float:
    """Share of the best direction of centred codes that follows a place along one axis."""
    rank = np.argsort(np.argsort(place_px, kind="stable"), kind="stable") - 0.5 * (len(z) - 1)
    along = z @ np.linalg.lstsq(z, rank, rcond=None)[0]
    along = along - along.mean()
    whole = max(float((along**2).sum()), 1e-12)
    return _by_row(along[:, None], np.round(place_px)) / whole


def _neighbourhoods_mean(context: Floats, yx_px: Floats) -> Floats:
    """Mean (N, 4) of the first components within 27 px, Gaussian weights of half of that."""
    from scipy.sparse import coo_array
    from scipy.spatial import cKDTree

    count = len(yx_px)
    d = context[:, :_COMPONENTS]
    d = d / np.maximum(d.std(axis=0), 1e-12)
    i, j = cKDTree(yx_px).query_pairs(_MEAN_OVER_PX, output_type="ndarray").T
    apart = np.linalg.norm(yx_px[i] - yx_px[j], axis=1)
    weight = np.exp(-(apart**2) / (2 * (_MEAN_OVER_PX / 2) ** 2))
    half = coo_array((weight, (i, j)), shape=(count, count))
    total = 1 + half.sum(axis=0) + half.sum(axis=1)
    mean = (d + half @ d + half.T @ d) / total[:, None]
    return np.asarray(mean - mean.mean(axis=0))


def _plane(mean: Floats, yx_px: Floats) -> float:
    """Sum of squares of the plane that fits best."""
    plane = np.column_stack([np.ones(len(yx_px)), yx_px - yx_px.mean(axis=0)])
    fitted = plane @ np.linalg.lstsq(plane, mean, rcond=None)[0]
    return float((fitted**2).sum())


def _by_row(mean: Floats, y_px: Floats) -> float:
    """Sum of squares of the functions of the row that fit best and only rise or only fall."""
    from scipy.optimize import isotonic_regression

    _, row, count = np.unique(y_px, return_inverse=True, return_counts=True)
    total = 0.0
    for column in mean.T:
        of_row = np.bincount(row, column) / count
        fits = (isotonic_regression(of_row, weights=count, increasing=up).x for up in (True, False))
        total += max(float((count * fit**2).sum()) for fit in fits)
    return total


def _steady(evidence: Evidence) -> str:
    """Which steady change explains most of what varies."""
    if max(evidence.trend_share, evidence.drift_share) < DRIFT_SHARE:
        return f"the winner's codes follow the row {evidence.code_trend:.0%} more than the column"
    if evidence.trend_share > evidence.drift_share:
        return f"a trend from row to row explains {evidence.trend_share:.0%}"
    return f"a plane explains {evidence.drift_share:.0%}"


def _grade(evidence: Evidence, *, is_steady: bool) -> Grade:
    anything = evidence.has_types or evidence.keeps_to_places
    if anything and is_steady:
        return "drift"
    if evidence.has_types:
        return "distinct"
    return "possible zones" if evidence.keeps_to_places else "one pattern"

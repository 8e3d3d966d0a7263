"""Property: how much of what was measured on the sample the codes of a candidate tell."""

from __future__ import annotations

import numpy as np

from corescout.data import Fit, Reward
from corescout.prediction import LEAST_LOOPS, cross_validate

_NORMAL_90 = 1.6449


def property_r2(fit: Fit) -> Reward:
    """R^2 of the measured property predicted from z by a Gaussian process in other blocks; higher.

    1 - sum (v - v_hat)^2 / sum (v - mean v)^2 over the measured key points; prediction and mean
    are those of the blocks that were left in. The standard error is over draws of the blocks, and
    `predicts` among the parts says whether R^2 exceeds 0 by it at 95 %.
    """
    name = "property"
    if fit.measured is None:
        why = "nothing was measured; give --measurements and --property"
        return Reward(name, float("nan"), "higher", void_because=why)
    known = np.isfinite(fit.measured)
    count = int(np.count_nonzero(known))
    if count < LEAST_LOOPS or not len(fit.block) or np.ptp(fit.measured[known]) == 0:
        why = f"{count} measured key points; {LEAST_LOOPS} of different values are needed"
        return Reward(name, float("nan"), "higher", void_because=why)
    z = fit.codes / np.maximum(fit.codes.std(axis=0), 1e-12)
    found = cross_validate(z[known], fit.measured[known], fit.block[known])
    if not np.isfinite(found.r2):
        why = "the measured key points lie in fewer than three blocks"
        return Reward(name, float("nan"), "higher", void_because=why)
    parts = {
        "standard_error": found.r2_error,
        "measured": float(count),
        "predicts": float(found.r2 > _NORMAL_90 * found.r2_error),
    }
    return Reward(name, found.r2, "higher", parts, per_block=found.per_block)

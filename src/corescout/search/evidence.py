"""Is there more than one type? The winner's road on surfaces that have none.

Surrogates keep the scan's power spectrum and grey levels and lose every pattern beyond them
(phase randomisation). A curved cloud gains from several Gaussians too, so a positive gain is no
evidence by itself; a gain that such surfaces hardly ever reach is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import Candidate, Evidence, Keypoints, PatchSet
from corescout.patches import cut_patches, fits
from corescout.plan import Plan
from corescout.preparation import Prepared
from corescout.trial import TrialGroup

_STACK = 5  # surrogates trained as one stack: fills the cores' caches, keeps Stop prompt

FindKeypoints = Callable[[NDArray[np.float32]], Keypoints]
Surrogate = Callable[[NDArray[np.float32], int], NDArray[np.float32]]


def surrogate_groups(
    prepared: Prepared,
    winner: Candidate,
    plan: Plan,
    surrogate: Surrogate,
    find: FindKeypoints,
) -> list[TrialGroup]:
    """Return the winner's trial on `plan.decision.null_surrogates` surfaces without types."""
    count = plan.decision.null_surrogates
    sets = [
        _surrogate_patches(prepared, winner, surrogate, find, plan.seed + 1 + i)
        for i in range(count)
    ]
    if not sets:
        return []
    n_points = min(len(s) for s in sets)
    sets = [_thin(s, n_points, plan.seed) for s in sets]
    training = plan.training.model_copy(update={"retries": 0})
    return [
        TrialGroup(
            candidates=tuple(
                replace(winner, seed=plan.seed + 1 + first + i)
                for i in range(len(sets[first : first + _STACK]))
            ),
            patch_sets=tuple(sets[first : first + _STACK]),
            context=np.zeros((n_points, 0)),
            block=np.zeros(0, np.int64),
            training=training,
            mixtures=plan.mixtures,
            rewards=("gain",),
        )
        for first in range(0, count, _STACK)
    ]


def judge(gain: float, null_gains: tuple[float, ...], plan: Plan) -> Evidence:
    """Compare the winner's gain with those of surfaces without types.

    p = (1 + number of null gains at least as large) / (1 + number of null gains).
    """
    if not null_gains:
        return Evidence(
            float("nan"), gain, (), gain > 0, "not tested against surfaces without types"
        )
    reached = int(np.sum(np.asarray(null_gains) >= gain))
    p_value = (1 + reached) / (1 + len(null_gains))
    has_types = gain > 0 and p_value <= plan.decision.significance
    against = f"{reached} of {len(null_gains)} surfaces without types reach it"
    word = "evidence of separate types" if has_types else "no evidence of separate types"
    return Evidence(
        p_value,
        gain,
        null_gains,
        has_types,
        f"{word}: gain {gain:.2f}, {against} (p = {p_value:.2f})",
    )


def _surrogate_patches(
    prepared: Prepared, winner: Candidate, surrogate: Surrogate, find: FindKeypoints, seed: int
) -> PatchSet:
    images = np.stack([surrogate(image, seed) for image in prepared.images])
    found = find(images[0])
    valid = np.flatnonzero(fits(found.yx_px, images, winner.window_px))
    if len(valid) < 0.5 * len(prepared.keypoints):
        # A surface of noise may show too few walls: its patches stand where the scan's do.
        found = prepared.keypoints
        valid = np.arange(len(found))
    rng = np.random.default_rng(seed)
    if len(valid) > len(prepared.keypoints):
        valid = np.sort(rng.choice(valid, len(prepared.keypoints), replace=False))
    zeros = np.zeros(len(prepared.channels))
    return cut_patches(images, found, valid, winner.window_px, prepared.channels, zeros, zeros + 1)


def _thin(patches: PatchSet, count: int, seed: int) -> PatchSet:
    if len(patches) == count:
        return patches
    rows = np.sort(np.random.default_rng(seed).choice(len(patches), count, replace=False))
    return replace(
        patches,
        values=patches.values[rows],
        index=patches.index[rows],
        center_yx_px=patches.center_yx_px[rows],
    )

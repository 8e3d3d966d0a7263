"""What labels could teach: a forest in spatial blocks, on the surroundings and on a code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.truth.surface_facts import SurfaceFacts
from corescout.rewards.context import context_descriptor, spatial_blocks

_BLOCK_PX = 30.0
_FOLDS = 5
_RADII_PX = (5.0, 7.0, 10.0)
_KEPT = 12


def surroundings(facts: SurfaceFacts) -> NDArray[np.float64]:
    """Descriptors of the neighbourhood of every key point at three radii, free of rotation."""
    return np.hstack([context_descriptor(facts.image, facts.yx_px, r, _KEPT) for r in _RADII_PX])


def forest(facts: SurfaceFacts, features: NDArray[np.float64]) -> NDArray[np.int64]:
    """Predict the type (N,) of every key point from the labels of other spatial blocks."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import GroupKFold

    block = spatial_blocks(facts.yx_px, _BLOCK_PX)
    folds = min(_FOLDS, len(np.unique(block)))
    predicted = np.zeros(len(facts.truth), np.int64)
    for train, test in GroupKFold(folds).split(features, groups=block):
        model = RandomForestClassifier(
            100, min_samples_leaf=2, class_weight="balanced_subsample", random_state=0
        )
        predicted[test] = model.fit(features[train], facts.truth[train]).predict(features[test])
    return predicted


def balanced_accuracy(predicted: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    """Mean over the types (not over false key points) of the share that is predicted right."""
    types = np.unique(truth[truth > 0])
    return float(np.mean([np.mean(predicted[truth == t] == t) for t in types]))

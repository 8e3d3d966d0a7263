"""How well a partition of the key points agrees with the truth: several scores, none tells all."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

SCORES = (
    "ami",
    "ari",
    "homogeneity",
    "completeness",
    "balanced_recall",
    "coverage",
)
_COMMON = 0.1  # share of the points from which on a type must have a component of its own


def partition_scores(labels: NDArray[np.int64], truth: NDArray[np.int64]) -> dict[str, float]:
    """Compare labels (N,) with the truth (N,), in which 0, no wall, is a class like the others.

    Adjusted mutual information and adjusted Rand index are free of chance; homogeneity asks that a
    component hold one class, completeness that a class lie in one component. Balanced recall
    matches each class with at most one component (Hungarian method) and averages over classes;
    coverage is the share of common classes that are the majority of some component.
    """
    from sklearn import metrics

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few points
        homogeneity, completeness, _ = metrics.homogeneity_completeness_v_measure(truth, labels)
        return {
            "ami": float(metrics.adjusted_mutual_info_score(truth, labels)),
            "ari": float(metrics.adjusted_rand_score(truth, labels)),
            "homogeneity": float(homogeneity),
            "completeness": float(completeness),
            "balanced_recall": balanced_recall(labels, truth),
            "coverage": coverage(labels, truth),
        }


def balanced_recall(labels: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    """Mean over classes of the share that lies in the component matched with the class."""
    from scipy.optimize import linear_sum_assignment

    table = contingency(truth, labels)
    recall = table / table.sum(axis=1, keepdims=True)
    rows, columns = linear_sum_assignment(-recall)
    return float(recall[rows, columns].sum() / len(table))


def coverage(labels: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    """Share of the classes of at least 10 % of the points that are some component's majority."""
    table = contingency(truth, labels)
    common = np.flatnonzero(table.sum(axis=1) >= _COMMON * len(truth))
    majorities = set(table.argmax(axis=0).tolist())
    return float(np.mean([int(c) in majorities for c in common]))


def contingency(truth: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Count pairs (classes, components) of those that occur."""
    rows, i = np.unique(truth, return_inverse=True)
    columns, j = np.unique(labels, return_inverse=True)
    table = np.zeros((len(rows), len(columns)))
    np.add.at(table, (i, j), 1.0)
    return table

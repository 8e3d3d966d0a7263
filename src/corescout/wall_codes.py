"""Codes from wall descriptors: a candidate that is read in physical numbers, without patches.

The descriptors of each key point (`corescout.descriptors`), as far as the channel alone gives them:
no topography, no resonance frequency, and not the two directions, so that a turned scan has the
same codes. Each is taken about its median in units of half the distance of its 16th and 84th
percentiles and held within +- 3; one that is not defined counts as the median. Principal components
of that, scaled to unit variance, are the codes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from corescout.data import Keypoints
from corescout.descriptors import DESCRIPTORS, SceneOfWalls, describe
from corescout.keypoints import find_wall_lines
from corescout.keypoints.profiles import profiles_of
from corescout.plan import KeypointPlan
from corescout.prediction import Scaling

Weights = Mapping[str, NDArray[np.float32]]
_LEFT_OUT = {
    "fast_axis_angle_rad", "orientation_rad",  # directions
    "phase_step_deg", "height_m", "slope", "frequency_shift_hz",  # of other channels
}  # fmt: skip
FEATURES = tuple(name for name in DESCRIPTORS if name not in _LEFT_OUT)


def wall_features(
    image: NDArray[np.floating], keypoints: Keypoints, pitch_m: float | None, plan: KeypointPlan
) -> NDArray[np.float64]:
    """Return the descriptors `FEATURES` (N, F) of key points of an image (H, W).

    Parameters
    ----------
    image : (H, W)
        On square pixels, in [0, 1]; NaN where missing.
    keypoints : Keypoints
        On its pixels.
    pitch_m : float or None
        Of the pixels; without a scale all that is a length is NaN.
    plan : KeypointPlan
        How walls are found; what is told along a wall is NaN where its detector seeks none.
    """
    profiled = profiles_of(keypoints, image, plan.smoothing_px)
    scene = SceneOfWalls(image, pitch_m, find_wall_lines(image, plan))
    found = describe(np.asarray(keypoints.yx_px), scene, profiled.profiles)
    return np.column_stack([found.columns[name] for name in FEATURES])


def fit_wall_codes(
    features: NDArray[np.float64], latent_dim: int
) -> dict[str, NDArray[np.float32]]:
    """Fit the principal components of scaled features (N, F), NaN where undefined.

    ``middle`` and ``spread`` (F,), and ``components`` (L, F), each divided by the standard
    deviation of its scores. What is undefined at more than half of the points, or alike at all,
    has components of 0.
    """
    scaling = Scaling.of(features)
    count = features.shape[1]
    middle, spread = np.zeros(count), np.ones(count)
    middle[scaling.kept], spread[scaling.kept] = scaling.middle, scaling.spread
    components = np.zeros((latent_dim, count))
    components[:, scaling.kept] = _principal(scaling.inputs(features), latent_dim)
    arrays = {"middle": middle, "spread": spread, "components": components}
    return {name: value.astype(np.float32) for name, value in arrays.items()}


def encode_wall_codes(features: NDArray[np.float64], weights: Weights) -> NDArray[np.float64]:
    """Return the codes (N, L) of features (N, F): z = V clip((x - middle) / spread)."""
    middle, spread, components = (
        np.asarray(weights[name], np.float64) for name in ("middle", "spread", "components")
    )
    scaling = Scaling(np.arange(len(middle)), middle, spread)
    return np.asarray(scaling.inputs(features) @ components.T)


def _principal(inputs: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Axes (L, D) of the largest variance, over the deviation of their scores; 0 where none is."""
    axes = np.zeros((count, inputs.shape[1]))
    if inputs.shape[1] == 0:
        return axes
    _, vectors = np.linalg.eigh(np.atleast_2d(np.cov(inputs, rowvar=False)))
    found = vectors[:, ::-1][:, :count].T
    # A sign by rule, so that the codes do not depend on the linear algebra library.
    found = found * np.sign(found[np.arange(len(found)), np.abs(found).argmax(axis=1)])[:, None]
    deviation = (inputs @ found.T).std(axis=0)
    known = deviation > 1e-9
    axes[: len(found)][known] = found[known] / deviation[known, None]
    return axes

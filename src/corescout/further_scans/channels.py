"""Other channels of the same lines: the way back, and what another detector saw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import Keypoints, Result, Scan
from corescout.lines.lag import other_way
from corescout.plan import Plan
from corescout.preparation import prepare
from corescout.rewards.context import correlation_length_px, spatial_blocks
from corescout.scattering import encode_scattering, fit_scattering, scattering_features

_DIMS = 6
_LENGTHS, _LEAST_PX = 2.0, 14.0  # correlation lengths and pixels of a block, at least
_PENALTY = 1.0  # of the squared coefficients, in points: against few of a type


def retraced(result: Result) -> tuple[Scan, str] | None:
    """Return the scan with the other way in place of each analysed channel, and its first name.

    None where one of these has one way only. What lags between both ways has been taken off the
    scan of a result already.
    """
    scan = result.scan
    others = {name: other_way(scan, name) for name in result.channels}
    if any(other is None for other in others.values()):
        return None
    channels = dict(scan.channels)
    for name, other in others.items():
        channels[name] = scan.channels[str(other)]
    return replace(scan, channels=channels), str(others[result.channels[0]])


def placed_by_channel(
    result: Result, channel: str, tau: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Predict the types (N, T) of the key points from their surroundings in another channel.

    The types cannot be read there, as it shows something else: tau is predicted from six scattering
    codes of the channel by ridge regression, each spatial block of two correlation lengths from
    the others.

    Raises
    ------
    InputError
        If there is no such channel, or nothing can be seen in it.
    """
    plan = Plan.model_validate(result.plan).model_copy(update={"channels": (channel,)})
    yx = np.asarray(result.patches.center_yx_px)
    prepared = prepare(result.scan, plan, Keypoints(yx, np.ones(len(yx)), "drawn"))
    yx = prepared.grid.from_scan_px(yx)
    features = scattering_features(prepared.images, yx)
    z = encode_scattering(features, fit_scattering(features, _DIMS))
    length = correlation_length_px(prepared.images[0])
    return _predicted(z, tau, spatial_blocks(yx, max(_LENGTHS * length, _LEAST_PX)))


def _predicted(
    z: NDArray[np.float64], tau: NDArray[np.float64], block: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Predict tau (N, T) of each block from the codes of the others."""
    x = np.column_stack([z, z**2, np.ones(len(z))])
    found = np.empty_like(tau)
    for number in np.unique(block):
        test = block == number
        a, y = x[~test], tau[~test]
        weights = np.linalg.solve(a.T @ a + _PENALTY * np.eye(a.shape[1]), a.T @ y)
        found[test] = x[test] @ weights
    return found

"""What type a place is of: read with the representation at hand, without training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import Keypoints, Result, Scan, TypedPoints
from corescout.transfer import transfer

_UNLIKE = 3.0  # sigma from every component: of none of the types that were found


@dataclass(frozen=True, eq=False)
class Reading:
    """The types of n places.

    Attributes
    ----------
    yx_px : (n, 2)
        Where a window fits, in pixels of the scan.
    type : (n,) int64
        The likeliest.
    probability : (n,)
        Of that type among the types that were found: it says nothing of a type that was not.
    novelty_p : (n,)
        Share of the result's own points, with this one, that lie as far from every component: small
        where a place is like none of the types. The mixture was fitted to those points, so p of
        fresh ones of the same kinds is somewhat too small.
    unlike : (n,) bool
        Beyond 3 sigma of every component.
    target : (n,) int64
        Place in the result's targets of the one whose code is nearest; -1 without targets.
    """

    yx_px: NDArray[np.float64]
    type: NDArray[np.int64]
    probability: NDArray[np.float64]
    novelty_p: NDArray[np.float64]
    unlike: NDArray[np.bool_]
    target: NDArray[np.int64]


def read_places(result: Result, scan: Scan, yx_px: NDArray[np.float64]) -> Reading:
    """Read places of a scan, the result's own or another.

    Parameters
    ----------
    yx_px : (m, 2)
        In pixels of the scan; one whose window leaves the scan is left out.

    Raises
    ------
    InputError
        If no window fits, or the scan lacks the channel or the scale.
    """
    places = np.asarray(yx_px, dtype=np.float64).reshape(-1, 2)
    given = Keypoints(places, np.ones(len(places)), "drawn")
    found = transfer(result.representation, scan, given)
    points = TypedPoints(found.z, result.mixture, result.type_of_component)
    numbers = np.unique(np.asarray(result.type_of_component))
    apart = result.mixture.mahalanobis2(found.z).min(axis=1)
    best = points.probabilities.argmax(axis=1)
    return Reading(
        yx_px=np.asarray(found.keypoints.yx_px),
        type=numbers[best],
        probability=points.probabilities[np.arange(len(best)), best],
        novelty_p=_novelty_p(apart, result.mixture.mahalanobis2(result.codes).min(axis=1)),
        unlike=result.mixture.beyond(found.z, _UNLIKE),
        target=_nearest_target(result, found.z),
    )


def _novelty_p(apart: NDArray[np.float64], known: NDArray[np.float64]) -> NDArray[np.float64]:
    """(1 + number of known distances that are as large) / (n + 1), for each distance."""
    as_far = len(known) - np.searchsorted(np.sort(known), apart, side="left")
    return np.asarray((1 + as_far) / (len(known) + 1))


def _nearest_target(result: Result, z: NDArray[np.float64]) -> NDArray[np.int64]:
    """The target whose patch has the nearest code."""
    if not result.targets:
        return np.full(len(z), -1)
    centers = np.asarray(result.patches.center_yx_px)
    at = np.array([t.yx_px for t in result.targets])
    rows = np.array([np.hypot(*(centers - place).T).argmin() for place in at])
    codes = result.codes[rows]
    return np.asarray(((z[:, None] - codes[None]) ** 2).sum(axis=2).argmin(axis=1))

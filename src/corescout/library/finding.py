"""Find more like this: key points of another scan, the most alike first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Keypoints, Representation, Result, Scan
from corescout.data.short_repr import short_repr
from corescout.library.entry import LibraryType, misfit_limit_per_px

if TYPE_CHECKING:
    from corescout.transfer import Transferred


@dataclass(frozen=True, eq=False)
class Ranking:
    """Key points of a scan by how much they are like a type, or like one point.

    Attributes
    ----------
    transferred : Transferred
        The scan as the representation sees it.
    likeness : (N,) float64 in [0, 1]
        Of every key point.
    familiar : (N,) bool
        Whether its patch is rebuilt as well as those that the representation was trained on; the
        likeness of one that is not says nothing.
    order : (N,) int64
        Key points from the most to the least alike, familiar ones first.
    """

    transferred: Transferred
    likeness: NDArray[np.float64]
    familiar: NDArray[np.bool_]
    order: NDArray[np.int64]

    __repr__ = short_repr

    @property
    def yx_px(self) -> NDArray[np.float64]:
        """Places (N, 2) of all key points on the scan."""
        return np.asarray(self.transferred.patches.center_yx_px)

    def best(self, count: int, *, least: float = 0.0) -> NDArray[np.int64]:
        """Return up to `count` familiar key points, the most alike first, none below `least`."""
        rows = self.order[self.familiar[self.order] & (self.likeness[self.order] >= least)]
        return rows[:count]


def find_like_type(entry: LibraryType, scan: Scan, keypoints: Keypoints | None = None) -> Ranking:
    """Rank key points of a scan by how much they are like a type of the library.

    The likeness is the probability of the type times the chi-square tail of the squared
    Mahalanobis distance to the nearest of its components: 1 at the centre of an undoubted one.

    Raises
    ------
    InputError
        If the representation cannot be used on the scan.
    """
    from corescout.transfer import transfer  # torch

    known = entry.representation
    found = transfer(known, scan, keypoints)
    mine = np.asarray(known.type_of_component) == entry.number
    distance2 = known.mixture.mahalanobis2(found.z)[:, mine].min(axis=1)
    share = known.mixture.assign(found.z)[:, mine].sum(axis=1)
    return _ranking(found, share * _tail(distance2, found), entry.misfit_limit_per_px)


def find_like_point(
    result: Result, row: int, scan: Scan, keypoints: Keypoints | None = None
) -> Ranking:
    """Rank key points of a scan by how much they are like one patch of a result.

    The distance counts in standard deviations of the component that the patch belongs to. Two draws
    of one Gaussian lie sqrt 2 times as far apart as one from the centre: the squared distance is
    halved.

    Raises
    ------
    InputError
        If there is no such patch, or the representation cannot be used on the scan.
    """
    from corescout.transfer import transfer  # torch

    z = result.codes
    if not 0 <= row < len(z):
        raise InputError(f"a key point from 0 to {len(z) - 1}", str(row), "choose one of these")
    known: Representation = result.representation
    found = transfer(known, scan, keypoints)
    component = int(known.mixture.log_joint(z[row : row + 1]).argmax())
    factor = np.linalg.cholesky(known.mixture.covariances[component])
    distance2 = (np.linalg.solve(factor, (found.z - z[row]).T) ** 2).sum(axis=0) / 2
    return _ranking(found, _tail(distance2, found), misfit_limit_per_px(result))


def _tail(distance2: NDArray[np.float64], found: Transferred) -> NDArray[np.float64]:
    from scipy.stats import chi2

    return np.asarray(chi2.sf(distance2, found.z.shape[1]))


def _ranking(found: Transferred, likeness: NDArray[np.float64], limit: float) -> Ranking:
    familiar = found.fit.misfit_per_px <= limit
    order = np.lexsort((-likeness, ~familiar))
    return Ranking(found, likeness, familiar, order)

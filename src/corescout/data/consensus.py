"""Several candidates that say together which type a point is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import set_readonly
from corescout.data.candidate import Candidate
from corescout.data.mixture import Mixture
from corescout.data.neighbours import Neighbours
from corescout.data.short_repr import short_repr

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Voter:
    """A candidate whose codes are among those that types are found in.

    Attributes
    ----------
    candidate : Candidate
    weights : mapping of str to array
    mean : (L,), factor : (L, L)
        Of its codes z: (z - mean) factor^-T has zero mean and unit covariance.
    """

    candidate: Candidate
    weights: Mapping[str, NDArray[np.float32]]
    mean: Floats
    factor: Floats

    __repr__ = short_repr

    def __post_init__(self) -> None:
        set_readonly(self, "mean", (None,))
        set_readonly(self, "factor", (len(self.mean), len(self.mean)))

    @property
    def size_bytes(self) -> int:
        """Of its weights."""
        return sum(np.asarray(w).nbytes for w in self.weights.values())


@dataclass(frozen=True, eq=False)
class Consensus:
    """The candidates that vote, and how.

    Attributes
    ----------
    voters : tuple of Voter
    axes : (S, L)
        First principal components of the whitened codes side by side, S numbers a point.
    reach_px, share : float
        Of `Neighbours`, over which posteriors are smoothed.
    winner_mixture : Mixture
        Of the candidate that was decided on, in its own latent space.
    """

    voters: tuple[Voter, ...]
    axes: Floats
    reach_px: float
    share: float
    winner_mixture: Mixture

    __repr__ = short_repr

    def __post_init__(self) -> None:
        set_readonly(self, "axes", (sum(len(v.mean) for v in self.voters), None))

    def codes(self, of_each: Sequence[Floats]) -> Floats:
        """Return the codes (N, L) of points from the codes (N, L_k) of each voter, in their order.

        C = [W_1 ... W_m] V, with the whitened codes W_k = (z_k - mean_k) factor_k^-T and the axes
        V: the principal components as they are on the scan that the voters were trained on.
        """
        white = [
            np.linalg.solve(voter.factor, (z - voter.mean).T).T
            for voter, z in zip(self.voters, of_each, strict=True)
        ]
        return np.asarray(np.hstack(white) @ self.axes)

    @property
    def largest_window_px(self) -> int:
        """Of the windows that all voters need."""
        return max(voter.candidate.window_px for voter in self.voters)

    @property
    def size_bytes(self) -> int:
        """Of the weights of all."""
        return sum(voter.size_bytes for voter in self.voters)

    @property
    def in_words(self) -> str:
        """Who votes: "9 px, r; 13 px, r; 21 px, scattering, 6-D"."""
        return "; ".join(voter.candidate.label for voter in self.voters)


@dataclass(frozen=True, eq=False)
class Votes:
    """What a consensus says of the N points of a scan.

    Attributes
    ----------
    consensus : Consensus
    codes : (N, L)
    yx_px : (N, 2)
        Of the points, on the grid that windows count in.
    """

    consensus: Consensus
    codes: Floats
    yx_px: Floats

    __repr__ = short_repr

    def __post_init__(self) -> None:
        set_readonly(self, "codes", (None, self.consensus.axes.shape[1]))
        set_readonly(self, "yx_px", (len(self.codes), 2))

    @property
    def neighbours(self) -> Neighbours:
        """The points and how far they are heard by each other."""
        return Neighbours(self.yx_px, self.consensus.reach_px, self.consensus.share)

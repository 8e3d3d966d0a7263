"""Points with codes, and the types that a mixture, or a person, gives them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import set_readonly
from corescout.data.mixture import Mixture
from corescout.data.neighbours import Neighbours
from corescout.data.short_repr import short_repr
from corescout.data.types import TypeLook, Types

LIKELY = 0.7  # probability from which on a point has one likely type
_UNSEEN = ("component", "motif", "probabilities", "likely", "mahalanobis2")  # whatever looks are


@dataclass(frozen=True, eq=False)
class TypedPoints:
    """N points in a latent space that is parted into types.

    Who asks for a type, or how sure it is, asks `types`, `component`, `probability` and
    `probabilities`; only these know that they follow from the mixture.

    Attributes
    ----------
    z : (N, L)
        Codes.
    mixture : Mixture
        Of K Gaussians in their space.
    type_of_component : (K,) int64
        Types from 1; several components may share one.
    edited_types : Types or None
        Of the points, once a person has changed them.
    names : tuple of str
        Of type 1, 2, ...; those that are missing are called by their number.
    neighbours : Neighbours or None
        Over which the posteriors are smoothed: a type is then where such patches live.
    near : Neighbours or None
        Over which it is asked how sure a type is, where types themselves are not smoothed: a type
        is what the patch by itself is likeliest of.
    """

    z: NDArray[np.float64]
    mixture: Mixture
    type_of_component: NDArray[np.int64]
    edited_types: Types | None = None
    names: tuple[str, ...] = ()
    neighbours: Neighbours | None = None
    near: Neighbours | None = None

    __repr__ = short_repr

    def __post_init__(self) -> None:
        set_readonly(self, "z", (None, self.mixture.means.shape[1]))
        set_readonly(self, "type_of_component", (self.mixture.n_components,), np.int64)
        if self.edited_types is not None and len(self.edited_types.of_point) != len(self.z):
            found = len(self.edited_types.of_point)
            raise ValueError(
                f"TypedPoints.edited_types: expected those of {len(self.z)} points, found {found}"
            )

    def __len__(self) -> int:
        return len(self.z)

    @cached_property
    def types(self) -> Types:
        """Which type each point is of, and what they are called: the mixture's, or as edited."""
        if self.edited_types is not None:
            return self.edited_types
        called = dict(enumerate(self.names, start=1))
        looks = {n: TypeLook(called.get(n, f"type {n}")) for n in self._numbers.tolist()}
        if self.neighbours is None:
            of_point = self.type_of_component[self.motif]
        else:
            of_point = self._numbers[self.probabilities.argmax(axis=1)]
        return Types(of_point, np.zeros(len(of_point), bool), looks)

    @cached_property
    def component(self) -> NDArray[np.int64]:
        """Most probable component (N,) of each point, of those of its type."""
        if self.edited_types is None and self.neighbours is None:
            return self.motif
        mine = self.type_of_component[None] == self.types.of_point[:, None]
        return np.asarray(np.where(mine, self.mixture.log_joint(self.z), -np.inf).argmax(axis=1))

    @cached_property
    def motif(self) -> NDArray[np.int64]:
        """Most probable component (N,) of each patch by itself: what it is, whatever is near."""
        return self.mixture.component_of(self.z)

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """Probability (N, T) of each type that has a component, in their order.

        The posterior, smoothed over the neighbours where these are known: that of a mixture alone
        is near 0 or 1 whatever it is worth. On 14 generated surfaces that nothing was chosen on
        its expected calibration error is 0.08 instead of 0.25 (``docs/evidence.md``).
        """
        belongs = self.type_of_component[:, None] == self._numbers[None]
        tau = self.mixture.assign(self.z)
        over = self.neighbours or self.near
        if over is not None:
            tau = over.smoothed(tau)
        return np.asarray(tau @ belongs)

    @property
    def probability(self) -> NDArray[np.float64]:
        """Probability (N,) of each point's own type; 0 where it has no component."""
        mine = self._numbers[None] == self.types.of_point[:, None]
        return np.asarray(np.where(mine, self.probabilities, 0.0).sum(axis=1))

    @cached_property
    def likely(self) -> NDArray[np.bool_]:
        """Which points (N,) have one likely type, or were named by hand; others lie between two.

        Asked where the neighbours of points are known. With types of the winner a point whose
        neighbours are of another type is no likely one, whatever its patch says.
        """
        if self.neighbours is None and self.near is None:
            return np.ones(len(self), bool)
        return np.asarray((self.probability >= LIKELY) | self.types.by_hand)

    def type_in_words(self, row: int) -> str:
        """Name the type of a point, or the two that it lies between."""
        own = int(self.types.of_point[row])
        if self.likely[row] or len(self._numbers) < 2:
            return self.types.name(own)
        others = np.where(self._numbers == own, -1.0, self.probabilities[row])
        second = int(self._numbers[others.argmax()])
        return f"between {self.types.name(own)} and {self.types.name(second)}"

    @property
    def typicality(self) -> NDArray[np.float64]:
        """Chi-square tail (N,) of the squared distance to the centre of a point's component.

        P(chi2_L > d^2): 1 at the centre, 0.05 at the edge that holds 95 % of a Gaussian.
        """
        from scipy.stats import chi2

        return np.asarray(chi2.sf(self.mahalanobis2, self.z.shape[1]))

    @cached_property
    def mahalanobis2(self) -> NDArray[np.float64]:
        """Squared Mahalanobis distance (N,) of each point to the centre of its component."""
        to_all = self.mixture.mahalanobis2(self.z)
        return np.asarray(np.take_along_axis(to_all, self.component[:, None], axis=1)[:, 0])

    @property
    def type_names(self) -> tuple[str, ...]:
        """Names of type 1, 2, ... without a gap."""
        return tuple(self.types.name(n) for n in range(1, max(self.types.numbers) + 1))

    def at(self, z: NDArray[np.float64], neighbours: Neighbours | None = None) -> TypedPoints:
        """Return other points (M, L) with these types, under their names and colours.

        What a person said of single points stays with these; components that were made for them
        are found again.
        """
        found = replace(self, z=z, edited_types=None, neighbours=neighbours, near=None)
        if self.edited_types is None:
            return found
        looks = {**found.types.looks, **self.edited_types.looks}
        return replace(found, edited_types=replace(found.types, looks=looks))

    def with_looks(self, types: Types) -> TypedPoints:
        """Return the same points, each of its type, under other names, colours or eyes.

        How sure they are does not follow from these and is not computed again.
        """
        found = replace(self, edited_types=types)
        found.__dict__.update({n: self.__dict__[n] for n in _UNSEEN if n in self.__dict__})
        return found

    @property
    def _numbers(self) -> NDArray[np.int64]:
        return np.unique(self.type_of_component)

"""What it takes to find the types of one scan on another: the trained network and its types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import set_readonly
from corescout.data.candidate import Candidate
from corescout.data.consensus import Consensus
from corescout.data.mixture import Mixture
from corescout.data.normalisation import Normalisation
from corescout.data.short_repr import short_repr
from corescout.data.types import TypeLook


@dataclass(frozen=True, eq=False)
class Representation:
    """A trained candidate with everything that its numbers depend on, without its scan.

    Attributes
    ----------
    candidate : Candidate
    analysis_pitch_m : float or None
        Pitch of the square pixels that the window counts in.
    normalisation : Normalisation
        Of its channels: what becomes 0 and 1.
    weights : mapping of str to array
    mixture : Mixture
    type_of_component : (K,) int64
    looks : mapping of int to TypeLook
    plan : mapping
        As it was executed (JSON values).
    source : str
        Scan that it was trained on.
    consensus : Consensus or None
        Of the candidates that make the types together, where the winner alone does not.
    units : tuple of str
        Of its channels, on the scan that it was trained on; "" where unknown, () where none are.
    """

    candidate: Candidate
    analysis_pitch_m: float | None
    normalisation: Normalisation
    weights: Mapping[str, NDArray[np.float32]]
    mixture: Mixture
    type_of_component: NDArray[np.int64]
    looks: Mapping[int, TypeLook]
    plan: Mapping[str, object]
    source: str = ""
    consensus: Consensus | None = None
    units: tuple[str, ...] = ()

    __repr__ = short_repr

    def __post_init__(self) -> None:
        set_readonly(self, "type_of_component", (self.mixture.n_components,), np.int64)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels that it reads."""
        return self.normalisation.channels

    def in_other_units(self, units: Mapping[str, str]) -> tuple[str, str, str] | None:
        """Return a channel, its unit and that of another scan, where both are known and differ."""
        for name, own in zip(self.channels, self.units, strict=False):
            found = units.get(name, "")
            if own and found and found != own:
                return name, own, found
        return None

    @property
    def winner_mixture(self) -> Mixture:
        """The mixture of the candidate's own codes."""
        return self.mixture if self.consensus is None else self.consensus.winner_mixture

    @property
    def largest_window_px(self) -> int:
        """Of the windows that it needs of each patch."""
        own = self.candidate.window_px
        return own if self.consensus is None else max(own, self.consensus.largest_window_px)

    @property
    def window_m(self) -> float | None:
        """Side of the window on the sample; None without a scale."""
        pitch = self.analysis_pitch_m
        return None if pitch is None else self.candidate.window_px * pitch

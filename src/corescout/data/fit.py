"""What a reward looks at: one trained candidate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import set_readonly
from corescout.data.bayesian import BayesianMixture
from corescout.data.candidate import Candidate
from corescout.data.latents import Latents
from corescout.data.mixture import Mixture
from corescout.data.short_repr import short_repr


@dataclass(frozen=True, eq=False)
class Fit:
    """A candidate after training, on N patches of D = C w^2 pixels.

    Attributes
    ----------
    candidate : Candidate
    latents : Latents
    log_likelihood_per_px : (N,)
        E_q[log p(x | z)] / D of each patch, in nats.
    target_entropy_per_px : (N,)
        H(x): the floor under the cross-entropy of grey targets, in nats; 0 for a Gaussian.
    kl_nats : (N,)
        KL divergence of each patch's posterior to the prior, unscaled.
    kept : (N,) bool
        Points that the density filter kept.
    mixtures : mapping of int to Mixture
        One per number of components K, fitted on the kept points.
    center_yx_px : (N, 2)
        Where the patches lie, for spatial blocks.
    context : (N, P)
        The scan's rotation-invariant context descriptor at each patch, the same for every
        candidate of a scan.
    block : (N,) int64
        Spatial block of each patch, for cross-validation.
    held_out_nats : mapping of int to (N,)
        By number of components K, the log density of each patch's code under the mixture that was
        fitted without its block; NaN where there is none. Empty unless it is asked for.
    bayesian : BayesianMixture or None
        Fitted on all patches, where it is asked for.
    measured : (N,) or None
        A property that was measured on the sample, at its key points; NaN where it was not.
    walls : (N, 5) or None
        What a cut across the wall shows at each patch, as `WallProfiles.array`; None where unknown.
    least_components : int
        Smallest K that the criteria may choose; K = 1 is fitted in any case.
    """

    candidate: Candidate
    latents: Latents
    log_likelihood_per_px: NDArray[np.float64]
    target_entropy_per_px: NDArray[np.float64]
    kl_nats: NDArray[np.float64]
    kept: NDArray[np.bool_]
    mixtures: Mapping[int, Mixture]
    center_yx_px: NDArray[np.float64]
    context: NDArray[np.float64]
    block: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    held_out_nats: Mapping[int, NDArray[np.float64]] = field(default_factory=dict)
    bayesian: BayesianMixture | None = None
    measured: NDArray[np.float64] | None = None
    walls: NDArray[np.float64] | None = None
    least_components: int = 1

    __repr__ = short_repr

    def __post_init__(self) -> None:
        count = len(self.latents)
        for name in ("log_likelihood_per_px", "target_entropy_per_px", "kl_nats"):
            set_readonly(self, name, (count,))
        set_readonly(self, "kept", (count,), np.bool_)
        set_readonly(self, "center_yx_px", (count, 2))
        set_readonly(self, "context", (count, None))
        set_readonly(self, "block", (count if len(self.block) else 0,), np.int64)
        if self.measured is not None:
            set_readonly(self, "measured", (count,))
        if self.walls is not None:
            set_readonly(self, "walls", (count, 5))

    @property
    def codes(self) -> NDArray[np.float64]:
        """Codes (N, L) of the patches: the means of their posteriors."""
        return self.latents.mean

    @property
    def misfit_per_px(self) -> NDArray[np.float64]:
        """How much worse than perfectly each patch is rebuilt, in nats: -E_q[log p] - H(x)."""
        return np.asarray(-self.log_likelihood_per_px - self.target_entropy_per_px)

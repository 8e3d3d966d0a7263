"""What a model says of patches: their codes and how well it rebuilds them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data.latents import Latents
from corescout.data.short_repr import short_repr


@dataclass(frozen=True, eq=False)
class Encoding:
    """Latents of N patches and the terms of their ELBO.

    Attributes
    ----------
    latents : Latents
    log_likelihood_per_px : (N,)
        E_q[log p(x | z)] over counted pixels, one draw of the posterior, nats; NaN where a method
        rebuilds nothing.
    target_entropy_per_px : (N,)
    kl_nats : (N,)
    """

    latents: Latents
    log_likelihood_per_px: NDArray[np.float64]
    target_entropy_per_px: NDArray[np.float64]
    kl_nats: NDArray[np.float64]

    __repr__ = short_repr

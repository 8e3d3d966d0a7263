"""A domain structure before a tip has seen it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

A_RESPONSE = 0.35  # of a c domain: the out-of-plane response of an a domain is weak


@dataclass(frozen=True, eq=False)
class Domains:
    """Out-of-plane response and relief of a domain structure.

    Attributes
    ----------
    response : (H, W)
        Signed; 1 is an up c domain, -1 a down one. Constant inside a domain.
    height : (H, W)
        Relief of unit size: 1 in an a domain, 0 in a c domain, between them at grain boundaries.
    """

    response: NDArray[np.float64]
    height: NDArray[np.float64]


def a_and_c(
    is_a: NDArray[np.bool_],
    sign: NDArray[np.float64] | float = 1.0,
    a_response: float = A_RESPONSE,
) -> Domains:
    """Return a domains inside c domains of a sign, -1 or 1."""
    return Domains(np.where(is_a, a_response, 1.0) * sign, is_a.astype(np.float64))

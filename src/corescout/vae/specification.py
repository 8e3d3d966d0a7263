"""Everything that fixes the shape of a model and the meaning of its outputs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from corescout.data import Candidate
from corescout.data.candidate import Decoder, Likelihood
from corescout.plan import TrainingPlan

REFERENCE_WINDOW_PX = 13
GAUSSIAN_SIGMA = 0.5  # pyroved's default width of a Gaussian likelihood, in normalised units
SCALE_PRIOR_STD = 0.1  # pyroved's prior width of the scale around 1
CIRCULAR_MAX_STD_RAD = 2 * math.pi / math.sqrt(2 * math.pi * math.e)  # a wider one is uniform


@dataclass(frozen=True)
class Specification:
    """A model's shape. Models of one specification train together as one stack.

    Attributes
    ----------
    window_px, n_channels, latent_dim, hidden : int
    invariances : str
        Letters of "rts", empty for none.
    decoder, likelihood : str
    angle_guide : {"circular", "normal"}
        "circular": the encoder's angle is the direction of a 2-vector, its prior uniform on the
        circle; "normal": a scalar with the prior N(0, angle_prior_std_rad), as in pyroved.
    angle_prior_std_rad, shift_prior_std : float
        The shift counts in half windows.
    mask : {"square", "round"}
    turns : int
        A code is the mean over the patch turned to so many angles (`turning`); 1 unless the angle
        is circular: with a scalar one codes are pyroved's.
    """

    window_px: int
    n_channels: int
    latent_dim: int
    hidden: int
    invariances: str
    decoder: Decoder
    likelihood: Likelihood
    angle_guide: Literal["circular", "normal"]
    angle_prior_std_rad: float
    shift_prior_std: float
    mask: Literal["square", "round"]
    turns: int = 1

    @property
    def rotates(self) -> bool:
        """Whether an angle is inferred."""
        return "r" in self.invariances

    @property
    def shifts(self) -> bool:
        """Whether a shift is inferred."""
        return "t" in self.invariances

    @property
    def scales(self) -> bool:
        """Whether a scale is inferred."""
        return "s" in self.invariances

    @property
    def n_gaussian(self) -> int:
        """Gaussian factors of the posterior: shift, scale and z; a scalar angle among them."""
        scalar_angle = self.rotates and self.angle_guide == "normal"
        return scalar_angle + 2 * self.shifts + self.scales + self.latent_dim

    @property
    def canvas_px(self) -> int:
        """Side of the upright image of the canonical decoder, of the window's parity.

        It holds every place that a turned (sqrt 2) and shifted (2 sigma) window can look at.
        """
        reach = self.window_px * (math.sqrt(2.0) if self.rotates else 1.0)
        if self.shifts:
            reach += 2 * 2 * self.shift_prior_std * self.window_px / 2
        if self.scales:
            reach *= 1 + SCALE_PRIOR_STD
        pad = math.ceil((reach - self.window_px) / 2)
        return self.window_px + 2 * pad

    @property
    def n_pixels(self) -> int:
        """C w^2."""
        return self.n_channels * self.window_px**2

    def beta(self, beta0: float) -> float:
        """Weight of the KL term: beta0 w^2 / w_ref^2, so that it keeps pace with the pixels."""
        return beta0 * (self.window_px / REFERENCE_WINDOW_PX) ** 2


def specification_of(candidate: Candidate, training: TrainingPlan) -> Specification:
    """Return the specification that a candidate trains under."""
    turns = training.turns if "r" in candidate.invariances else 1
    return Specification(
        window_px=candidate.window_px,
        n_channels=len(candidate.channels),
        latent_dim=candidate.latent_dim,
        hidden=training.hidden,
        invariances="" if candidate.invariances == "none" else candidate.invariances,
        decoder=candidate.decoder,
        likelihood=candidate.likelihood,
        angle_guide=training.angle_guide,
        angle_prior_std_rad=training.angle_prior_std_rad,
        shift_prior_std=training.shift_prior_std,
        mask=training.mask,
        turns=turns if training.angle_guide == "circular" else 1,
    )

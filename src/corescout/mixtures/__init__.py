"""Mixtures of Gaussians over latent codes, and which points they see."""

from corescout.mixtures.density_filter import keep_dense
from corescout.mixtures.gaussian import fit_mixtures

__all__ = ["fit_mixtures", "keep_dense"]

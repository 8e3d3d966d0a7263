"""Mixtures of Gaussians over latent codes, and which points they see."""

from corescout.mixtures.averaging import averaged
from corescout.mixtures.compiled import check_mixtures
from corescout.mixtures.density_filter import enough_codes, keep_dense
from corescout.mixtures.gaussian import fit_mixtures
from corescout.mixtures.held_out import held_out_nats

__all__ = [
    "averaged",
    "check_mixtures",
    "enough_codes",
    "fit_mixtures",
    "held_out_nats",
    "keep_dense",
]

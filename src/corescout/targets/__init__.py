"""Targets: which core points to measure next, and in which order."""

from corescout.targets.choose import choose_targets, targets_of
from corescout.targets.route import length_m, route

__all__ = ["choose_targets", "length_m", "route", "targets_of"]

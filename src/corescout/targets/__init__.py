"""Targets: which core points to measure next, and in which order."""

from corescout.targets.choose import choose_targets, targets_of, without_target
from corescout.targets.route import length_m, route
from corescout.targets.way import Way, in_order, way_through

__all__ = [
    "Way",
    "choose_targets",
    "in_order",
    "length_m",
    "route",
    "targets_of",
    "way_through",
    "without_target",
]

"""Targets: which core points to measure next, and in which order."""

from corescout.targets.choose import choose_targets

__all__ = ["choose_targets"]

"""The search: where trials run, which candidate wins and why, whether there are types."""

from corescout.search.decision import Decision, decide
from corescout.search.evidence import judge, settled, surrogate_groups, waves
from corescout.search.runner import Runner
from corescout.search.segregation import Segregation, distances_px, segregation

__all__ = [
    "Decision",
    "Runner",
    "Segregation",
    "decide",
    "distances_px",
    "judge",
    "segregation",
    "settled",
    "surrogate_groups",
    "waves",
]

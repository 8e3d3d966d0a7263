"""The search: where trials run, which candidate wins and why, whether there are types."""

from corescout.search.decision import Decision, decide
from corescout.search.evidence import judge, settled, surrogate_tasks, waves
from corescout.search.merging import agreement_of, types_of_codes
from corescout.search.places import PlaceAgreement, Places
from corescout.search.runner import TrialRunner

__all__ = [
    "Decision",
    "PlaceAgreement",
    "Places",
    "TrialRunner",
    "agreement_of",
    "decide",
    "judge",
    "settled",
    "surrogate_tasks",
    "types_of_codes",
    "waves",
]

"""The search: where trials run, which candidate wins and why, whether there are types."""

from corescout.search.decision import Decision, decide
from corescout.search.evidence import judge, settled, surrogate_groups, waves
from corescout.search.runner import Runner

__all__ = ["Decision", "Runner", "decide", "judge", "settled", "surrogate_groups", "waves"]

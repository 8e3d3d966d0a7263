"""The search: where trials run, which candidate wins and why, whether there are types."""

from corescout.search.decision import Decision, decide
from corescout.search.evidence import judge, surrogate_groups
from corescout.search.runner import Runner

__all__ = ["Decision", "Runner", "decide", "judge", "surrogate_groups"]

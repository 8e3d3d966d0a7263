"""The figures of a run and its report."""

from corescout.report.html import write_report

__all__ = ["write_report"]

"""Many scans as one series: each explored, or one representation for all of them."""

from corescout.series.files import find_files, read_values
from corescout.series.pooling import Pooled, pool
from corescout.series.summary import Member, members_that_do_not_fit, write_summary

__all__ = [
    "Member",
    "Pooled",
    "find_files",
    "members_that_do_not_fit",
    "pool",
    "read_values",
    "write_summary",
]

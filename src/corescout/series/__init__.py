"""Many scans as one series: each explored, or one representation for all of them."""

from corescout.series.files import find_files, read_values
from corescout.series.levels import OTHER, Levels, Pooling, preferred_levels, side_by_side
from corescout.series.member import Member, ami_of_type_and_scan, members_that_do_not_fit
from corescout.series.pooling import Pooled, as_member, pool
from corescout.series.summary import write_summary

__all__ = [
    "OTHER",
    "Levels",
    "Member",
    "Pooled",
    "Pooling",
    "ami_of_type_and_scan",
    "as_member",
    "find_files",
    "members_that_do_not_fit",
    "pool",
    "preferred_levels",
    "read_values",
    "side_by_side",
    "write_summary",
]

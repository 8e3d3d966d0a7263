"""What further images say of types: the way back, a second channel, a repeat, another area.

`placed` compares the types of two images at a distance, `relation` says what a further scan is,
`channels` reads other channels of the same lines, `checks` asks all of them, and `again` does so
for a finished result.
"""

from corescout.further_scans.again import with_further, without_further
from corescout.further_scans.checks import FurtherScan, checks_of, ways_of
from corescout.further_scans.relation import turned_words, way_of

__all__ = [
    "FurtherScan",
    "checks_of",
    "turned_words",
    "way_of",
    "ways_of",
    "with_further",
    "without_further",
]

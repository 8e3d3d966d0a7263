"""What further images say of types: the way back, a second channel, a repeat, another area.

`placed` compares the types of two images at a distance, `relation` says what a further scan is,
`channels` reads other channels of the same lines, and `checks` asks all of them.
"""

from corescout.further_scans.checks import FurtherScan, checks_of

__all__ = ["FurtherScan", "checks_of"]

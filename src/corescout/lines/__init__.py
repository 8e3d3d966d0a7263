"""Line faults: jumps, lost lines, gain and offset from line to line, found and mended."""

from corescout.lines.channel import (
    CLEANED,
    AnalysedChannel,
    analysed_channel,
    has_line_faults,
)
from corescout.lines.finding import find_line_faults
from corescout.lines.lag import Lag, at_mean_places, find_lag
from corescout.lines.mending import mend, without_masked
from corescout.lines.second_scan import gains_told_by_first

__all__ = [
    "CLEANED",
    "AnalysedChannel",
    "Lag",
    "analysed_channel",
    "at_mean_places",
    "find_lag",
    "find_line_faults",
    "gains_told_by_first",
    "has_line_faults",
    "mend",
    "without_masked",
]

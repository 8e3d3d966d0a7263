"""What other programs open: maps of a result as .gsf and NSID .h5."""

from corescout.exports.gsf import write_gsf
from corescout.exports.maps import result_maps
from corescout.exports.nsid import write_nsid

__all__ = ["result_maps", "write_gsf", "write_nsid"]

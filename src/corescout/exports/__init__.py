"""What other programs open: maps of a result as .gsf and NSID .h5, targets as .arcmd."""

from corescout.exports.arcmd import arcmd_places_m, arcmd_text
from corescout.exports.gsf import write_gsf
from corescout.exports.maps import result_maps
from corescout.exports.nsid import write_nsid

__all__ = ["arcmd_places_m", "arcmd_text", "result_maps", "write_gsf", "write_nsid"]

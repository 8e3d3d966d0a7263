"""What other programs open: maps as .gsf and NSID .h5, targets as .arcmd, models for pyroved."""

from corescout.exports.arcmd import arcmd_text, turn_doubt
from corescout.exports.gsf import write_gsf
from corescout.exports.maps import result_maps
from corescout.exports.model import write_model
from corescout.exports.nsid import write_nsid
from corescout.exports.script import write_script

__all__ = [
    "arcmd_text",
    "result_maps",
    "turn_doubt",
    "write_gsf",
    "write_model",
    "write_nsid",
    "write_script",
]

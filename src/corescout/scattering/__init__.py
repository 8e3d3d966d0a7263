"""Scattering: a description of the surroundings of key points that nothing is trained for.

`filters` has the wavelets, `transform` the two orders of coefficients at key points, `codes` the
few numbers per point that a mixture sees. It imports no torch: it can run while that loads.
"""

from corescout.scattering.codes import encode_scattering, fit_scattering
from corescout.scattering.transform import REACH_PX, centre_of, scattering_features

__all__ = ["REACH_PX", "centre_of", "encode_scattering", "fit_scattering", "scattering_features"]

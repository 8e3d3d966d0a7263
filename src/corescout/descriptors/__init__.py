"""Wall descriptors: density, junctions, tips, curvature, spacing, levels on both sides.

Lengths are metres on the sample, angles radians. Turning or mirroring a scan changes none of them
but `fast_axis_angle_rad` and `orientation_rad`, which say a direction.
"""

from corescout.descriptors.describe import SceneOfWalls, describe
from corescout.descriptors.meanings import DESCRIPTORS, REACHES_M

__all__ = ["DESCRIPTORS", "REACHES_M", "SceneOfWalls", "describe"]

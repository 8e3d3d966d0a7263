"""Key points: on walls (Canny, Sato), at features (ORB, SIFT), on a grid, or along a drawn path."""

from corescout.keypoints.detect import ScoredPlaces, detect, find_keypoints, find_wall_lines, select
from corescout.keypoints.paths import along_path

__all__ = ["ScoredPlaces", "along_path", "detect", "find_keypoints", "find_wall_lines", "select"]

"""Key points: on walls (Canny, Sato), at features (ORB, SIFT), on a grid, or along a drawn path."""

from corescout.keypoints.detect import Places, detect, find_keypoints, find_wall_lines, select
from corescout.keypoints.paths import along_path

__all__ = ["Places", "along_path", "detect", "find_keypoints", "find_wall_lines", "select"]

"""The names that a plan chooses among, and their words: the same in window, command and report."""

from __future__ import annotations

from typing import Literal

Preset = Literal["live", "standard", "paper"]
FindingDetector = Literal["canny", "sato", "grid", "orb", "sift"]
Detector = Literal[FindingDetector, "none"]  # "none": only what a person draws
Baseline = Literal["pca", "nmf", "fft", "descriptors", "scattering"]
Device = Literal["cpu", "cuda"]
Merging = Literal["none", "entropy", "places"]
SearchMethod = Literal["grid", "tpe", "nsga2"]
PooledLevels = Literal["both", "common", "own"]

PRESET_WORDS: dict[Preset, str] = {
    "live": "live (about a minute)",
    "standard": "standard (some minutes)",
    "paper": "paper (hours)",
}
DETECTOR_WORDS: dict[Detector, str] = {
    "canny": "walls: Canny edges",
    "sato": "walls: Sato ridges",
    "grid": "grid, walls or not",
    "orb": "corners (ORB)",
    "sift": "blobs (SIFT)",
    "none": "only what I draw",
}
INVARIANCE_LABELS = {  # of boxes and curves: the two of the plane are short "both"
    "none": "none",
    "r": "rotation",
    "t": "translation",
    "rt": "both",
}
INVARIANCE_TIPS = {
    "none": "Patches are compared as measured",
    "r": "Walls of different direction count as the same",
    "t": "Walls at different places in the patch count as the same",
    "rt": "Walls of different direction and place in the patch count as the same",
}
_INVARIANCES = {"r": "rotation", "t": "translation", "s": "scale"}


def invariance_words(invariances: str) -> str:
    """Return what a candidate is invariant to: "none", "rotation", "rotation and translation"."""
    if invariances == "none":
        return "none"
    return " and ".join(_INVARIANCES[letter] for letter in invariances)

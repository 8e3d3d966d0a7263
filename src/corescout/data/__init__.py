"""The nouns of Corescout: frozen dataclasses of numpy arrays, with units in their names.

Notation used throughout: N key points, C channels, w window in pixels, L latent dimensions,
K mixture components, M core points. ``y_px, x_px`` are array coordinates of the scan, an integer
is a pixel's centre. Pairs are (y, x) for pixels and (x, y) for metres, and the name says which.
"""

from corescout.data.arrays import readonly
from corescout.data.bayesian import BayesianMixture
from corescout.data.candidate import Candidate
from corescout.data.check import CheckKind, EvidenceCheck, Explanation
from corescout.data.consensus import Consensus, Voter, Votes
from corescout.data.cores import CorePoints
from corescout.data.descriptors import WallDescriptors
from corescout.data.encoding import Encoding
from corescout.data.errors import (
    CorescoutError,
    InputError,
    StoppedError,
    raise_if_stopped,
)
from corescout.data.finding import Finding
from corescout.data.fit import Fit
from corescout.data.frame import ScanFrame
from corescout.data.keypoints import Keypoints, WallProfiles
from corescout.data.latents import Latents
from corescout.data.line_faults import LineFaults
from corescout.data.measurement import Measurement
from corescout.data.mixture import Mixture
from corescout.data.neighbours import Neighbours
from corescout.data.normalisation import Normalisation
from corescout.data.patches import PatchSet
from corescout.data.provisional import Provisional
from corescout.data.representation import Representation
from corescout.data.result import Evidence, Grade, Result, RunnerUp
from corescout.data.reward import Reward
from corescout.data.scan import Scan
from corescout.data.shown_places import ShownPlaces
from corescout.data.spectrum_grid import SpectrumGrid
from corescout.data.target import Target
from corescout.data.trial import Progress, Trial
from corescout.data.typed_points import TypedPoints
from corescout.data.types import TypeLook, Types

__all__ = [
    "BayesianMixture",
    "Candidate",
    "CheckKind",
    "Consensus",
    "CorePoints",
    "CorescoutError",
    "Encoding",
    "Evidence",
    "EvidenceCheck",
    "Explanation",
    "Finding",
    "Fit",
    "Grade",
    "InputError",
    "Keypoints",
    "Latents",
    "LineFaults",
    "Measurement",
    "Mixture",
    "Neighbours",
    "Normalisation",
    "PatchSet",
    "Progress",
    "Provisional",
    "Representation",
    "Result",
    "Reward",
    "RunnerUp",
    "Scan",
    "ScanFrame",
    "ShownPlaces",
    "SpectrumGrid",
    "StoppedError",
    "Target",
    "Trial",
    "TypeLook",
    "TypedPoints",
    "Types",
    "Voter",
    "Votes",
    "WallDescriptors",
    "WallProfiles",
    "raise_if_stopped",
    "readonly",
]

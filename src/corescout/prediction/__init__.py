"""What structure predicts of a property: a Gaussian process, and whether it is to be believed."""

from corescout.prediction.cross_validation import (
    LEAST_LOOPS,
    Validation,
    blocks_of,
    cross_validate,
)
from corescout.prediction.gaussian_process import Predictor, fit_predictor
from corescout.prediction.kernel import Kernel, Part
from corescout.prediction.scaling import Scaling

__all__ = [
    "LEAST_LOOPS",
    "Kernel",
    "Part",
    "Predictor",
    "Scaling",
    "Validation",
    "blocks_of",
    "cross_validate",
    "fit_predictor",
]

"""Steering by measurement: what was measured at key points decides where the tip goes next."""

from corescout.steering.choosing import Choice, choose
from corescout.steering.field import Field, field_of
from corescout.steering.goals import GOALS
from corescout.steering.measured import MeasuredValues, measured_plan, measured_values, says_where
from corescout.steering.property import Prediction, predict, predict_property, validate
from corescout.steering.suggestion import Suggestion, suggest

__all__ = [
    "GOALS",
    "Choice",
    "Field",
    "MeasuredValues",
    "Prediction",
    "Suggestion",
    "choose",
    "field_of",
    "measured_plan",
    "measured_values",
    "predict",
    "predict_property",
    "says_where",
    "suggest",
    "validate",
]

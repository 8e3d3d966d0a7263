"""Steering by measurement: what was measured at key points decides where the tip goes next."""

from corescout.steering.choosing import Choice, choose, goals_of
from corescout.steering.drift import PropertyDrift, property_drift
from corescout.steering.earlier import EarlierPoint, earlier_points
from corescout.steering.field import WRITTEN_RADII, Field, field_of
from corescout.steering.goals import GOALS
from corescout.steering.measured import (
    MeasuredValues,
    measured_plan,
    measured_values,
    says_where,
    values_of_loops,
)
from corescout.steering.property import Prediction, predict, predict_property, validate
from corescout.steering.suggestion import Suggestion, suggest

__all__ = [
    "GOALS",
    "WRITTEN_RADII",
    "Choice",
    "EarlierPoint",
    "Field",
    "MeasuredValues",
    "Prediction",
    "PropertyDrift",
    "Suggestion",
    "choose",
    "earlier_points",
    "field_of",
    "goals_of",
    "measured_plan",
    "measured_values",
    "predict",
    "predict_property",
    "property_drift",
    "says_where",
    "suggest",
    "validate",
    "values_of_loops",
]

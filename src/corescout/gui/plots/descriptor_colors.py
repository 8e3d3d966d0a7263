"""Points coloured by the descriptors of the wall around them: distances, spacing, curvature, ..."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corescout.data import Result
from corescout.descriptors import DESCRIPTORS
from corescout.gui.jobs.job import Job
from corescout.gui.model.candidate_view import CandidateView
from corescout.wall_descriptors import known_descriptors, wall_descriptors

DESCRIPTOR = "descriptor:"  # how its key begins
# What the profile of the wall tells is offered as that.
_OF_PROFILE = {"width_m", "contrast", "phase_step_deg", "orientation_rad"}
# unit -> factor and unit in which it is read
_SHOWN = {"1/m": (1e-6, "1/µm"), "rad": (180 / np.pi, "°"), "m/m": (1.0, "")}
_UNIT_ENDINGS = ("_per_m", "_m", "_rad", "_hz", "_deg")


def descriptor_choices(view: CandidateView | None) -> list[tuple[str, str]]:
    """Return keys and labels: once they were computed, of those that are defined on the scan."""
    result = None if view is None else view.result
    if result is None or result.analysis_pitch_m is None:
        return []
    known = known_descriptors(result)
    names = [n for n in DESCRIPTORS if n not in _OF_PROFILE]
    if known is not None:
        names = [n for n in names if np.isfinite(known.columns[n]).any()]
    return [(DESCRIPTOR + name, label_of(name)) for name in names]


def label_of(name: str) -> str:
    """Return the name of the column without its unit, in words."""
    ending = next((e for e in _UNIT_ENDINGS if name.endswith(e)), "")
    return name.removesuffix(ending).replace("_", " ")


def descriptor_values(view: CandidateView, key: str) -> tuple[NDArray[np.float64], str] | None:
    """Return values (N,) and their unit; None before they were computed (`start_descriptors`)."""
    known = None if view.result is None else known_descriptors(view.result)
    if known is None or view.result is None:
        return None
    name = key.removeprefix(DESCRIPTOR)
    unit = DESCRIPTORS[name][0]
    if unit == "of the channel":
        unit = view.result.scan.units.get(view.result.channels[0], "")
    factor, shown = _SHOWN.get(unit, (1.0, unit))
    return factor * np.asarray(known.columns[name]), shown


def start_descriptors(result: Result) -> Job[object]:
    """Compute the descriptors of a result off the GUI thread."""

    def compute(on_progress: object, stop: object) -> object:
        return wall_descriptors(result)

    return Job(compute)

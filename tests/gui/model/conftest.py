"""The state of a window without a window: no viewer, no widget, no display."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.data import Keypoints
from corescout.gui.model.chosen_image import ChosenImage
from corescout.gui.model.workspace import Workspace
from corescout.plan import Plan, TrainingPlan
from corescout.surfaces import generate_surface


@pytest.fixture
def workspace():
    return Workspace()


@pytest.fixture(scope="session")
def scan():
    return generate_surface((88, 88), seed=1).scan


@pytest.fixture
def chosen(workspace, scan):
    """The workspace with an image chosen."""
    workspace.choose(ChosenImage("Amplitude (pm)", "Amplitude", scan))
    return workspace


@pytest.fixture
def points():
    """A grid of 400 key points, 5 px apart."""
    y, x = np.mgrid[0:100:5, 0:100:5]
    return Keypoints(np.stack([y.ravel(), x.ravel()], 1).astype(float), np.ones(400), "grid")


@pytest.fixture(scope="session")
def typed_result(scan):
    """A result of three types and two candidates, as small as one can be."""
    from corescout.cores import order_by_size
    from corescout.edits import with_types
    from corescout.pipeline import explore

    training = TrainingPlan(epochs=3, collapse_variance=0.0)
    plan = Plan.preset("live", windows_px=(7, 9), invariances=("none",), training=training)
    decision = plan.decision.model_copy(update={"seeds": 1, "finalists": 1, "null_surrogates": 0})
    found = explore(scan, plan.model_copy(update={"decision": decision}), workers=1)
    mixture = found.fit.mixtures[3]
    kinds = order_by_size(mixture, np.asarray(found.fit.latents.mean))
    return with_types(replace(found, mixture=mixture, type_of_component=kinds))

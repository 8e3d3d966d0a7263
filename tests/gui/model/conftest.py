"""The state of a window without a window: no viewer, no widget, no display."""

import numpy as np
import pytest

from corescout.data import Keypoints
from corescout.gui.model.chosen_image import ChosenImage
from corescout.gui.model.workspace import Workspace
from corescout.surfaces import generate_surface


@pytest.fixture
def workspace():
    return Workspace()


@pytest.fixture(scope="session")
def scan():
    return generate_surface((64, 64), seed=1).scan


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

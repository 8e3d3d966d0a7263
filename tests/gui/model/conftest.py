"""The state of a window without a window: no viewer, no widget, no display."""

import sys

import numpy as np
import pytest

from corescout.data import (
    Evidence,
    Fit,
    Keypoints,
    Latents,
    Mixture,
    Result,
    Reward,
    Trial,
    TypedPoints,
)
from corescout.gui.model.chosen_image import ChosenImage
from corescout.gui.model.workspace import Workspace
from corescout.plan import Plan
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
    """A result of three types and two candidates, put together by hand: nothing is trained."""
    from corescout.cores import find_core_points
    from corescout.edits import with_types
    from corescout.patches import cut_patches, normalisation

    y, x = np.mgrid[8:80:5, 8:80:5]
    yx = np.stack([y.ravel(), x.ravel()], 1).astype(float)
    keypoints = Keypoints(yx, np.ones(len(yx)), "grid")
    plan = Plan.preset("live", windows_px=(7, 9), invariances=("none",))
    winner, other = plan.candidates(("Amplitude",))[:2]  # the networks of both windows
    image = scan.channel("Amplitude")[None].astype(np.float32)
    levels = normalisation(image, ("Amplitude",), plan.normalisation)
    rows = np.arange(len(yx))
    patches = cut_patches(levels.grey(image), keypoints, rows, winner.window_px, levels)
    kind = ((yx[:, 1] - 8) // 25).astype(int)  # three upright bands of the scan
    centres = np.array([[-1.5, 0.0], [0.0, 1.5], [1.5, 0.0]])
    z = centres[kind] + np.random.default_rng(0).normal(0, 0.2, (len(yx), 2))
    mixture = Mixture(
        np.full(3, 1 / 3), centres, np.tile(0.04 * np.eye(2), (3, 1, 1)), np.eye(3)[kind], rows, 0.0
    )
    zeros, types = np.zeros(len(yx)), np.array([1, 2, 3])
    trials = tuple(
        Trial(n, c, "done", {"gain": Reward("gain", 1.0 - n, "higher")})
        for n, c in enumerate((winner, other))
    )
    found = Result(
        scan=scan,
        channels=("Amplitude",),
        keypoints=keypoints,
        patches=patches,
        analysis_pitch_m=scan.frame.pitch_m[0],
        winner=winner,
        fit=Fit(
            winner, Latents(z, np.full(z.shape, 0.1)), zeros, zeros, zeros, zeros == 0,
            {3: mixture}, yx, zeros[:, None],
        ),
        weights={},
        mixture=mixture,
        type_of_component=types,
        core_points=find_core_points(TypedPoints(z, mixture, types), 0.25),
        targets=(),
        evidence=Evidence(0.05, 1.0, (), True, "put together"),
        why="put together",
        trials=trials,
        latents_by_trial={0: z, 1: z + 0.01},
        mixture_by_trial={0: mixture, 1: mixture},
        plan=plan.model_dump(mode="json"),
    )  # fmt: skip
    return with_types(found)


@pytest.fixture(scope="session", autouse=True)
def _disable_qt_warnings():
    """In place of napari's, which loads its window (1.5 s) for every test of any package."""


@pytest.fixture(autouse=True)
def _clean_themes():
    """In place of napari's, likewise."""


@pytest.fixture(autouse=True)
def _no_torch():
    """The state of a window is light: nothing that it does loads torch or napari's window.

    What other tests of the same process had loaded before does not count.
    """
    before = set(sys.modules)
    yield
    assert not {"torch", "sklearn"} & (set(sys.modules) - before)

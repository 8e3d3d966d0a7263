"""Patches of the turned scan: cut where they should be, and they keep their codes with r."""

import math

import numpy as np
import pytest
from scipy.ndimage import spline_filter

from corescout.bench.rotation import rotation_plan, turn, turned_patches
from corescout.preparation import prepare
from corescout.surfaces import Imaging, generate_surface
from corescout.vae import encode, specification_of, train


@pytest.fixture(scope="module")
def prepared():
    scan = generate_surface((160, 160), 1, imaging=Imaging(noise=0.01)).scan
    return prepare(scan, rotation_plan((9,)))


def test_a_quarter_turn_of_the_scan_is_that_of_the_patch(prepared):
    yx = np.asarray(prepared.keypoints.yx_px)
    splines = [spline_filter(np.asarray(image, np.float64)) for image in prepared.images]
    upright = np.asarray(prepared.patches(9).values)
    np.testing.assert_allclose(turned_patches(splines, yx, 9, 0.0), upright, atol=1e-5)
    quarter = turned_patches(splines, yx, 9, math.pi / 2)
    expected = np.rot90(upright, -1, (2, 3))
    np.testing.assert_allclose(quarter, expected, atol=1e-5)


@pytest.mark.parametrize("mask", ["square", "round"])
def test_turned_patches_keep_code_and_type_with_r(prepared, mask):
    """`corescout bench rotation` in small: one window, three patterns."""
    plan = rotation_plan((9,), mask)
    turned = turn(prepared, 9, "r", plan)
    fixed = turn(prepared, 9, "none", plan)
    assert np.median(turned.dz) < 0.35
    assert np.median(turned.dz) < 0.4 * np.median(fixed.dz)
    assert turned.kept_type >= 0.9
    assert turned.kept_component >= 0.9
    assert fixed.kept_component < 0.5


def test_codes_over_quarter_turns_do_not_change_with_one(prepared):
    plan = rotation_plan((9,), quarter_turns=True)
    short = plan.training.model_copy(update={"epochs": 3})
    from corescout.data import Candidate

    spec = specification_of(Candidate(9, "r", channels=prepared.channels), short)
    assert spec.quarter_turns
    assert not specification_of(Candidate(9, channels=prepared.channels), short).quarter_turns
    patches = np.asarray(prepared.patches(9).values)[:100]
    weights = train(patches, spec, 1.0, (0,), short).weights[0]
    codes = [
        encode(np.rot90(patches, k, (2, 3)).copy(), weights, spec).latents.mean for k in (0, 1)
    ]
    np.testing.assert_allclose(codes[0], codes[1], atol=1e-5)

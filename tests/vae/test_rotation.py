"""Patches of the turned scan: cut where they should be, and they keep their codes with r."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import spline_filter

from benchmarks.truth.rotation import rotation_plan, turn, turned_patches
from corescout.data import Candidate
from corescout.preparation import prepare
from corescout.surfaces import Imaging, generate_surface
from corescout.vae import codes_of, encode, specification_of, train


@pytest.fixture(scope="module")
def prepared():
    scan = generate_surface((160, 160), 1, imaging=Imaging(noise=0.01)).scan
    return prepare(scan, rotation_plan((9,)))


def test_a_quarter_turn_of_the_scan_is_that_of_the_patch(prepared):
    yx = np.asarray(prepared.patches(9).center_yx_px)
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


@pytest.fixture(scope="module")
def short_training(prepared):
    """Patches, and weights of a model that has hardly learned to guess the angle."""
    short = rotation_plan((9,)).training.model_copy(update={"epochs": 3})
    spec = specification_of(Candidate(9, "r", channels=prepared.channels), short)
    patches = np.asarray(prepared.patches(9).values)[:100]
    return patches, train(patches, spec, 1.0, (0,), short).weights[0], spec


def test_only_codes_with_r_and_a_circular_angle_are_means_over_turns(prepared):
    training = rotation_plan((9,)).training
    scalar = training.model_copy(update={"angle_guide": "normal"})
    assert specification_of(Candidate(9, "rt"), training).turns == 16
    assert specification_of(Candidate(9, "t"), training).turns == 1
    assert specification_of(Candidate(9, "rt"), scalar).turns == 1


@pytest.mark.parametrize("turns", [1, 16])
def test_codes_alone_are_those_of_the_whole_encoding(short_training, turns):
    patches, weights, spec = short_training
    spec = replace(spec, turns=turns, mask="round")
    alone = codes_of(patches, weights, spec)
    np.testing.assert_array_equal(alone, encode(patches, weights, spec).latents.mean)
    assert alone.std() > 0


def test_a_quarter_turn_changes_no_code(short_training):
    patches, weights, spec = short_training
    codes = [encode(np.rot90(patches, k, (2, 3)), weights, spec).latents.mean for k in (0, 1)]
    np.testing.assert_allclose(codes[0], codes[1], atol=1e-5)


def test_turning_the_first_layer_is_turning_every_patch(short_training):
    """Against a slow, obvious loop: each patch is turned, masked and encoded."""
    patches, weights, spec = short_training
    spec = replace(spec, turns=5, mask="round")
    alone = replace(spec, turns=1)
    offset = np.arange(9) - 4.0
    y, x = np.meshgrid(offset, offset, indexing="ij")
    codes = []
    for angle in 2 * np.pi * np.arange(5) / 5:
        cos, sin = np.cos(angle), np.sin(angle)
        places = np.stack([cos * y - sin * x, sin * y + cos * x]) + 4
        turned = np.stack([keys_cubic(patch[0], *places) for patch in patches[:7]])[:, None]
        codes.append(encode(turned.astype(np.float32), weights, alone).latents.mean)
    found = encode(patches[:7], weights, spec).latents.mean
    np.testing.assert_allclose(found, np.mean(codes, axis=0), atol=1e-5)


def keys_cubic(image, rows, columns):
    """Read an image at places by cubic convolution with a = -1/2; its edge goes on outside."""
    side = len(image)

    def kernel(d):
        d = abs(d)
        if d <= 1:
            return 1.5 * d**3 - 2.5 * d**2 + 1
        return -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2 if d < 2 else 0.0

    out = np.zeros(rows.shape)
    for i, (row, column) in enumerate(zip(rows.flat, columns.flat, strict=True)):
        for r in range(int(np.floor(row)) - 1, int(np.floor(row)) + 3):
            for c in range(int(np.floor(column)) - 1, int(np.floor(column)) + 3):
                value = image[min(max(r, 0), side - 1), min(max(c, 0), side - 1)]
                out.flat[i] += kernel(row - r) * kernel(column - c) * value
    return out

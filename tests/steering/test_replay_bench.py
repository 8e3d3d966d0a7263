"""`bench replay` in small: a grid of loops whose coercive bias goes with the image."""

import numpy as np

from benchmarks.truth.replay import field_of_grid, replay, values_of
from corescout.data import ScanFrame, SpectrumGrid
from corescout.instruments.loops import Loop, sweep_v


def test_a_grid_whose_image_tells_the_loops_is_learned_by_all_policies(rng):
    rows, cols = np.indices((12, 12))
    up = (rows + 2 * cols) % 12 < 6
    bias = np.concatenate([[0.0], sweep_v(-6, 6, 96)])
    response = np.zeros((12, 12, 97))
    for y, x in np.ndindex(12, 12):
        loop = Loop(40e-12, 3.0 if up[y, x] else 1.5, 0.0)
        response[y, x, 1:] = loop.response_m(bias[1:]) + 1e-12 * rng.standard_normal(96)
        response[y, x, 0] = (40e-12 if up[y, x] else -40e-12) + 1e-12 * rng.standard_normal()
    response[0, 0, 1:] = rng.standard_normal(96)
    frame = ScanFrame((12, 12), (1e-7, 1e-7), (0.0, 0.0))
    grid = SpectrumGrid(frame, bias, response, "bias", "V", "m", "planted")
    seen, field = values_of(grid), field_of_grid(grid)
    planted = np.where(up, 3.0, 1.5).ravel()
    known = np.isfinite(seen)
    assert known.sum() >= 142
    assert np.median(np.abs(seen - planted)[known]) < 0.1
    curves = replay(field, seen, (10, 30), 0)
    for policy in ("ours", "random", "grid"):
        assert curves[policy][-1] < 0.4 * np.nanstd(seen), policy

"""Loops measured on the surface of the shared result."""

import numpy as np
import pytest

from corescout.instruments.loops import sweep_v
from corescout.instruments.twin import LOOPS
from corescout.instruments.twin_loops import LoopField


@pytest.fixture(scope="session")
def loop_field(surface):
    return LoopField(surface, LOOPS, "junction", outliers=0.0, failures=0.1, seed=1)


@pytest.fixture(scope="session")
def table(typed_result, loop_field, tmp_path_factory):
    """`measurements.csv` of 40 loops, as a day writes it."""
    from corescout.data import Measurement, Target
    from corescout.live.day.measured_table import add_rows

    path = tmp_path_factory.mktemp("day") / "measurements.csv"
    rng = np.random.default_rng(0)
    places = np.asarray(typed_result.patches.center_yx_px)
    bias = sweep_v(-6, 6, 96)
    for row in rng.choice(len(places), 40, replace=False):
        y, x = (float(v) for v in places[row])
        uid = f"{typed_result.scan.uid}-y{y:.1f}-x{x:.1f}"
        xy_m = tuple(float(v) for v in typed_result.scan.frame.to_m((y, x)))
        target = Target(uid, typed_result.scan.uid, (y, x), xy_m, 1, 1, "spectrum")
        loop = loop_field.loop_at((y, x), rng)
        response = 1e-12 * rng.standard_normal(96)
        response = response if loop is None else response + loop.response_m(bias)
        curve = Measurement(uid, bias, "bias", "V", {"response": response}, {"response": "m"}, xy_m)
        add_rows(path, target, curve)
    return path

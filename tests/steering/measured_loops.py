"""`measurements.csv` of loops at key points of a result, as a day writes it."""

from datetime import UTC, datetime, timedelta

import numpy as np

from corescout.data import Measurement, Target
from corescout.instruments.loops import sweep_v
from corescout.live.day.measured_table import add_rows


def measure_loops(path, result, loop_field, count, seed=0):
    """Write loops of a field at `count` key points; where one fails there is noise alone."""
    rng = np.random.default_rng(seed)
    places = np.asarray(result.patches.center_yx_px)
    bias = sweep_v(-6, 6, 96)
    began = datetime(2026, 1, 1, 9, tzinfo=UTC)
    for i, row in enumerate(rng.choice(len(places), count, replace=False)):
        y, x = (float(v) for v in places[row])
        uid = f"{result.scan.uid}-y{y:.1f}-x{x:.1f}"
        xy_m = tuple(float(v) for v in result.scan.frame.to_m((y, x)))
        target = Target(uid, result.scan.uid, (y, x), xy_m, 1, 1, "spectrum")
        loop = loop_field.loop_at((y, x), rng)
        response = 1e-12 * rng.standard_normal(96)
        response = response if loop is None else response + loop.response_m(bias)
        curve = Measurement(uid, bias, "bias", "V", {"response": response}, {"response": "m"}, xy_m,
                            began + timedelta(seconds=20 * i))  # fmt: skip
        add_rows(path, target, curve)
    return path

"""A field of made-up inputs, and values measured on it."""

import numpy as np

from corescout.steering import Field, MeasuredValues


def field_of_points(rng, n=400, dims=6, size_m=4e-6):
    x = rng.standard_normal((n, dims))
    names = ("z1", "z2", *(f"descriptor {i}" for i in range(dims - 2)))
    return Field(
        names, x, rng.uniform(0, size_m, (n, 2)), 1 + (x[:, 0] > 0).astype(int),
        np.ones(n, bool), 50e-9, 400e-9,
    )  # fmt: skip


def values_at(field, rows, truth, noise=0.0, rng=None):
    seen = truth[rows] + (noise * rng.standard_normal(len(rows)) if noise else 0.0)
    return MeasuredValues("coercive_bias_v", "V", np.asarray(rows), seen)

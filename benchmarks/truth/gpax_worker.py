"""Fits gpax in an environment of its own; run by `gpax_compare`, imports nothing of Corescout.

A line on stdin names an ``.npz`` with ``x`` (n, D), ``y`` (n,), ``everywhere`` (N, D), ``free``
(N,) and ``xy_m`` (N, 2), ``radius_m``, ``count``, ``steps``, and ``length``, the median of the
prior of length scales (gpax's own: 1). Its answer is written beside it: ``mean`` (N,) of
`gpax.viGP` (Matern), and ``rows``, the places of the largest predictive variance, each taken as
measured before the next.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

JITTER = 1e-6


Array = Any  # of numpy; typed without its stubs, which another environment may lack


def matern(a: Array, b: Array, length: Array, scale: float) -> Array:
    """Matern 5/2 (A, B), as gpax has it."""
    off = (a / length)[:, None] - (b / length)[None]
    r = np.sqrt(5.0 * np.maximum((off**2).sum(axis=2), 1e-36))
    return scale * (1 + r + r**2 / 3) * np.exp(-r)


def most_uncertain(task: Mapping[str, Array], length: Array, scale: float, noise: float) -> Array:
    """Rows of the largest variance, one after the other, none within the radius of another."""
    x, everywhere = task["x"], task["everywhere"]
    free, rows = task["free"].copy(), []
    for _ in range(int(task["count"])):
        if not free.any():
            break
        k = matern(x, x, length, scale) + (noise + JITTER) * np.eye(len(x))
        crossed = matern(x, everywhere, length, scale)
        variance = scale - (crossed * np.linalg.solve(k, crossed)).sum(axis=0)
        row = int(np.where(free, variance, -np.inf).argmax())
        rows.append(row)
        x = np.vstack([x, everywhere[row]])
        free &= np.linalg.norm(task["xy_m"] - task["xy_m"][row], axis=1) >= task["radius_m"]
    return np.array(rows, int)


def answer(path: str) -> None:
    """Fit one task and write what came of it."""
    gpax, numpyro = import_module("gpax"), import_module("numpyro")
    with np.load(path) as stored:
        task = {name: stored[name] for name in stored}
    first, second = gpax.utils.get_keys(0)
    middle, spread = task["y"].mean(), task["y"].std() or 1.0
    prior = numpyro.distributions.LogNormal(np.log(float(task["length"])), 1.0)
    model = gpax.viGP(task["x"].shape[1], "Matern", lengthscale_prior_dist=prior)
    model.fit(first, task["x"], (task["y"] - middle) / spread, num_steps=int(task["steps"]),
              progress_bar=False, print_summary=False)  # fmt: skip
    mean, _ = model.predict(second, task["everywhere"], noiseless=True)
    found = model.get_samples()
    length, scale, noise = (np.asarray(found[n], float) for n in ("k_length", "k_scale", "noise"))
    rows = most_uncertain(task, length, float(scale), float(noise))
    np.savez(f"{path}.answer.npz", mean=np.asarray(mean) * spread + middle, rows=rows)


if __name__ == "__main__":
    for line in sys.stdin:
        answer(line.strip())
        sys.stdout.write("done\n")
        sys.stdout.flush()

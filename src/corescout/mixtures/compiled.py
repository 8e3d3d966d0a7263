"""Expectation-maximisation by compiled kernels, run by run; the batched one is its definition.

A test holds it to that: the same optimum, not the same digits, as it computes in double precision.
"""

from __future__ import annotations

import math
import threading
from importlib.util import find_spec

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from corescout.data import InputError, raise_if_stopped
from corescout.plan import MixturePlan


def check_mixtures(plan: MixturePlan) -> None:
    """Refuse compiled mixtures where they cannot run.

    Raises
    ------
    InputError
        If numba is missing.
    """
    if plan.engine == "numba" and find_spec("numba") is None:
        raise InputError(
            "the package numba, for mixtures.engine 'numba'",
            "none",
            "pip install 'napari-corescout[fast]', or leave mixtures.engine at 'batched'",
        )


def start_compiled(z: Tensor, k: int, rng: np.random.Generator, lloyd_steps: int) -> Tensor:
    """Hard assignments (n, K) of z (n, L), as `gaussian.kmeans_start` with the same draws."""
    from corescout.mixtures.em_kernels import seek_centres

    first = int(rng.integers(len(z)))
    own = seek_centres(z.double().numpy(), first, rng.random(k - 1), lloyd_steps)
    return torch.nn.functional.one_hot(torch.from_numpy(own), k).to(z.dtype)


def iterate_compiled(
    features: Tensor,
    theta: Tensor,
    absent: Tensor,
    noise: Tensor | None,
    *,
    dims: int,
    floor: float,
    most: int,
    check_every: int,
    tolerance: float,
    stop: threading.Event | None = None,
) -> tuple[Tensor, Tensor]:
    """Run EM on each of R runs until its mean log density changes by less than the tolerance.

    Parameters
    ----------
    features : (R, n, F)
        Runs of one latent space share theirs.
    theta : (R, F, K)
        Coefficients to start from; the last column is the noise's where there is any.
    absent : (R, K)
        0 for components that a run has.
    noise : (R,) or None
        Log density of the noise.
    floor : float
        Added to variances.

    Returns
    -------
    theta (R, F, K), and converged (R,) bool

    Raises
    ------
    StoppedError
        If `stop` was set.
    """
    from corescout.mixtures.em_kernels import run_em  # numba takes half a second to import

    result, converged = theta.clone(), torch.zeros(len(theta), dtype=torch.bool)
    seen: dict[int, NDArray[np.float64]] = {}
    for run, of_run in enumerate(features):
        raise_if_stopped(stop, "while mixtures were fitted")
        if of_run.data_ptr() not in seen:
            seen[of_run.data_ptr()] = np.ascontiguousarray(of_run.T.double().numpy())
        points = seen[of_run.data_ptr()]
        columns = torch.nonzero(absent[run] == 0)[:, 0]
        if noise is not None:
            columns = torch.cat([columns, torch.tensor([theta.shape[2] - 1])])
        found = np.ascontiguousarray(theta[run][:, columns].double().numpy())
        density = math.nan if noise is None else float(noise[run])
        converged[run] = run_em(points, found, dims, density, floor, most, check_every, tolerance)
        result[run][:, columns] = torch.from_numpy(found).to(theta.dtype)
    return result, converged

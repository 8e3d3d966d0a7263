"""Our Adam against torch's and pyro's, and why there is one of our own.

In processes of their own: torch's optimiser must not be imported beside an open window.
"""

import subprocess
import sys

import pytest

SAME_STEPS = """
import torch
from corescout.adam import Adam

start = torch.linspace(-2, 3, 50)
ours, theirs = start.clone().requires_grad_(), start.clone().requires_grad_()
adam, reference = Adam(ours), torch.optim.Adam([theirs], lr=0.05)
for step in range(200):
    for group in reference.param_groups:
        group["lr"] = 0.05 / (1 + step)
    for theta in (ours, theirs):
        (torch.cos(3 * theta) + theta**2).sum().backward()
    adam.step(ours.grad, 0.05 / (1 + step))
    ours.grad = None
    reference.step()
    reference.zero_grad()
print(float((ours - theirs).abs().max()), float((ours - start).abs().max()))
"""
CLIPPED_STEPS = """
import torch
from pyro.optim.clipped_adam import ClippedAdam
from corescout.adam import Adam

start = torch.linspace(-2, 3, 50, dtype=torch.float64)
ours, theirs = start.clone().requires_grad_(), start.clone().requires_grad_()
adam, reference = Adam(ours, 10.0), ClippedAdam([theirs], lr=0.05)
clipped = 0
for step in range(200):
    for theta in (ours, theirs):
        (torch.cos(3 * theta) + 8 * theta**2).sum().backward()
    clipped += int((ours.grad.abs() > 10).sum())
    adam.step(ours.grad, 0.05)
    ours.grad = None
    reference.step()
    reference.zero_grad()
print(float((ours - theirs).abs().max()), float((ours - start).abs().max()), clipped)
"""
NO_COMPILER_BAYESIAN = """
import sys
import numpy as np
from corescout.mixtures.bayesian import fit_bayesian
from corescout.plan import BayesianPlan

plan = BayesianPlan(n_components=3, max_steps=3, starts=1)
fit_bayesian(np.random.default_rng(0).normal(size=(40, 2)), plan, seed=0)
print(*[m for m in ("torch._dynamo", "triton") if m in sys.modules])
"""
NO_COMPILER = """
import sys
import numpy as np
from corescout.data import Candidate
from corescout.plan import TrainingPlan
from corescout.vae import specification_of, train

plan = TrainingPlan(epochs=1)
spec = specification_of(Candidate(7, "rt", channels=("a",)), plan)
train(np.random.rand(60, 1, 7, 7).astype("f4"), spec, 1.0, (0,), plan)
print(*[m for m in ("torch._dynamo", "triton") if m in sys.modules])
"""


def output_of(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_same_steps_as_torchs():
    difference, moved = map(float, output_of(SAME_STEPS))
    assert difference < 1e-5
    assert moved > 0.05


def test_clipped_the_same_steps_as_pyros():
    difference, moved, clipped = map(float, output_of(CLIPPED_STEPS))
    assert difference < 1e-6
    assert moved > 0.05
    assert clipped > 100


@pytest.mark.parametrize("code", [NO_COMPILER, NO_COMPILER_BAYESIAN])
def test_no_fit_imports_the_compiler(code):
    assert output_of(code) == []

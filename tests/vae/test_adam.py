"""Our Adam against torch's, and why there is one of our own."""

import subprocess
import sys

import numpy as np
import torch

from corescout.vae.adam import Adam


def test_the_same_steps_as_torchs():
    start = torch.linspace(-2, 3, 50)
    ours, theirs = start.clone().requires_grad_(), start.clone().requires_grad_()
    adam, reference = Adam(ours), torch.optim.Adam([theirs], lr=0.05)
    for step in range(200):
        for group in reference.param_groups:
            group["lr"] = 0.05 / (1 + step)
        for theta in (ours, theirs):
            (torch.cos(3 * theta) + theta**2).sum().backward()
        adam.step(0.05 / (1 + step))
        reference.step()
        reference.zero_grad()
    np.testing.assert_allclose(ours.detach(), theirs.detach(), atol=1e-5)


def test_training_does_not_import_the_compiler():
    code = (
        "import sys, numpy as np\n"
        "from corescout.data import Candidate\n"
        "from corescout.plan import TrainingPlan\n"
        "from corescout.vae import specification_of, train\n"
        "plan = TrainingPlan(epochs=1)\n"
        "spec = specification_of(Candidate(7, 'rt', channels=('a',)), plan)\n"
        "train(np.random.rand(60, 1, 7, 7).astype('f4'), spec, 1.0, (0,), plan)\n"
        "print([m for m in ('torch._dynamo', 'triton') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

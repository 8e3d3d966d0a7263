"""Exchange with pyroved: the same codes, reconstructions and loss both ways, or a reason."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from corescout.data import Candidate, InputError
from corescout.plan import TrainingPlan
from corescout.vae import read_pyroved, specification_of, train, write_pyroved
from corescout.vae.exchange import from_pyroved, to_pyroved

PLAN = TrainingPlan(
    epochs=2, angle_guide="normal", initialisation="uniform", schedule="constant", hidden=32
)

# In a process of its own: pyroved clears pyro's parameter store and seeds torch for all.
BOTH_WAYS = """
import json, sys, warnings
import numpy as np, pyro, pyroved, torch
from pyro.infer import TraceMeanField_ELBO
from pyroved.utils import transform_coordinates
from corescout.vae import encode, read_pyroved, reconstruct
from corescout.vae.exchange import from_pyroved
from corescout.vae.model import posterior
from corescout.vae.encoding import as_stack
from corescout.vae.training import Objective

warnings.simplefilter("ignore")
beta0 = 1.3

def compare(weights, model, spec, x):
    model.eval()
    images = torch.tensor(x[:, 0])
    mean, std = model.encode(images)
    latents = encode(x, weights, spec).latents
    L, parameters = spec.latent_dim, as_stack(weights)
    q = posterior(torch.tensor(x).flatten(1)[None], parameters, spec)
    off = {"mean": q.mean[0] - mean, "std": q.std[0] - std}
    off["codes"] = torch.tensor(latents.mean) - mean[:, -L:]
    # the reconstruction at each patch's own angle, shift and scale
    if model.coord:
        phi, dx, sc, z = model.split_latent(mean)
        dx = (dx * model.t_prior).unsqueeze(1) if "t" in model.invariances else dx
        grid = transform_coordinates(model.grid.expand(len(x), *model.grid.shape), phi, dx, sc)
        rebuilt = model.decoder(grid, z)
    else:
        rebuilt = model.decoder(mean)
    off["images"] = torch.tensor(reconstruct(latents, weights, spec)[:, 0]) - rebuilt
    # the loss of one draw, the same for both, the divergence in closed form
    pyro.clear_param_store()
    torch.manual_seed(7)
    theirs = TraceMeanField_ELBO().loss(
        model.model, model.guide, images, scale_factor=spec.beta(beta0)) / len(x)
    torch.manual_seed(7)
    shape = (len(x), spec.n_gaussian)
    noise = torch.normal(torch.zeros(shape), torch.ones(shape))
    noise = torch.cat([noise, torch.zeros(len(x), 1)], -1)[None]
    flat = torch.tensor(x).flatten(1)[None]
    _, loss = Objective(spec, beta0, "cpu")(flat, noise, parameters, 1.0)
    off["loss"] = (loss - theirs) / abs(theirs)
    return {name: float(value.detach().abs().max()) for name, value in off.items()}

def both_ways(file):
    ours = read_pyroved(file)
    spec = ours.spec
    side = spec.window_px
    x = np.random.default_rng(0).uniform(size=(20, 1, side, side)).astype(np.float32)
    arguments = json.load(open(file.replace(".pt", ".json")))["ivae"]
    model, other = (pyroved.models.iVAE(seed=s, device="cpu", **arguments) for s in (1, 5))
    model.load_weights(file)
    other.save_weights(file.replace(".pt", "-theirs"))
    again = read_pyroved(
        file.replace(".pt", "-theirs.pt"), invariances=spec.invariances or "none",
        likelihood=spec.likelihood)
    return {
        "ours in theirs": compare(ours.weights, model, spec, x),
        "theirs in ours": compare(from_pyroved(other.state_dict(), spec), other, spec, x),
        "theirs from a file": compare(again.weights, other, again.spec, x),
        "same model": again.spec == spec,
    }

print(json.dumps({file: both_ways(file) for file in sys.argv[1:]}))
"""


def trained(invariances, likelihood="bernoulli", latent_dim=2):
    candidate = Candidate(
        7, invariances, latent_dim, ("a",), decoder="spatial", likelihood=likelihood
    )
    spec = specification_of(candidate, PLAN)
    patches = np.random.default_rng(1).uniform(size=(64, 1, 7, 7)).astype(np.float32)
    return spec, train(patches, spec, 1.0, (0,), PLAN).weights[0]


CASES = {
    "none": ("bernoulli", 2),
    "r": ("bernoulli", 2),
    "t": ("continuous_bernoulli", 2),
    "rt": ("gaussian", 3),
    "s": ("bernoulli", 1),
    "rts": ("bernoulli", 2),
}


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    files = {}
    for name, (likelihood, latent_dim) in CASES.items():
        spec, weights = trained(name, likelihood, latent_dim)
        files[name] = str(write_pyroved(folder / f"{name}.pt", weights, spec)[0])
    done = subprocess.run(
        [sys.executable, "-c", BOTH_WAYS, *files.values()],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return {name: found[file] for name, file in files.items()}


@pytest.mark.parametrize("name", CASES)
def test_the_same_numbers_both_ways(compared, name):
    assert compared[name].pop("same model")
    assert len(compared[name]) == 3
    for way, off in compared[name].items():
        assert set(off) == {"mean", "std", "codes", "images", "loss"}
        assert max(off.values()) < 1e-5, (way, off)


def test_what_was_written_is_read_back(tmp_path):
    spec, weights = trained("rt")
    path, beside = write_pyroved(tmp_path / "model", weights, spec, about={"channel": "Amplitude"})
    assert path.name == "model.pt"
    assert json.loads(beside.read_text())["channel"] == "Amplitude"
    back = read_pyroved(path)
    assert back.spec == spec
    for name, value in weights.items():
        np.testing.assert_array_equal(back.weights[name], value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"decoder": "canonical"}, "canonical decoder"),
        ({"n_channels": 2}, "2 channels"),
        ({"angle_guide": "circular"}, "direction"),
        ({"angle_prior_std_rad": 2.0}, "prior"),
        ({"mask": "round"}, "round mask"),
    ],
)
def test_what_pyroved_has_not_is_refused_with_the_reason(tmp_path, change, reason):
    spec, weights = trained("r")
    with pytest.raises(InputError, match=reason):
        write_pyroved(tmp_path / "model.pt", weights, replace(spec, **change))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="PCA baseline"):
        to_pyroved(weights, spec, kind="pca")


def test_no_invariance_has_one_decoder_whatever_its_name():
    spec, weights = trained("none")
    assert set(to_pyroved(weights, replace(spec, decoder="canonical", angle_guide="circular")))


def test_bad_files_say_what_is_wrong(tmp_path):
    spec, weights = trained("rt")
    path, beside = write_pyroved(tmp_path / "model.pt", weights, spec)
    with pytest.raises(InputError, match="name the invariances"):
        from_pyroved(torch.load(path), replace(spec, invariances="t"))
    beside.unlink()
    with pytest.raises(InputError, match="pass invariances"):
        read_pyroved(path)
    with pytest.raises(InputError, match="invariances"):
        read_pyroved(path, invariances="none")
    path.write_bytes(b"no model")
    with pytest.raises(InputError, match="save_weights"):
        read_pyroved(path, invariances="rt")
    torch.save([1, 2], path)
    with pytest.raises(InputError, match="two hidden layers"):
        read_pyroved(path, invariances="rt")
    with pytest.raises(InputError, match="check the path"):
        read_pyroved(tmp_path / "nothing.pt")

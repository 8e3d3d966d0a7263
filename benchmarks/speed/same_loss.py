"""`bench same-loss [SCAN]`: how long pyroved's recipe and ours need to one and the same loss.

Two candidates are trained on four of five patches: with pyroved's iVAE and trainer for the paper's
1,000 epochs, once, kept in the user's cache by what was trained; and with ours, as `live` does,
longer and longer until the loss is pyroved's last. The weights of both are judged by one function
on the same patches: binary cross-entropy plus divergence from the prior with weight 1, per patch in
nats, the mean of eight draws. Both also train for that weight. Times are of the processor, one
thread each, training only.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from benchmarks.outcome import CHECKOUT, BenchReport
from benchmarks.speed.paper import BATCH, PAPER_EPOCHS, scan_or_default
from corescout.data import Candidate
from corescout.plan import Plan

if TYPE_CHECKING:
    from corescout.vae import Specification

CANDIDATES = ((13, "r"), (9, "rt"))
OUR_EPOCHS = (5, 10, 15, 20, 30, 40, 50, 70, 100, 150, 200, 300, 500, 1000)
LOOKED_AT = 100  # epochs of pyroved between two weights that are kept
SEEDS = 3
_DRAWS = 8
_HELD_OUT = 5  # every fifth patch, at random
_QUICK_EPOCHS = 20

_PYROVED = """
import json, sys, time
from pathlib import Path
import numpy as np, torch
from pyroved.models import iVAE
from pyroved.trainers import SVItrainer
from pyroved.utils import init_dataloader
torch.set_num_threads(1)
folder = Path(sys.argv[1])
job = json.loads((folder / "job.json").read_text())
patches = torch.as_tensor(np.load(folder / "patches.npy"))
model = iVAE(**job["model"], seed=0, device="cpu")
trainer = SVItrainer(model, seed=0, device="cpu")
loader = init_dataloader(patches, batch_size=job["batch"])
seconds = 0.0
for epoch in range(1, job["epochs"] + 1):
    began = time.process_time()
    trainer.step(loader)
    seconds += time.process_time() - began
    if epoch % job["looked_at"] == 0:
        torch.save(model.state_dict(), folder / f"{epoch}.pt")
        with (folder / "seconds.jsonl").open("a") as file:
            said = trainer.loss_history["training_loss"][-job["looked_at"]:]
            file.write(json.dumps([epoch, seconds, sum(said) / len(said)]) + chr(10))
"""


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Compare on a scan; the showcase of the test data, or a generated surface, if not said.

    With `quick` pyroved trains for 20 epochs, and one candidate alone.
    """
    from corescout.preparation import prepare

    prepared = prepare(scan_or_default(scan), Plan.preset("live"))
    values: dict[str, float | int | str] = {}
    for window, invariances in CANDIDATES[: 1 if quick else None]:
        patches = np.asarray(prepared.patches(window).values, dtype=np.float32)
        order = np.random.default_rng(0).permutation(len(patches))
        held_out, trained_on = np.split(order, [len(patches) // _HELD_OUT])
        found = _compared(
            patches[trained_on],
            patches[held_out],
            Candidate(window, invariances, channels=prepared.channels),
            _QUICK_EPOCHS if quick else PAPER_EPOCHS,
        )
        values |= {f"{invariances}_{window}_{name}": value for name, value in found.items()}
    note = (
        "losses: nats per patch of the patches trained on (and of the others), KL weight 1;"
        " seconds of one processor, training only; ours: median of three seeds"
    )
    return BenchReport("same-loss", values, (), (note,))


def _compared(
    train: NDArray[np.float32], others: NDArray[np.float32], candidate: Candidate, epochs: int
) -> dict[str, float | int | str]:
    """Figures of one candidate; patches (N, 1, w, w)."""
    curve = _pyroved_curve(train, others, candidate, epochs)
    goal, goal_others, said = curve[-1, 2:]
    first = curve[np.flatnonzero(curve[:, 2] <= goal)[0]]
    values: dict[str, float | int | str] = {
        "pyroved_s": round(float(curve[-1, 1]), 1),
        "pyroved_loss": round(float(goal), 2),
        "pyroved_loss_as_it_says": round(float(said), 2),
        "pyroved_loss_others": round(float(goal_others), 2),
        "pyroved_first_there_s": round(float(first[1]), 1),
        "pyroved_first_there_epoch": int(first[0]),
        "pyroved_least_loss_others": round(float(curve[:, 3].min()), 2),
    }
    for step in ("torch", "numba"):
        for our_epochs in OUR_EPOCHS:
            seconds, loss, loss_others = _ours(train, others, candidate, our_epochs, step)
            if loss <= goal:
                break
        else:
            values[f"{step}_s"] = "not reached"
            continue
        values |= {
            f"{step}_epochs": our_epochs,
            f"{step}_s": round(seconds, 2),
            f"{step}_loss": round(loss, 2),
            f"{step}_loss_others": round(loss_others, 2),
            f"{step}_ratio": round(float(curve[-1, 1]) / seconds),
            f"{step}_ratio_first_there": round(float(first[1]) / seconds),
        }
    return values


def _ours(
    train_on: NDArray[np.float32], others: NDArray[np.float32], candidate: Candidate, epochs: int,
    step: str,
) -> tuple[float, float, float]:  # fmt: skip
    """Medians over seeds: seconds of a training as in `live`, its loss, that of other patches."""
    from corescout.vae import specification_of, train

    live = Plan.preset("live").training
    plan = live.model_copy(update={"epochs": epochs, "max_steps": None, "step": step})
    spec = specification_of(candidate, plan)
    beta0 = 1 / spec.beta(1.0)  # the divergence counts once, as with pyroved
    found = []
    for seed in range(SEEDS):
        began = time.process_time()
        trained = train(train_on, spec, beta0, (seed,), plan)
        seconds = time.process_time() - began
        weights = trained.weights[0]
        found.append([seconds, *(loss_nats(p, weights, spec) for p in (train_on, others))])
    seconds, loss, loss_others = np.median(found, axis=0).tolist()
    return seconds, loss, loss_others


def loss_nats(
    patches: NDArray[np.float32],
    weights: Mapping[str, NDArray[np.float32]],
    spec: Specification,
    draws: int = _DRAWS,
) -> float:
    """Negative ELBO per patch (N, 1, w, w), KL weight 1, the mean over draws of the posterior."""
    from corescout.vae import encode

    found = []
    for seed in range(draws):
        seen = encode(patches, weights, spec, seed=seed)
        fit = np.asarray(seen.log_likelihood_per_px) * spec.n_pixels
        found.append(float(np.mean(np.asarray(seen.kl_nats) - fit)))
    return float(np.mean(found))


def _pyroved_curve(
    train: NDArray[np.float32], others: NDArray[np.float32], candidate: Candidate, epochs: int
) -> NDArray[np.float64]:
    """Rows of epoch, seconds, loss, loss of the other patches, mean loss as pyroved says it.

    From the cache if it is there.
    """
    name = hashlib.sha256(train.tobytes() + repr((candidate, epochs, BATCH)).encode())
    name.update(version("pyroved").encode() + version("torch").encode())
    kept = user_cache_path("corescout") / "same-loss" / f"{name.hexdigest()[:24]}.npy"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        curve = _train_pyroved(train, others, candidate, epochs)
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as file:
            np.save(file, curve)
        Path(file.name).replace(kept)
    return np.asarray(np.load(kept))


def _train_pyroved(
    train: NDArray[np.float32], others: NDArray[np.float32], candidate: Candidate, epochs: int
) -> NDArray[np.float64]:
    import torch

    from corescout.vae import specification_of
    from corescout.vae.exchange import from_pyroved, ivae_arguments

    paper = Plan.preset("paper").training
    spec = specification_of(replace(candidate, decoder="spatial"), paper)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        np.save(folder / "patches.npy", train[:, 0])
        job = {"model": ivae_arguments(spec), "batch": BATCH, "epochs": epochs,
               "looked_at": min(LOOKED_AT, epochs)}  # fmt: skip
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        subprocess.run([sys.executable, "-c", _PYROVED, place], cwd=CHECKOUT, check=True)
        rows = []
        for line in (folder / "seconds.jsonl").read_text(encoding="utf-8").splitlines():
            epoch, seconds, said = json.loads(line)
            weights = from_pyroved(torch.load(folder / f"{epoch}.pt", weights_only=True), spec)
            losses = [loss_nats(patches, weights, spec) for patches in (train, others)]
            rows.append([epoch, seconds, *losses, said])
    return np.array(rows)

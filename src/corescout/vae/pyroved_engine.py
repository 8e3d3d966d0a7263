"""Training with the genuine `pyroved.models.iVAE` and its SVI trainer, in a process of its own.

pyro keeps its parameters in a store of the whole process, and the trainer sets torch to one mode
for all: a model is trained in a process that does nothing else. Weights come back as the state dict
of pyroved, which `exchange` turns into ours; codes and rewards are computed as for our own engine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from corescout.data import InputError, StoppedError
from corescout.plan import TrainingPlan
from corescout.vae.exchange import from_pyroved, ivae_arguments, why_not_pyroved
from corescout.vae.specification import Specification

PATCHES, JOB, WEIGHTS = "patches.npy", "job.json", "weights.pt"
_PAPER = "--preset paper"


def check_engine(spec: Specification, plan: TrainingPlan, kind: str = "vae") -> None:
    """Refuse what pyroved's iVAE and its trainer do not do; nothing is trained otherwise instead.

    Raises
    ------
    InputError
        That names the setting.
    """
    reasons = (
        (spec.scales, "the invariance 's': the scale is not trained with pyroved here"),
        (plan.schedule != "constant", f"training.schedule {plan.schedule!r}; it has one rate"),
        (plan.kl_warmup > 0, f"training.kl_warmup {plan.kl_warmup:g}; it has no warm-up"),
        (plan.initialisation != "uniform", "training.initialisation 'scaled'; it has 'uniform'"),
        (plan.max_steps is not None, "training.max_steps; it trains whole epochs"),
        (plan.step != "torch", f"training.step {plan.step!r}; it has its own step"),
        (plan.device != "cpu", f"training.device {plan.device!r}; it trains on the processor here"),
    )
    # channels and scale are named first: no other setting mends them
    reason = why_not_pyroved(spec, kind) if spec.n_channels != 1 else None
    reason = reason or next((said for applies, said in reasons if applies), None)
    reason = reason or (None if kind != "vae" else why_not_pyroved(spec, kind))
    if reason is not None:
        raise InputError(
            "a model and a training that pyroved has, for training.engine 'pyroved'",
            reason,
            f"use {_PAPER} with it, one channel and invariances of none, r, t; or the engine"
            " 'corescout'",
        )


def train_with_pyroved(
    patches: NDArray[np.float32],
    spec: Specification,
    beta0: float,
    seed: int,
    plan: TrainingPlan,
    *,
    stop: threading.Event | None = None,
    on_step: Callable[[float], None] | None = None,
) -> Mapping[str, NDArray[np.float32]]:
    """Train one model; return its weights in our layout.

    Parameters
    ----------
    patches : (N, 1, w, w) float32 in [0, 1]
    seed : int
        Of the weights, the order of the patches and the noise.
    stop : Event
        Ends the process at once, within an epoch.
    on_step : callable
        Told the fraction done, after each epoch.

    Raises
    ------
    InputError
        If pyroved has no such model or training.
    StoppedError
        If `stop` was set.
    """
    check_engine(spec, plan)
    with tempfile.TemporaryDirectory(prefix="corescout-pyroved-") as name:
        folder = Path(name)
        np.save(folder / PATCHES, np.ascontiguousarray(patches[:, 0], dtype=np.float32))
        job = {
            "model": ivae_arguments(spec), "seed": seed, "epochs": plan.epochs,
            "batch_size": plan.batch_size, "learning_rate": plan.learning_rate,
            "scale_factor": spec.beta(beta0),
        }  # fmt: skip
        (folder / JOB).write_text(json.dumps(job), encoding="utf-8")
        _run(folder, plan.epochs, stop, on_step)
        return from_pyroved(_state(folder / WEIGHTS), spec)


def _run(
    folder: Path,
    epochs: int,
    stop: threading.Event | None,
    on_step: Callable[[float], None] | None,
) -> None:
    """Run the process to its end; each line that it writes is an epoch."""
    process = subprocess.Popen(
        [sys.executable, "-m", "corescout.vae.pyroved_process", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")},
    )
    ended = threading.Event()
    guard = threading.Thread(target=_kill_on_stop, args=(process, stop, ended), daemon=True)
    guard.start()
    try:
        for line in process.stdout or ():
            if on_step is not None and line.startswith("epoch "):
                on_step(int(line.split()[1]) / epochs)
        said = process.communicate()[1]
    finally:
        ended.set()
        if process.poll() is None:
            process.kill()
        guard.join()
    if stop is not None and stop.is_set():
        raise StoppedError("stopped during training with pyroved")
    if process.returncode != 0:
        last = (said or "").strip().splitlines()[-1:] or ["no word"]
        raise InputError(
            "a training with pyroved that comes to its end",
            f"its process ended with {process.returncode}: {last[0][:300]}",
            "use the engine 'corescout', or report it with this line",
        )


def _kill_on_stop(
    process: subprocess.Popen[str], stop: threading.Event | None, ended: threading.Event
) -> None:
    while stop is not None and not ended.wait(0.05):
        if stop.is_set():
            process.kill()
            return


def _state(file: Path) -> Mapping[str, torch.Tensor]:
    state: Mapping[str, torch.Tensor] = torch.load(file, weights_only=True)
    return state

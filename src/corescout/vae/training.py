"""Training of a stack of models of one specification: their seeds, or surrogates of one scan.

Cost per step and model, B patches: encoder 2 B (n h + h^2), canonical decoder 2 B (h^2 + h c^2)
with canvas side c, spatial decoder 2 B w^2 2 h^2 multiply-adds; twice that again backwards.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.dlpack import from_dlpack

from corescout.adam import Adam
from corescout.data import InputError, StoppedError
from corescout.plan import TrainingPlan
from corescout.vae.compiled import check_compiled, train_compiled
from corescout.vae.elbo import log_likelihood
from corescout.vae.gradient import Gradient, has_gradient
from corescout.vae.initialisation import initial_parameters
from corescout.vae.masks import pixel_mask
from corescout.vae.model import decode, draw, posterior
from corescout.vae.networks import Parameters
from corescout.vae.schedule import epochs_of, learning_rate_at, warmup_at
from corescout.vae.specification import Specification
from corescout.vae.transforms import base_coordinates


@dataclass(frozen=True, eq=False)
class Trained:
    """M trained models of one specification.

    Attributes
    ----------
    spec : Specification
    weights : tuple of M mappings of str to float32 array
        Parameters of each model by layer: weights (in, out), biases (1, out).
    losses : (M, epochs) float64
        Negative ELBO per patch with the full KL weight, of the last batch of each epoch, in nats.
    """

    spec: Specification
    weights: tuple[Mapping[str, NDArray[np.float32]], ...]
    losses: NDArray[np.float64]


def train(
    patches: NDArray[np.float32],
    spec: Specification,
    beta0: float,
    seeds: tuple[int, ...],
    plan: TrainingPlan,
    *,
    start: Mapping[str, NDArray[np.float32]] | None = None,
    stop: threading.Event | None = None,
    on_step: Callable[[float], None] | None = None,
) -> Trained:
    """Train one model per seed.

    Parameters
    ----------
    patches : (N, C, w, w) or (M, N, C, w, w) float32 in [0, 1]
        Shared by all models, or one set for each.
    seeds : M integers
        Each fixes the initial weights, the order of the patches and the noise of its model.
    start : mapping of str to array, optional
        Weights of a model of this specification, from which all models start.
    stop : Event
        Looked at before every step.
    on_step : callable
        Told the fraction done.

    Raises
    ------
    StoppedError
        If `stop` was set.
    InputError
        If the plan asks for CUDA or numba and there is none.
    """
    device = check_device(plan)
    x = _without_copy(patches).to(device).flatten(-3)
    n_patches, batch = x.shape[-2], min(plan.batch_size, x.shape[-2])
    n_epochs = epochs_of(plan, n_patches)
    steps_per_epoch = n_patches // batch
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    initial = initial_parameters(spec, generators, x, plan.initialisation)
    if start is not None:
        initial = {
            name: torch.as_tensor(np.array(start[name])).expand_as(value).clone()
            for name, value in initial.items()
        }
    if plan.step == "numba" and has_gradient(spec):
        parameters, losses = train_compiled(
            x, initial, generators, spec, beta0, plan, n_epochs, stop, on_step
        )
        return Trained(spec, _unstack(parameters, len(seeds)), losses)
    theta = torch.cat([value.flatten() for value in initial.values()]).to(device)
    adam = Adam(theta)
    step_of = _written_out if has_gradient(spec) else _differentiated
    differentiate = step_of(theta, initial, spec, beta0, device)
    losses = np.zeros((len(seeds), n_epochs))
    n_steps, step = n_epochs * steps_per_epoch, 0
    for epoch in range(n_epochs):
        order = torch.stack([torch.randperm(n_patches, generator=g) for g in generators])
        for first in range(0, steps_per_epoch * batch, batch):
            if stop is not None and stop.is_set():
                raise StoppedError("stopped during training")
            noise = torch.stack(
                [torch.randn(batch, spec.n_gaussian + 1, generator=g) for g in generators]
            ).to(device)
            rows = order[:, first : first + batch].to(device)
            step += 1
            gradient, loss = differentiate(
                _take(x, rows),
                noise,
                warmup_at(step - 1, n_steps, plan),
                step % steps_per_epoch == 0,
            )
            adam.step(gradient, learning_rate_at(step - 1, n_steps, plan))
            if loss is not None:
                losses[:, epoch] = loss.cpu().numpy()
        if on_step is not None:
            on_step(step / n_steps)
    return Trained(spec, _unstack(_views(theta, initial), len(seeds)), losses)


def _without_copy(patches: NDArray[np.float32]) -> Tensor:
    """Patches as a tensor that is only read: those of a large scan fill hundreds of megabytes."""
    try:
        found: Tensor = from_dlpack(patches)
        return found
    except (BufferError, RuntimeError, TypeError):  # read-only arrays are refused by older ones
        return torch.as_tensor(np.array(patches))


def check_device(plan: TrainingPlan) -> str:
    """Return the device that a plan asks for; an InputError where this machine cannot train so."""
    if plan.step == "numba":
        check_compiled(plan)
    if plan.device == "cuda" and not torch.cuda.is_available():
        raise InputError("a CUDA device", "none", "leave --device out, or say --device cpu")
    return plan.device


Differentiate = Callable[[Tensor, Tensor, float, bool], tuple[Tensor, Tensor | None]]


def _written_out(
    theta: Tensor, like: Parameters, spec: Specification, beta0: float, device: str
) -> Differentiate:
    """The gradient by `Gradient`."""
    gradient = torch.zeros_like(theta)
    parameters, parts = _views(theta, like), _views(gradient, like)
    compute = Gradient(spec, beta0, device)

    def differentiate(
        x: Tensor, noise: Tensor, warmup: float, with_loss: bool
    ) -> tuple[Tensor, Tensor | None]:
        return gradient, compute(x, noise, parameters, parts, warmup, with_loss=with_loss)

    return differentiate


def _differentiated(
    theta: Tensor, like: Parameters, spec: Specification, beta0: float, device: str
) -> Differentiate:
    """The gradient by torch, of the objective below."""
    objective = Objective(spec, beta0, device)

    def differentiate(
        x: Tensor, noise: Tensor, warmup: float, with_loss: bool
    ) -> tuple[Tensor, Tensor | None]:
        leaf = theta.detach().requires_grad_()
        loss, reported = objective(x, noise, _views(leaf, like), warmup)
        return torch.autograd.grad(loss, leaf)[0], reported if with_loss else None

    return differentiate


class Objective:
    """Negative ELBO of a batch, summed over the stack: the models' gradients stay apart."""

    def __init__(self, spec: Specification, beta0: float, device: str) -> None:
        self._spec = spec
        self._beta = spec.beta(beta0)
        self._base = base_coordinates(spec.window_px).to(device)
        self._mask = pixel_mask(spec).to(device) if spec.mask == "round" else None

    def __call__(
        self, x: Tensor, noise: Tensor, parameters: Parameters, warmup: float
    ) -> tuple[Tensor, Tensor]:
        """Return the loss to minimise and, per model, the loss with the full KL weight."""
        spec = self._spec
        q = posterior(x if self._mask is None else x * self._mask, parameters, spec)
        logits = decode(draw(q, noise, spec), parameters, spec, self._base)
        per_pixel = log_likelihood(logits, x, spec.likelihood)
        per_pixel = per_pixel if self._mask is None else per_pixel * self._mask
        fit = per_pixel.sum(-1).mean(-1)
        kl = q.kl().mean(-1)
        loss = (self._beta * warmup * kl - fit).sum()
        return loss, (self._beta * kl - fit).detach()


def _views(theta: Tensor, like: Parameters) -> Parameters:
    """Cut the flat vector into parameters of the names and shapes of `like`."""
    parts = torch.split(theta, [value.numel() for value in like.values()])
    return {
        name: part.view(value.shape)
        for (name, value), part in zip(like.items(), parts, strict=True)
    }


def _take(x: Tensor, rows: Tensor) -> Tensor:
    """Rows (M, B) of shared patches (N, n) or of each model's own (M, N, n)."""
    if x.ndim == 2:
        return x[rows]
    return torch.take_along_dim(x, rows.unsqueeze(-1), dim=1)


def _unstack(parameters: Parameters, count: int) -> tuple[dict[str, NDArray[np.float32]], ...]:
    arrays = {name: value.detach().cpu().numpy() for name, value in parameters.items()}
    return tuple({name: array[m].copy() for name, array in arrays.items()} for m in range(count))

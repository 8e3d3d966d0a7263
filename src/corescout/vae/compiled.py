"""Training with the compiled step: `training` with the gradient of `gradient` and Adam in one.

The torch step is the definition; a test holds this one to it. The numbers agree within rounding,
not bit for bit: sums are taken in another order.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from importlib.util import find_spec

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from corescout.adam import corrected
from corescout.data import InputError, StoppedError
from corescout.plan import TrainingPlan
from corescout.vae.masks import pixel_mask
from corescout.vae.networks import Parameters
from corescout.vae.schedule import learning_rate_at, warmup_at
from corescout.vae.specification import CIRCULAR_MAX_STD_RAD, Specification
from corescout.vae.step_arrays import Array, Layers, ModelConstants, Optimised, Schedule, StepArrays
from corescout.vae.transforms import base_coordinates

_STEPS_AT_ONCE = 64  # between two looks at `stop`: about a tenth of a second


def check_compiled(plan: TrainingPlan) -> None:
    """Refuse the compiled step where it cannot run.

    Raises
    ------
    InputError
        If numba is missing, or training is to run on a GPU.
    """
    if find_spec("numba") is None:
        raise InputError(
            "the package numba, for training.step 'numba'",
            "none",
            "pip install 'napari-corescout[fast]', or leave training.step at 'torch'",
        )
    if plan.device != "cpu":
        raise InputError(
            "training.device 'cpu' with training.step 'numba'",
            repr(plan.device),
            "leave one of them out",
        )


def train_compiled(
    x: Tensor,
    initial: Parameters,
    generators: Sequence[torch.Generator],
    spec: Specification,
    beta0: float,
    plan: TrainingPlan,
    n_epochs: int,
    stop: threading.Event | None = None,
    on_step: Callable[[float], None] | None = None,
) -> tuple[Parameters, NDArray[np.float64]]:
    """Train each of a stack of models, one after the other.

    Parameters
    ----------
    x : (N, n) or (M, N, n) patches
    initial : parameters of the stack
    generators : M of them, after the initial parameters were drawn

    Returns
    -------
    parameters of the stack, and losses (M, epochs) in nats

    Raises
    ------
    StoppedError
        If `stop` was set.
    """
    batch = min(plan.batch_size, x.shape[-2])
    losses = np.zeros((len(generators), n_epochs))
    trained: list[Parameters] = []
    for m, generator in enumerate(generators):
        one = _OneModel({n: v[m] for n, v in initial.items()}, spec, beta0, batch)
        patches = (x if x.ndim == 2 else x[m]).contiguous().numpy()
        for epoch in range(n_epochs):
            losses[m, epoch] = one.epoch(patches, generator, epoch, n_epochs, plan, stop)
            if on_step is not None:
                on_step((m + (epoch + 1) / n_epochs) / len(generators))
        trained.append(one.parameters())
    return {n: torch.stack([p[n] for p in trained]) for n in initial}, losses


class _OneModel:
    """Parameters of one model as one vector, the optimiser's state, and what a step works on."""

    def __init__(self, initial: Parameters, spec: Specification, beta0: float, batch: int) -> None:
        self._like, self._spec, self._batch = initial, spec, batch
        start = _layers_of(initial, spec)
        theta = np.concatenate([value.ravel() for value in start])
        self._vectors = Optimised(theta, *(np.zeros_like(theta) for _ in range(3)))
        self._layers = _views(theta, start)
        self._gradients = _views(self._vectors.gradient, start)
        self._model = _model_of(spec, beta0)
        self._work = _work_of(spec, batch)

    def epoch(
        self,
        patches: Array,
        generator: torch.Generator,
        epoch: int,
        n_epochs: int,
        plan: TrainingPlan,
        stop: threading.Event | None,
    ) -> float:
        """See all patches (N, n) once; return the loss of the last batch."""
        from corescout.vae.step_kernels import train_steps  # numba takes half a second to import

        per_epoch = len(patches) // self._batch
        order = torch.randperm(len(patches), generator=generator)[: per_epoch * self._batch]
        rows = order.view(per_epoch, self._batch).numpy()
        loss = 0.0
        for first in range(0, per_epoch, _STEPS_AT_ONCE):
            if stop is not None and stop.is_set():
                raise StoppedError("stopped during training")
            some = rows[first : first + _STEPS_AT_ONCE]
            shape = (self._batch, self._spec.n_gaussian + 1)
            noise = torch.stack([torch.randn(shape, generator=generator) for _ in some])
            loss = train_steps(
                patches,
                some,
                noise.numpy(),
                _schedule(epoch * per_epoch + first, len(some), n_epochs * per_epoch, plan),
                self._vectors,
                self._layers,
                self._gradients,
                self._model,
                self._work,
            )
        return loss

    def parameters(self) -> Parameters:
        """Return the parameters under the names of `networks`."""
        layers, g = self._layers, self._spec.n_gaussian
        columns = {"mean": (0, g), "std": (g, 2 * g)}
        columns |= {"direction": (2 * g, 2 * g + 2), "angle_std": (2 * g + 2, 2 * g + 3)}
        found: dict[str, Array] = {
            "encoder.1.weight": layers.encoder_1,
            "encoder.1.bias": layers.encoder_1_bias,
            "encoder.2.weight": layers.encoder_2,
            "encoder.2.bias": layers.encoder_2_bias,
            "encoder.dipole.weight": layers.dipole,
            "decoder.1.weight": layers.decoder_1,
            "decoder.1.bias": layers.decoder_1_bias,
            "decoder.2.weight": layers.decoder_2,
            "decoder.2.bias": layers.decoder_2_bias,
            "decoder.out.weight": layers.image,
            "decoder.out.bias": layers.image_bias,
        }
        for name, (first, end) in columns.items():
            found[f"encoder.{name}.weight"] = layers.heads[:, first:end]
            found[f"encoder.{name}.bias"] = layers.heads_bias[first:end]
        return {
            name: torch.from_numpy(found[name].copy()).view(value.shape)
            for name, value in self._like.items()
        }


def _layers_of(parameters: Parameters, spec: Specification) -> Layers:
    """Parameters of one model, weights (in, out) and biases (1, out), in the kernels' order."""
    p = {name: value.numpy() for name, value in parameters.items()}
    heads = ["mean", "std"] + (["direction", "angle_std"] if spec.rotates else [])
    nothing = np.zeros((spec.n_pixels, 0), np.float32)
    return Layers(
        p["encoder.1.weight"],
        p["encoder.1.bias"][0],
        p["encoder.2.weight"],
        p["encoder.2.bias"][0],
        np.concatenate([p[f"encoder.{name}.weight"] for name in heads], axis=1),
        np.concatenate([p[f"encoder.{name}.bias"][0] for name in heads]),
        p.get("encoder.dipole.weight", nothing),
        p["decoder.1.weight"],
        p["decoder.1.bias"][0],
        p["decoder.2.weight"],
        p["decoder.2.bias"][0],
        p["decoder.out.weight"],
        p["decoder.out.bias"][0],
    )


def _views(vector: Array, like: Layers) -> Layers:
    """Cut a vector into arrays of the shapes of `like`."""
    parts, at = [], 0
    for value in like:
        parts.append(vector[at : at + value.size].reshape(value.shape))
        at += value.size
    return Layers(*parts)


def _model_of(spec: Specification, beta0: float) -> ModelConstants:
    return ModelConstants(
        rotates=spec.rotates,
        shifts=spec.shifts,
        channels=spec.n_channels,
        window=spec.window_px,
        side=spec.canvas_px if spec.invariances else spec.window_px,
        beta=np.float32(spec.beta(beta0)),
        shift_std=np.float32(spec.shift_prior_std),
        largest_angle_std=np.float32(CIRCULAR_MAX_STD_RAD),
        mask=pixel_mask(spec).numpy(),
        base=np.ascontiguousarray(base_coordinates(spec.window_px).numpy().T),
    )


def _work_of(spec: Specification, batch: int) -> StepArrays:
    n, h, latent, g = spec.n_pixels, spec.hidden, spec.latent_dim, spec.n_gaussian
    heads, points = 2 * g + (3 if spec.rotates else 0), spec.window_px**2
    side = spec.canvas_px if spec.invariances else spec.window_px

    def rows(*shape: int) -> Array:
        return np.zeros((batch, *shape), np.float32)

    return StepArrays(
        x=rows(n), seen=rows(n), h1=rows(h), h2=rows(h), heads=rows(heads), std=rows(g),
        direction=rows(2), narrow=rows(), cos=rows() + np.float32(1), sin=rows(), shift=rows(2),
        z=rows(latent),
        g1=rows(h), g2=rows(h), image=rows(spec.n_channels * side**2),
        d_image=rows(spec.n_channels * side**2), d_shift=rows(2), d_angle=rows(),
        d_z=rows(latent), d_heads=rows(heads), d_direction=rows(2), d_one=rows(h), d_two=rows(h),
        corner=np.zeros(points, np.int32), along=np.zeros((4, points), np.float32),
        logits=np.zeros(points, np.float32),
        panel=np.zeros(64 * (max(n, h, heads, spec.n_channels * side**2, batch) + 4), np.float32),
    )  # fmt: skip


def _schedule(first: int, count: int, n_steps: int, plan: TrainingPlan) -> Schedule:
    steps = range(first, first + count)
    adam = [corrected(learning_rate_at(step, n_steps, plan), step + 1) for step in steps]
    columns = (
        [warmup_at(step, n_steps, plan) for step in steps],
        [rate for rate, _ in adam],
        [epsilon for _, epsilon in adam],
    )
    return Schedule(*(np.array(column, np.float32) for column in columns))

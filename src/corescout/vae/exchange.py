"""Weights of a model as a state dict of `pyroved.models.iVAE`, and back.

Names and shapes are those of pyroved 0.3.0. Beside FILE.pt, which `iVAE.load_weights` reads, stands
FILE.json with what the model must be built with.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from corescout.data import InputError
from corescout.data.bounds import check_unpacked, regular_file
from corescout.vae.encoding import Weights
from corescout.vae.networks import has_bias, layer_shapes
from corescout.vae.specification import SCALE_PRIOR_STD, Specification

_ENCODER = {
    "encoder.1": "encoder_z.fc_layers.0",
    "encoder.2": "encoder_z.fc_layers.2",
    "encoder.mean": "encoder_z.fc11",
    "encoder.std": "encoder_z.fc12",
}
_DECODER = {
    "decoder.coordinates": "decoder.coord_latent.fc_coord",
    "decoder.latent": "decoder.coord_latent.fc_latent",
    "decoder.1": "decoder.fc_layers.0",
    "decoder.2": "decoder.fc_layers.2",
    "decoder.out": "decoder.out",
}
PYROVED_NAME = {**_ENCODER, **_DECODER}


@dataclass(frozen=True)
class Exchanged:
    """A model that was read from a state dict of pyroved: numpy arrays in our layout."""

    spec: Specification
    weights: Weights


def why_not_pyroved(spec: Specification, kind: str = "vae") -> str | None:
    """Say why a model has no counterpart in pyroved; None where it has one."""
    reasons = (
        (kind != "vae", f"a {kind.upper()} baseline, which has no network"),
        (
            bool(spec.invariances) and spec.decoder != "spatial",
            "a model with the canonical decoder; explore with decoder='spatial', as the paper"
            " preset does",
        ),
        (spec.n_channels != 1, f"a model of {spec.n_channels} channels; iVAE takes one"),
        (
            spec.rotates and spec.angle_guide != "normal",
            "a model whose angle is a direction; train with angle_guide='normal', as the paper"
            " preset does",
        ),
        (
            spec.rotates and spec.angle_prior_std_rad != 1.0,
            f"an angle with the prior N(0, {spec.angle_prior_std_rad:g} rad); iVAE has N(0, 1)",
        ),
        (spec.mask != "square", f"a model with a {spec.mask} mask; iVAE sees every pixel"),
    )
    return next((reason for applies, reason in reasons if applies), None)


def to_pyroved(weights: Weights, spec: Specification, kind: str = "vae") -> dict[str, Tensor]:
    """Return the state dict of the `iVAE` that is this model.

    Raises
    ------
    InputError
        If pyroved has no such model, with the reason.
    """
    reason = why_not_pyroved(spec, kind)
    if reason is not None:
        raise InputError(
            "the spatial decoder or no invariance, one channel and a scalar angle",
            reason,
            "other models are kept in the run folder only",
        )
    state = {}
    for layer in layer_shapes(spec):
        name = PYROVED_NAME[layer]
        state[f"{name}.weight"] = torch.tensor(np.array(weights[f"{layer}.weight"]).T.copy())
        if has_bias(layer):
            state[f"{name}.bias"] = torch.tensor(np.array(weights[f"{layer}.bias"])[0])
    return state


def from_pyroved(state: Mapping[str, Tensor], spec: Specification) -> Weights:
    """Return the weights of a model from the state dict of its `iVAE`.

    Raises
    ------
    InputError
        If layers are missing, left over, or of another shape.
    """
    shapes = layer_shapes(spec)
    wanted: dict[str, tuple[int, ...]] = {}
    for layer, (n_in, n_out) in shapes.items():
        wanted[f"{PYROVED_NAME[layer]}.weight"] = (n_out, n_in)
        if has_bias(layer):
            wanted[f"{PYROVED_NAME[layer]}.bias"] = (n_out,)
    found = {name: tuple(value.shape) for name, value in state.items()}
    if found != wanted:
        wrong = sorted(n for n in wanted.keys() | found.keys() if wanted.get(n) != found.get(n))
        raise InputError(
            f"the layers of an iVAE of {spec.window_px} px, invariances"
            f" {spec.invariances or 'none'}, latent_dim {spec.latent_dim}",
            f"{wrong[0]} of shape {found.get(wrong[0], 'none')}",
            "name the invariances and the latent dimension that it was built with",
        )
    weights: dict[str, NDArray[np.float32]] = {}
    for layer in shapes:
        name = PYROVED_NAME[layer]
        weights[f"{layer}.weight"] = _array(state[f"{name}.weight"]).T.copy()
        if has_bias(layer):
            weights[f"{layer}.bias"] = _array(state[f"{name}.bias"])[None]
    return weights


def write_pyroved(
    file: str | Path,
    weights: Weights,
    spec: Specification,
    *,
    kind: str = "vae",
    about: Mapping[str, Any] | None = None,
) -> tuple[Path, Path]:
    """Write FILE.pt and FILE.json; return both paths.

    Parameters
    ----------
    file : path
        The suffix .pt is added where it is missing.
    about : mapping
        Further JSON values for FILE.json.

    Raises
    ------
    InputError
        If pyroved has no such model, with the reason; nothing is written then.
    """
    state = to_pyroved(weights, spec, kind)
    path = Path(file)
    path = path if path.suffix == ".pt" else path.with_name(path.name + ".pt")
    beside = path.with_suffix(".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path)
    header = {"ivae": ivae_arguments(spec), **dict(about or {})}
    beside.write_text(json.dumps(header, indent=2) + "\n", encoding="utf-8")
    return path, beside


def ivae_arguments(spec: Specification) -> dict[str, Any]:
    """Return what `pyroved.models.iVAE` must be called with to load the state dict."""
    arguments: dict[str, Any] = {
        "data_dim": [spec.window_px, spec.window_px],
        "latent_dim": spec.latent_dim,
        "invariances": list(spec.invariances) or None,
        "hidden_dim_e": [spec.hidden, spec.hidden],
        "hidden_dim_d": [spec.hidden, spec.hidden],
        "sampler_d": spec.likelihood,
    }
    if spec.shifts:
        arguments |= {"dx_prior": spec.shift_prior_std, "dy_prior": spec.shift_prior_std}
    if spec.scales:
        arguments["sc_prior"] = SCALE_PRIOR_STD
    return arguments


def read_pyroved(
    file: str | Path, *, invariances: str | None = None, likelihood: str = "bernoulli"
) -> Exchanged:
    """Read a state dict that pyroved or `write_pyroved` wrote.

    Parameters
    ----------
    file : path
        A .pt file of pyroved's `save_weights`, with or without our .json beside it.
    invariances : str, optional
        "none" or letters of "rts"; needed where there is no .json.
    likelihood : str
        Used where there is no .json.

    Raises
    ------
    InputError
        If the file is no such state dict, or does not fit the invariances.
    """
    path = Path(file)
    state = _load(path)
    beside = path.with_suffix(".json")
    arguments: dict[str, Any] = {"sampler_d": likelihood}
    if beside.is_file():
        arguments |= json.loads(beside.read_text(encoding="utf-8")).get("ivae", {})
        found = "".join(arguments.get("invariances") or ()) or "none"
        invariances = invariances or found
    if invariances is None:
        raise InputError(
            "the invariances that the model was built with",
            f"a state dict without {beside.name}",
            "pass invariances='none', 'r', 't', 'rt' or the like",
        )
    spec = _specification(state, "" if invariances == "none" else invariances, arguments, path)
    return Exchanged(spec, from_pyroved(state, spec))


def _load(path: Path) -> dict[str, Tensor]:
    try:
        with zipfile.ZipFile(regular_file(path)) as archive:
            check_unpacked(sum(entry.file_size for entry in archive.infolist()), path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"a file {path}", "none", "check the path") from None
    except InputError:
        raise
    except Exception as error:  # torch raises what pickle and zipfile do
        raise InputError(
            "a state dict that pyroved's save_weights wrote", f"{path.name}: {error}", "save it so"
        ) from error
    tensors = isinstance(state, Mapping) and all(torch.is_tensor(v) for v in state.values())
    if not tensors or f"{PYROVED_NAME['encoder.1']}.weight" not in state:
        raise InputError(
            "a state dict of an iVAE with two hidden layers",
            f"{path.name} without {PYROVED_NAME['encoder.1']}.weight",
            "save it with iVAE.save_weights",
        )
    check_unpacked(sum(v.numel() * v.element_size() for v in state.values()), path)
    return dict(state)


def _specification(
    state: Mapping[str, Tensor], invariances: str, arguments: Mapping[str, Any], path: Path
) -> Specification:
    """Read window, hidden units and latent dimension off the shapes."""
    hidden, n_pixels = state[f"{PYROVED_NAME['encoder.1']}.weight"].shape
    window = round(n_pixels**0.5)
    if window**2 != n_pixels:
        raise InputError("square patches of one channel", f"{n_pixels} pixels", "train on such")
    mean = state.get(f"{PYROVED_NAME['encoder.mean']}.weight")
    factors = 0 if mean is None else len(mean)
    spec = Specification(
        window_px=window,
        n_channels=1,
        latent_dim=1,
        hidden=int(hidden),
        invariances=invariances,
        decoder="spatial",
        likelihood=arguments["sampler_d"],
        angle_guide="normal",
        angle_prior_std_rad=1.0,
        shift_prior_std=float(arguments.get("dx_prior", 0.1)),
        mask="square",
    )
    latent_dim = factors - (spec.n_gaussian - 1)
    if latent_dim < 1:
        raise InputError(
            f"an iVAE with invariances {invariances or 'none'}",
            f"{path.name} with {factors} latent variables in all",
            "name the invariances that it was built with",
        )
    return replace(spec, latent_dim=latent_dim)


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return np.asarray(tensor.detach().cpu().numpy(), np.float32)

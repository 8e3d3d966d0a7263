"""The file of a finished trial: codes, mixtures, weights and rewards as HDF5 bytes and back.

What is the same for every candidate of a scan (context, blocks, what was measured) is not in it.
Neither are rewards of the user's own, whose code may change, and of what was measured. Every number
comes back bit for bit.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import h5py
import numpy as np

from corescout.data import Candidate, Reward
from corescout.fit_arrays import (
    OF_THE_SCAN,
    fit_from_h5,
    put,
    write_bayesian,
    write_fit,
    write_mixture,
)
from corescout.rewards import MEASURED, REWARDS
from corescout.trial import Outcome
from corescout.trial_data import TrialData

FORMAT_VERSION = 1
_KEPT_REWARDS = REWARDS.keys() - set(MEASURED)
_FACTS = ("trained_seed", "seconds", "mean_grey")


def to_bytes(outcomes: Sequence[Outcome], *, about: Mapping[str, object], shared: bool) -> bytes:
    """Return the outcomes of one stack as the bytes of an HDF5 file.

    Parameters
    ----------
    about : mapping
        JSON values: what the trial was, and what the fits that only some rewards need were of.
    shared : bool
        Whether context and block are those of the scan, which are then left out.
    """
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        file.attrs["format_version"] = FORMAT_VERSION
        file.attrs["about"] = json.dumps(about, sort_keys=True)
        file.attrs["shared"] = shared
        for i, outcome in enumerate(outcomes):
            _write(file.create_group(str(i)), outcome, shared)
    return memory.getvalue()


def about_of(content: bytes) -> dict[str, Any]:
    """Return what `to_bytes` was told of the trial."""
    with h5py.File(io.BytesIO(content), "r") as file:
        found: dict[str, Any] = json.loads(file.attrs["about"])
        return found


def from_bytes(content: bytes, data: TrialData) -> tuple[Outcome, ...]:
    """Return the outcomes of a file of a trial of this data.

    Raises
    ------
    OSError, KeyError, ValueError
        If it is damaged, or of a newer version.
    """
    with h5py.File(io.BytesIO(content), "r") as file:
        if file.attrs["format_version"] > FORMAT_VERSION:
            raise ValueError("a newer version of Corescout wrote it")
        shared = None
        if file.attrs["shared"]:
            shared = {name: getattr(data, name) for name in OF_THE_SCAN}
        return tuple(_read(file[name], shared) for name in sorted(file, key=int))


def _write(group: h5py.Group, outcome: Outcome, shared: bool) -> None:
    fit = outcome.fit
    group.attrs["candidate"] = json.dumps(asdict(outcome.candidate))
    group.attrs["collapsed"] = outcome.collapsed or ""
    for name in _FACTS:
        group.attrs[name] = getattr(outcome, name)
    rewards = [asdict(r) for name, r in outcome.rewards.items() if name in _KEPT_REWARDS]
    group.attrs["rewards"] = json.dumps(rewards)
    write_fit(group.create_group("fit"), fit, shared=not shared, compress=False)
    for k, mixture in fit.mixtures.items():
        write_mixture(group.create_group(f"mixtures/{k}"), mixture, compress=False)
    if fit.bayesian is not None:
        write_bayesian(group.create_group("fit/bayesian"), fit.bayesian)
    weights = group.create_group("weights")
    weights.attrs["order"] = json.dumps(list(outcome.weights))
    for name, values in outcome.weights.items():
        put(weights, name, np.asarray(values), compress=False)


def _read(group: h5py.Group, shared: Mapping[str, Any] | None) -> Outcome:
    candidate = _candidate(json.loads(group.attrs["candidate"]))
    weights = group["weights"]
    return Outcome(
        candidate=candidate,
        fit=fit_from_h5(group, candidate, shared),
        weights={name: weights[name][()] for name in json.loads(weights.attrs["order"])},
        rewards={r["name"]: _reward(r) for r in json.loads(group.attrs["rewards"])},
        collapsed=str(group.attrs["collapsed"]) or None,
        trained_seed=int(group.attrs["trained_seed"]),
        seconds=float(group.attrs["seconds"]),
        mean_grey=float(group.attrs["mean_grey"]),
    )


def _candidate(values: dict[str, Any]) -> Candidate:
    return Candidate(**{**values, "channels": tuple(values["channels"])})


def _reward(values: dict[str, Any]) -> Reward:
    return Reward(**{**values, "per_block": tuple(values["per_block"])})

"""The arrays of a result as an HDF5 file and back, for `result.h5`."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from corescout.consensus_arrays import consensus_of
from corescout.data import (
    BayesianMixture,
    CorePoints,
    Keypoints,
    LineFaults,
    Mixture,
    Normalisation,
    PatchSet,
    Result,
    Scan,
    ScanFrame,
    TypeLook,
    Types,
    Votes,
    WallProfiles,
)
from corescout.fit_arrays import (
    bayesian_from_h5,
    mixture_from_h5,
    put,
    write_bayesian,
    write_fit,
    write_mixture,
)
from corescout.runs.layout import FORMAT_VERSION
from corescout.runs.meanings import describe_datasets

_PROFILES = ("kind", "contrast", "width_px", "phase_step_deg", "direction_rad")
_LINE_FAULTS = ("masked", "lost", "jump", "level")
_PATCHES = ("values", "index", "center_yx_px")
_LEVELS = ("low", "high")


def result_to_h5(result: Result) -> bytes:
    """Return the arrays of a result as the bytes of an HDF5 file.

    Groups: ``scan`` (the analysed channels), ``keypoints``, ``patches``, ``fit`` (with
    ``latents``), ``mixtures/K``, ``core_points``, ``latents_by_trial/NUMBER``; the chosen mixture
    is ``mixture``; ``votes`` is there where several candidates make the types, ``types`` once a
    person has changed them. Coordinates are (y, x) in pixels of the scan. Every dataset says its
    ``units`` and a ``description``.
    """
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        file.attrs["format_version"] = FORMAT_VERSION
        _write_scan(file.create_group("scan"), result.scan, result.channels)
        keypoints = file.create_group("keypoints")
        keypoints.attrs["source"] = result.keypoints.source
        put(keypoints, "yx_px", result.keypoints.yx_px)
        put(keypoints, "score", result.keypoints.score)
        if result.keypoints.profiles is not None:
            profiles = keypoints.create_group("profiles")
            for name in _PROFILES:
                put(profiles, name, getattr(result.keypoints.profiles, name))
        if result.line_faults is not None:
            _write_line_faults(file.create_group("line_faults"), result.line_faults)
        patches = file.create_group("patches")
        for name in _PATCHES:
            put(patches, name, getattr(result.patches, name))
        for name in _LEVELS:
            put(patches, name, getattr(result.patches.normalisation, name))
        write_fit(file.create_group("fit"), result.fit)
        write_mixture(file.create_group("mixture"), result.mixture)
        for k, mixture in result.fit.mixtures.items():
            write_mixture(file.create_group(f"mixtures/{k}"), mixture)
        core = file.create_group("core_points")
        core.attrs["type_names"] = json.dumps(result.core_points.type_names)
        if result.fit.bayesian is not None:
            write_bayesian(file.create_group("fit/bayesian"), result.fit.bayesian)
        for name in ("index", "type", "typicality"):
            put(core, name, getattr(result.core_points, name))
        put(file, "type_of_component", result.type_of_component)
        if result.votes is not None:
            votes = file.create_group("votes")
            put(votes, "codes", result.votes.codes)
            put(votes, "yx_px", result.votes.yx_px)
            write_mixture(votes.create_group("winner"), result.winner_mixture)
        if result.edited_types is not None:
            _write_types(file.create_group("types"), result.edited_types)
        for number, z in result.latents_by_trial.items():
            put(file, f"latents_by_trial/{number}", z)
        for number, mixture in result.mixture_by_trial.items():
            write_mixture(file.create_group(f"mixture_by_trial/{number}"), mixture)
        for number, bayesian in result.bayesian_by_trial.items():
            write_bayesian(file.create_group(f"bayesian_by_trial/{number}"), bayesian)
        describe_datasets(file, dict(result.scan.units), result.channels)
    return memory.getvalue()


def scan_from_h5(file: h5py.File) -> Scan:
    """Return the scan with the channels that were analysed."""
    group = file["scan"]
    header: dict[str, Any] = json.loads(group.attrs["header"])
    frame = header.pop("frame")
    acquired_at = header.pop("acquired_at")
    shape = group[header["channels"][0]].shape
    return Scan(
        uid=header["uid"],
        channels={name: group[name][()] for name in header["channels"]},
        units=header["units"],
        roles=header["roles"],
        directions=header["directions"],
        source=header["source"],
        file_sha256=header.get("file_sha256"),
        warnings=tuple(header["warnings"]),
        acquired_at=None if acquired_at is None else datetime.fromisoformat(acquired_at),
        frame=None
        if frame is None
        else ScanFrame(
            shape,
            tuple(frame["pitch_m"]),
            tuple(frame["center_m"]),
            frame["angle_rad"],
            tuple(frame["assumed"]),
        ),
    )


def keypoints_from_h5(file: h5py.File) -> Keypoints:
    """Return the key points."""
    group = file["keypoints"]
    profiles = None
    if "profiles" in group:
        profiles = WallProfiles(**{name: group["profiles"][name][()] for name in _PROFILES})
    return Keypoints(group["yx_px"][()], group["score"][()], str(group.attrs["source"]), profiles)


def line_faults_from_h5(file: h5py.File) -> LineFaults | None:
    """Return what was masked and mended; None in a run that is older than that."""
    if "line_faults" not in file:
        return None
    group = file["line_faults"]
    return LineFaults(
        **{name: group[name][()] for name in _LINE_FAULTS},
        of_offsets=bool(group.attrs["of_offsets"]),
        error_before=float(group.attrs["error_before"]),
        error_after=float(group.attrs["error_after"]),
        told_by_first=bool(group.attrs.get("told_by_first", False)),
    )


def _write_line_faults(group: h5py.Group, faults: LineFaults) -> None:
    for name in _LINE_FAULTS:
        put(group, name, getattr(faults, name))
    for name in ("of_offsets", "error_before", "error_after", "told_by_first"):
        group.attrs[name] = getattr(faults, name)


def patches_from_h5(file: h5py.File, channels: tuple[str, ...]) -> PatchSet:
    """Return the winner's patches."""
    group = file["patches"]
    levels = Normalisation(channels, *(group[name][()] for name in _LEVELS))
    return PatchSet(**{n: group[n][()] for n in _PATCHES}, normalisation=levels)


def core_points_from_h5(file: h5py.File) -> CorePoints:
    """Return the core points."""
    group = file["core_points"]
    names = tuple(json.loads(group.attrs["type_names"]))
    return CorePoints(group["index"][()], group["type"][()], group["typicality"][()], names)


def types_from_h5(file: h5py.File) -> Types | None:
    """Return the types as a person left them; None where nobody has changed them."""
    if "types" not in file:
        return None
    group = file["types"]
    looks = {n: TypeLook(**look) for n, look in json.loads(group.attrs["looks"])}
    return Types(group["of_point"][()], group["by_hand"][()], looks)


def votes_from_h5(
    file: h5py.File, table: Mapping[str, Any] | None, weights: Mapping[str, NDArray[Any]]
) -> Votes | None:
    """Return what a consensus says of the patches; None where the winner alone makes the types.

    Parameters
    ----------
    table : mapping or None
        Of ``decision.json``.
    weights : mapping of str to array
        All of ``weights.npz``.
    """
    if "votes" not in file:
        return None
    group = file["votes"]
    consensus = consensus_of(table, weights, mixture_from_h5(group["winner"]))
    return None if consensus is None else Votes(consensus, group["codes"][()], group["yx_px"][()])


def latents_by_trial_from_h5(file: h5py.File) -> Mapping[int, NDArray[np.float64]]:
    """Return the codes of every finished trial by its number."""
    group = file.get("latents_by_trial", {})
    return {int(number): group[number][()] for number in sorted(group, key=int)}


def mixture_by_trial_from_h5(file: h5py.File) -> Mapping[int, Mixture]:
    """Return the best mixture of every finished trial by its number."""
    group = file.get("mixture_by_trial", {})
    return {int(number): mixture_from_h5(group[number]) for number in sorted(group, key=int)}


def bayesian_by_trial_from_h5(file: h5py.File) -> Mapping[int, BayesianMixture]:
    """Return the Bayesian mixture of every trial that has one by its number."""
    group = file.get("bayesian_by_trial", {})
    return {int(number): bayesian_from_h5(group[number]) for number in sorted(group, key=int)}


def _write_scan(group: h5py.Group, scan: Scan, channels: tuple[str, ...]) -> None:
    for name in channels:
        put(group, name, scan.channels[name])
    frame = scan.frame
    header = {
        "uid": scan.uid,
        "channels": list(channels),
        "units": {n: scan.units[n] for n in channels},
        "roles": {n: scan.roles[n] for n in channels if n in scan.roles},
        "directions": {n: scan.directions[n] for n in channels if n in scan.directions},
        "source": scan.source,
        "file_sha256": scan.file_sha256,
        "warnings": list(scan.warnings),
        "acquired_at": None if scan.acquired_at is None else scan.acquired_at.isoformat(),
        "frame": None
        if frame is None
        else {
            "pitch_m": frame.pitch_m,
            "center_m": frame.center_m,
            "angle_rad": frame.angle_rad,
            "assumed": frame.assumed,
        },
    }
    group.attrs["header"] = json.dumps(header)


def _write_types(group: h5py.Group, types: Types) -> None:
    looks = [(n, asdict(look)) for n, look in types.looks.items()]
    group.attrs["looks"] = json.dumps(looks, ensure_ascii=False)
    put(group, "of_point", types.of_point)
    put(group, "by_hand", types.by_hand)

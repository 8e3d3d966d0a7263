"""A type of the library as one .npz file and back: arrays, and a JSON header."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from corescout.consensus_arrays import consensus_arrays, consensus_of, consensus_table
from corescout.data import (
    Candidate,
    InputError,
    Mixture,
    Normalisation,
    Representation,
    TypeLook,
)
from corescout.data.bounds import bounded_npz
from corescout.library.entry import LibraryType
from corescout.plan import not_known

FORMAT_VERSION = 2  # 1: types of one candidate alone
_MIXTURE = ("weights", "means", "covariances")


def to_bytes(entry: LibraryType) -> bytes:
    """Return a type as the bytes of an .npz file, without pickles."""
    known = entry.representation
    header = {
        "format_version": FORMAT_VERSION,
        "uid": entry.uid,
        "name": entry.name,
        "color": entry.color,
        "note": entry.note,
        "created_at": entry.created_at.isoformat(),
        "number": entry.number,
        "n_points": entry.n_points,
        "wall_length_m": entry.wall_length_m,
        "misfit_limit_per_px": entry.misfit_limit_per_px,
        "candidate": asdict(known.candidate),
        "channels": list(known.channels),
        "units": list(known.units),
        "analysis_pitch_m": known.analysis_pitch_m,
        "looks": [(n, asdict(look)) for n, look in known.looks.items()],
        "plan": dict(known.plan),
        "source": known.source,
        "consensus": None if known.consensus is None else consensus_table(known.consensus),
    }
    arrays: dict[str, Any] = {
        "mean_patch": entry.mean_patch,
        "low": known.normalisation.low,
        "high": known.normalisation.high,
        "type_of_component": known.type_of_component,
        **{f"mixture.{name}": getattr(known.mixture, name) for name in _MIXTURE},
        **{f"weights.{name}": np.asarray(value) for name, value in known.weights.items()},
    }
    if known.consensus is not None:
        arrays |= consensus_arrays(known.consensus)
    memory = io.BytesIO()
    text = np.array(json.dumps(header, ensure_ascii=False))
    np.savez_compressed(memory, header=text, **arrays)
    return memory.getvalue()


def read(path: Path) -> LibraryType:
    """Read a type.

    Raises
    ------
    InputError
        If the file is damaged, none of the library, or a newer Corescout wrote it.
    """
    try:
        with bounded_npz(path) as stored:
            header = json.loads(str(stored["header"]))
            arrays = {name: stored[name] for name in stored.files if name != "header"}
        _check_version(header["format_version"], path)
        _check_plan(header["plan"], path)
        return _entry(header, arrays)
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        raise InputError(
            f"an undamaged type of the library in {path}",
            f"{type(error).__name__}: {error}",
            "move it out of the folder",
        ) from error


def _check_version(version: object, path: Path) -> None:
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise InputError(
            f"a type of format version {FORMAT_VERSION} or older",
            f"version {version} in {path}",
            "update Corescout",
        )


def _check_plan(plan: dict[str, Any], path: Path) -> None:
    """Refuse a plan with fields that this version does not know: nothing is found with it."""
    unknown = not_known(plan)
    if unknown is not None:
        raise InputError(
            "a type of this version of Corescout",
            f"{path}, whose plan says {unknown}",
            "add the type from a new exploration, and move this file out of the folder",
        )


def _entry(header: dict[str, Any], arrays: dict[str, Any]) -> LibraryType:
    k = len(arrays["mixture.weights"])
    mixture = Mixture(
        **{name: arrays[f"mixture.{name}"] for name in _MIXTURE},
        responsibilities=np.zeros((0, k)),
        seen=np.zeros(0, np.int64),
        log_likelihood_nats=float("nan"),
    )
    candidate = Candidate(
        **{**header["candidate"], "channels": tuple(header["candidate"]["channels"])}
    )
    representation = Representation(
        candidate=candidate,
        analysis_pitch_m=header["analysis_pitch_m"],
        normalisation=Normalisation(tuple(header["channels"]), arrays["low"], arrays["high"]),
        weights={
            name.removeprefix("weights."): value
            for name, value in arrays.items()
            if name.startswith("weights.")
        },
        mixture=mixture,
        type_of_component=arrays["type_of_component"],
        looks={n: TypeLook(**look) for n, look in header["looks"]},
        plan=header["plan"],
        source=header["source"],
        consensus=consensus_of(header.get("consensus"), arrays),
        units=tuple(header.get("units", ())),
    )
    return LibraryType(
        uid=header["uid"],
        name=header["name"],
        color=header["color"],
        note=header["note"],
        created_at=datetime.fromisoformat(header["created_at"]),
        number=header["number"],
        representation=representation,
        mean_patch=arrays["mean_patch"],
        n_points=header["n_points"],
        wall_length_m=header["wall_length_m"],
        misfit_limit_per_px=header["misfit_limit_per_px"],
    )

"""Every key point of a result in one table: where it lies, what it is, and how sure that is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from corescout.data import Result
from corescout.descriptors import DESCRIPTORS
from corescout.wall_descriptors import wall_descriptors

Column = NDArray[np.generic] | list[str]

# column -> unit and meaning; z1 and c1 stand for every latent dimension
MEANINGS: dict[str, tuple[str, str]] = {
    "key_point": ("", "number of the key point, from 0: the row of every array of the result"),
    "y_px": ("px", "row of the centre of its patch on the scan, counted down from the +Y edge"),
    "x_px": ("px", "column of the centre of its patch on the scan"),
    "x_m": ("m", "X of the centre in the instrument's coordinates; empty without a scale"),
    "y_m": ("m", "Y of the centre in the instrument's coordinates, upwards"),
    "type": ("", "number of its type of microstructure, from 1"),
    "type_name": ("", "name of its type"),
    "probability": ("", "probability of its type, as its neighbours say too"),
    "typicality": ("", "chi-square tail of the distance to its component's centre, 1 there"),
    "core": ("", "1 for a core point: among the most typical of its component"),
    "motif": ("", "number of its component of the mixture, from 1, before merging and edits"),
    "likely": ("", "0 for a point between two types: no core point"),
    "z1": ("", "latent code of the winner; free of angle, shift and scale where inferred"),
    "c1": ("", "code of the candidates that make the types together: types are found in these"),
    "angle_rad": ("rad", "direction of the patch, counter-clockwise as the scan is shown"),
    "kind": ("", "what a cut across the wall shows: a step, a bright or a dark line, or unknown"),
    "contrast": ("of the channel", "height of the step, or of the line against its nearer side"),
    "width_px": ("px", "width of the step or line on the grid of the analysis, tip included"),
    "phase_step_deg": ("deg", "difference of the phase between the two sides; empty without one"),
    "wall": ("", "what the phase says: 180-degree wall, no phase step, or phase not given"),
    "direction_rad": ("rad", "direction of the wall in [0, pi), counter-clockwise as shown"),
    **DESCRIPTORS,
    "score": ("", "strength of the detector's response; larger is clearer"),
    "misfit_per_px": ("nat/px", "how much worse than perfectly its patch is rebuilt"),
    "kl_nats": ("nat", "divergence of its posterior from the prior"),
    "source": ("", "how the key point was found: the detector's name, or drawn"),
    "edited": ("", "1 where a person said its type"),
}  # fmt: skip


def key_point_table(result: Result) -> dict[str, Column]:
    """Return the columns (N,) of the table by name, in order; `MEANINGS` says what each is.

    ``x_m``, ``y_m`` are NaN without a scale, ``angle_rad`` is there where the network infers one.
    """
    typed = result.typed
    z = typed.z
    places, types = np.asarray(result.patches.center_yx_px), result.types
    frame = result.scan.frame
    xy_m = np.full(places.shape, np.nan) if frame is None else frame.to_m(places)
    core = np.zeros(len(z), np.int64)
    core[result.core_points.index] = 1
    table: dict[str, Column] = {
        "key_point": np.arange(len(z)),
        "y_px": places[:, 0],
        "x_px": places[:, 1],
        "x_m": xy_m[:, 0],
        "y_m": xy_m[:, 1],
        "type": np.asarray(types.of_point),
        "type_name": [types.name(int(t)) for t in types.of_point],
        "probability": typed.probability,
        "typicality": typed.typicality,
        "core": core,
        "motif": typed.motif + 1,
        "likely": typed.likely.astype(np.int64),
    }
    codes = result.fit.codes
    table |= {f"z{k + 1}": codes[:, k] for k in range(codes.shape[1])}
    if result.votes is not None:
        table |= {f"c{k + 1}": z[:, k] for k in range(z.shape[1])}
    if result.fit.latents.angle_rad is not None:
        table["angle_rad"] = np.asarray(result.fit.latents.angle_rad)
    profiles = getattr(result.keypoints, "profiles", None)
    if profiles is not None:
        table |= _profile_columns(profiles, result.patches.index)
    table |= wall_descriptors(result).columns
    return table | {
        "score": np.asarray(result.keypoints.score)[result.patches.index],
        "misfit_per_px": np.asarray(result.fit.misfit_per_px),
        "kl_nats": np.asarray(result.fit.kl_nats),
        "source": [result.keypoints.source] * len(z),
        "edited": np.asarray(types.by_hand).astype(np.int64),
    }


def _profile_columns(profiles: Any, rows: NDArray[np.int64]) -> dict[str, Column]:
    """What a cut across the wall shows at the key points `rows`."""
    kinds, phases = profiles.kind_names, profiles.phase_names
    return {
        "kind": [kinds[i] for i in rows],
        "contrast": np.asarray(profiles.contrast)[rows],
        "width_px": np.asarray(profiles.width_px)[rows],
        "phase_step_deg": np.asarray(profiles.phase_step_deg)[rows],
        "wall": [phases[i] for i in rows],
        "direction_rad": np.asarray(profiles.direction_rad)[rows],
    }


def meaning_of(column: str) -> tuple[str, str]:
    """Return unit and meaning of a column of the table."""
    numbered = column[:1] in ("z", "c") and column[1:].isdigit()
    return MEANINGS[f"{column[0]}1" if numbered else column]

"""`bench replay`: a grid of real loops measured again, place by place, ours against others.

All loops of a grid are known (`SCAN`: the grid, by default `BEPS_PTO_50x50.h5` of the test data);
a policy sees those of the places it chooses. Counted: the root-mean-square error of the coercive
bias over all places, after 10 to 150 loops, by the process that our policy uses, and by the means
of types.

The file holds loops and no image. What stands for the image is the first point of each loop, at
0 V before anything is written, as a frame there would show; the loop is read from all its other
points. So image and loops are one recording: this compares ways to choose, and is no evidence that
an image predicts loops. Codes are the principal components of 7 x 7 pixels of that image, types a
mixture of three on these.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import BenchReport
from benchmarks.truth.property import random_places, type_means
from corescout.data import Measurement, SpectrumGrid
from corescout.loop_properties import loop_properties
from corescout.prediction import Scaling
from corescout.readers.spectrum_grid import read_spectrum_grid
from corescout.steering import Field, MeasuredValues, choose, predict

NAME = "coercive_bias_v"
COUNTS, QUICK_COUNTS = (10, 20, 30, 40, 60, 80, 110, 150), (10, 20)
SEEDS = 3
_HALF_PX, _CODES, _TYPES = 3, 4, 3
Curve = dict[str, list[float]]


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Replay the grid by four policies; the mean over three starts."""
    data = Path(os.environ.get("CORESCOUT_TEST_DATA", "."))
    path = scan or next(data.rglob("BEPS_PTO_50x50.h5"))
    grid = read_spectrum_grid(path)
    seen = values_of(grid)
    field = field_of_grid(grid)
    counts = QUICK_COUNTS if quick else COUNTS
    curves = [replay(field, seen, counts, seed) for seed in range(1 if quick else SEEDS)]
    spread = float(np.nanstd(seen))
    values: dict[str, float | int | bool | str] = {
        "places": len(field), "failed": int(np.isnan(seen).sum()), "spread_v": round(spread, 3),
    }  # fmt: skip
    for policy in curves[0]:
        for i, count in enumerate(counts):
            mean = float(np.mean([curve[policy][i] for curve in curves]))
            values[f"{policy}_{count}_loops_v"] = round(mean, 3)
    note = "the image is the first point of each loop; nothing independent of the loops is left"
    return BenchReport("replay", values, (), (note,))


def values_of(grid: SpectrumGrid) -> NDArray[np.float64]:
    """Coercive bias (N,) of every place, row by row, from all points but the first; NaN if none."""
    response = np.asarray(grid.response).reshape(-1, len(grid.axis))
    found = []
    for curve in response:
        loop = Measurement(
            None, np.asarray(grid.axis)[1:], "bias", "V",
            {"response": curve[1:]}, {"response": grid.unit},
        )  # fmt: skip
        found.append(loop_properties(loop).values.get(NAME, float("nan")))
    return np.array(found)


def field_of_grid(grid: SpectrumGrid) -> Field:
    """Codes, types and the response itself at every place of the grid."""
    from numpy.lib.stride_tricks import sliding_window_view
    from sklearn.decomposition import PCA
    from sklearn.mixture import GaussianMixture

    image = np.nan_to_num(np.asarray(grid.response)[..., 0])
    image = (image - image.mean()) / image.std()
    side = 2 * _HALF_PX + 1
    patches = sliding_window_view(np.pad(image, _HALF_PX, mode="reflect"), (side, side))
    codes = PCA(_CODES, random_state=0).fit_transform(patches.reshape(-1, side * side))
    kind = 1 + GaussianMixture(_TYPES, n_init=3, random_state=0).fit_predict(codes)
    steep = np.hypot(*np.gradient(image)).ravel()
    of_type = [(kind == t).astype(float) for t in range(1, _TYPES + 1)]
    columns = np.column_stack([codes, image.ravel(), steep, *of_type])
    names = (
        *(f"z{i + 1}" for i in range(_CODES)), "response", "steepness",
        *(f"type {t}" for t in range(1, _TYPES + 1)),
    )  # fmt: skip
    scaling = Scaling.of(columns)
    rows, cols = np.indices(image.shape)
    places = np.stack([rows.ravel(), cols.ravel()], axis=1).astype(float)
    pitch = max(grid.frame.pitch_m)
    return Field(
        tuple(names[i] for i in scaling.kept), scaling.inputs(columns), grid.frame.to_m(places),
        kind, np.ones(len(places), bool), 0.9 * pitch, 6 * pitch,
    )  # fmt: skip


def replay(field: Field, seen: NDArray[np.float64], counts: tuple[int, ...], seed: int) -> Curve:
    """Error (len(counts),) of each policy after so many loops."""
    rng = np.random.default_rng(seed)
    start = [int(r) for r in random_places(field, [], counts[0], rng)]
    found: Curve = {"ours": [], "random": [], "grid": [], "types": []}
    at_random = [*start, *random_places(field, start, counts[-1] - counts[0], rng)]
    ours = list(start)
    for count in counts:
        if count > len(ours):
            measured = MeasuredValues(NAME, "V", np.array(ours), seen[ours])
            chosen = choose(field, measured, {"map": 1.0}, count - len(ours), error=1e-9, seed=seed)
            ours += chosen.rows
        found["ours"].append(_error(field, seen, ours))
        found["random"].append(_error(field, seen, at_random[:count]))
        found["types"].append(_error(field, seen, at_random[:count], by_type=True))
        found["grid"].append(_error(field, seen, _grid_of(field, count)))
    return found


def _grid_of(field: Field, count: int) -> list[int]:
    """About so many places on a square grid over the scan."""
    side = int(np.ceil(np.sqrt(count)))
    low, high = field.xy_m.min(axis=0), field.xy_m.max(axis=0)
    axis = (np.arange(side) + 0.5) / side
    wanted = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)[:count] * (high - low) + low
    return [int(np.linalg.norm(field.xy_m - place, axis=1).argmin()) for place in wanted]


def _error(
    field: Field, seen: NDArray[np.float64], rows: list[int], *, by_type: bool = False
) -> float:
    measured = MeasuredValues(NAME, "V", np.array(rows), seen[rows])
    told = type_means(field, measured) if by_type else predict(field, measured).mean
    return float(np.sqrt(np.nanmean((told - seen) ** 2)))

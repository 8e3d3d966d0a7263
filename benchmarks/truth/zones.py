"""`bench zones`: whether further images raise the grade where there are types, and only there.

Surfaces of 256 x 256 px are scanned, once more at the same place, once more with the slow axis
reversed, and beside it. Types are those of scattering, so that nothing is trained. Nulls: one
pattern and noise, fine and twice as coarse, and both with a contrast that fades or a tip that
changes in every scan alike; a repeat of these is perfect but for its noise. Surfaces with types:
"voronoi" and "level_set". Said are the shares that are claimed, and how often zones can be told
from one image's grade of possible zones or drift.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from benchmarks.outcome import Bar, BenchReport, Value
from corescout.data import InputError, Scan
from corescout.further_scans import FurtherScan, checks_of
from corescout.pipeline import explore
from corescout.plan import Plan
from corescout.search.excluded import with_checks
from corescout.surfaces import Imaging, generate_family
from corescout.surfaces.domains import Domains
from corescout.surfaces.imaging import measure
from corescout.surfaces.nulls import NULLS, null_surface

SIDE_PX, PITCH_M = 256, 8e-9
N_SURFACES, QUICK_SURFACES = 20, 1
FIRST_SEED = 3000
CLEAN = Imaging()
FADING, CHANGED = Imaging(fade=0.6), Imaging(tip_change_px=2.0, tip_change_at=0.4)
PLAN = Plan.preset(
    "live",
    invariances=(),
    baselines=("scattering",),
    decision={"null_surrogates": 1, "seeds": 1},
)
Response = NDArray[np.float64]
Make = Callable[[int], Response]


def run(scan: object = None, *, quick: bool = False) -> BenchReport:
    """Ask each family of 20 surfaces, or of one with `quick`."""
    del scan
    count = QUICK_SURFACES if quick else N_SURFACES
    values: dict[str, Value] = {}
    notes: list[str] = []
    total = {"null": 0, "claimed": 0}
    for name, make, imaging in _families():
        rows = [row for s in range(count) if (row := grades(make, FIRST_SEED + s, imaging, notes))]
        for kind in _KINDS:
            claimed = sum(row[kind] in ("zones", "distinct") for row in rows)
            values[f"{name}, {kind}"] = f"{claimed} of {len(rows)}"
            if name not in ("voronoi", "level_set"):
                total["null"] += len(rows)
                total["claimed"] += claimed
    values["claimed on nulls"] = round(total["claimed"] / max(total["null"], 1), 3)
    bars = () if quick else (Bar("claimed on nulls", "<=", 0.05),)
    return BenchReport("zones", values, bars, tuple(notes))


_KINDS = ("one image", "repeat", "reversed", "area", "repeat and area", "reversed and area")


def grades(make: Make, seed: int, imaging: Imaging, notes: list[str]) -> dict[str, str] | None:
    """Grade of one surface by each kind of further scan; None where it has too few key points."""
    response = make(seed)
    here, beside = response[:, :SIDE_PX], response[:, SIDE_PX:]
    first = scanned(here, imaging, seed)
    try:
        result = explore(first, PLAN, workers=1)
    except InputError as error:
        notes.append(f"seed {seed} was left out: {error}"[:120])
        return None
    again = FurtherScan(scanned(here, imaging, seed + 10_000))
    back = FurtherScan(scanned(here, imaging, seed + 20_000, is_reversed=True), "reversed")
    area = FurtherScan(scanned(beside, imaging, seed + 30_000, at_px=SIDE_PX))
    checks = [checks_of(result, [each], PLAN) for each in (again, back, area)]
    asked = ((), (0,), (1,), (2,), (0, 2), (1, 2))
    return {
        kind: with_checks(result.evidence, [c for i in which for c in checks[i]]).grade
        for kind, which in zip(_KINDS, asked, strict=True)
    }


def scanned(
    response: Response, imaging: Imaging, seed: int, *, is_reversed: bool = False, at_px: int = 0
) -> Scan:
    """Scan a response from above, or from below and shown as it lies on the sample."""
    seen = response[::-1] if is_reversed else response
    scan = measure(
        Domains(seen.copy(), np.zeros(seen.shape)), imaging, PITCH_M, seed,
        np.random.default_rng(seed),
    )  # fmt: skip
    if is_reversed:
        scan = replace(scan, channels={n: v[::-1] for n, v in scan.channels.items()})
    if scan.frame is None or not at_px:
        return scan
    return replace(scan, frame=replace(scan.frame, center_m=(at_px * PITCH_M, 0.0)))


def _families() -> Iterable[tuple[str, Make, Imaging]]:
    for kind in NULLS:
        yield kind, _of_null(kind, 1), CLEAN
        yield f"{kind}, coarse", _of_null(kind, 2), CLEAN
    for kind in ("noise", "labyrinth", "stripes"):
        yield f"{kind}, fading", _of_null(kind, 1), FADING
        yield f"{kind}, tip change", _of_null(kind, 1), CHANGED
    for family in ("voronoi", "level_set"):
        yield family, _of_family(family), CLEAN


def _of_null(kind: str, coarse: int) -> Make:
    def make(seed: int) -> Response:
        shape = SIDE_PX // coarse, 2 * SIDE_PX // coarse
        response = np.asarray(null_surface(kind, seed, shape, imaging=CLEAN).response, float)
        return np.asarray(zoom(response, coarse, order=1)) if coarse > 1 else response

    return make


def _of_family(family: str) -> Make:
    def make(seed: int) -> Response:
        rising = 6 * (seed // 5) + 1 + seed % 5  # those of one type left out
        shape = (SIDE_PX, 2 * SIDE_PX)
        return np.asarray(generate_family(family, rising, shape, imaging=CLEAN).response, float)

    return make

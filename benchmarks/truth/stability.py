"""`bench stability`: whether another training says the same of one scan, and how right it is.

Each scan is explored twice, with other seeds of the trainings and of the mixtures, by the types of
the winner and by those of the consensus; the trainings are shared by both. Counted is the adjusted
Rand index between the types that are shown at the same key points; where one run shows one type and
the other more it is 0, and where both show one type the scan does not count. A pair below 0.5 is
unsaid where neither verdict says that another training would part the points otherwise, or may show
one type, or several.

Generated surfaces of three families, and with the test data at hand eight real scans. On the
generated ones also how the types agree with the truth, how pure core points are, and how many of
the types that hold a tenth of the points are found.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import Bar, BenchReport, Value, surfaces_wanted
from benchmarks.truth.partition_scores import partition_scores
from corescout.data import InputError, Result, Scan
from corescout.plan import Plan
from corescout.search.agreement import adjusted_rand
from corescout.surfaces import Surface, generate_family

FAMILIES = ("level_set", "voronoi", "alternating")
PER_FAMILY, QUICK_PER_FAMILY = 10, 1
FIRST_NUMBER = 800
SIDE_PX = 160
SEEDS = (0, 5000)
WAYS = ("winner", "consensus")
REAL = (
    "PZT_final0001.h5", "PZT_thick0009.h5", "scan_0001.ibw", "PTO_Funakubo0004.h5",
    "PTO_Funakubo0005.h5", "PMN28Pt0000.h5", "PMN28Pt0001.h5", "PMN28Pt0002.h5",
)  # fmt: skip
LEAST_SAID = 0.5
_UNSURE = "another training "  # parts the points otherwise, or shows one type, or several


class TrialMemory:
    """A store in memory: what the winner was trained on serves the consensus too."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """Return the file of a trial; None if there is none."""
        return self._files.get(key)

    def put(self, key: str, content: bytes, label: str) -> None:
        """Keep the file of a trial."""
        self._files[key] = content

    def died(self, key: str, label: str, why: str) -> int:
        """Nothing dies in one process."""
        return 0

    def deaths(self, key: str) -> int:
        """None."""
        return 0


@dataclass
class Pair:
    """Two runs of one scan, by one way.

    Attributes
    ----------
    name, way : str
    shown : (int, int)
        Types that the runs show.
    ari : float
        NaN where both show one type.
    said : bool
        One of the verdicts says that another training would say something else.
    scores : mapping of str to float
        Against the truth, means of both runs; empty on a real scan.
    """

    name: str
    way: str
    shown: tuple[int, int]
    ari: float
    said: bool
    scores: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        told = ", ".join(f"{name} {value:.2f}" for name, value in self.scores.items())
        return (
            f"{self.name}, {self.way}: types {self.shown[0]} and {self.shown[1]}, ARI"
            f" {self.ari:.2f}{', said' if self.said else ''}{'; ' + told if told else ''}"
        )


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Explore ten surfaces of each family twice, or as many as wanted, and the real scans."""
    wanted = surfaces_wanted(PER_FAMILY, QUICK_PER_FAMILY, is_quick=quick)
    pairs: list[Pair] = []
    for family in FAMILIES:
        pairs += of_family(family, wanted)
    pairs += [] if quick else of_real_scans()
    values, bars = tallied(pairs)
    return BenchReport("stability", values, () if quick else bars, tuple(map(str, pairs)))


def of_family(family: str, wanted: int, first: int = FIRST_NUMBER) -> list[Pair]:
    """Explore so many surfaces of a family with two types or more."""
    out: list[Pair] = []
    for number in range(first, first + 3 * wanted):
        if len(out) == len(WAYS) * wanted:
            break
        surface = generate_family(family, number, (SIDE_PX, SIDE_PX))
        if len(surface.type_names) < 2:
            continue
        out += _told(f"{family} {number}", surface.scan, surface)
    return out


def of_real_scans() -> list[Pair]:
    """Explore those that are at hand."""
    from corescout.readers import read_scan

    folder = Path(os.environ.get("CORESCOUT_TEST_DATA", "no data"))
    paths = [next(folder.rglob(name), None) for name in REAL]
    return [pair for path in paths if path for pair in _told(path.stem, read_scan(path), None)]


def _told(name: str, scan: Scan, surface: Surface | None) -> list[Pair]:
    try:
        out = pairs_of(name, scan, surface)
    except InputError as error:
        sys.stderr.write(f"{name} was left out: {error}\n"[:200])
        return []
    for pair in out:
        sys.stderr.write(f"{pair}\n")
    return out


def pairs_of(name: str, scan: Scan, surface: Surface | None) -> list[Pair]:
    """Explore a scan with two seeds by every way."""
    from corescout.pipeline import explore

    runs: dict[str, list[Result]] = {way: [] for way in WAYS}
    for seed in SEEDS:
        store = TrialMemory()
        for way in WAYS:
            plan = Plan.preset("live", seed=seed, decision={"types": way})
            runs[way].append(explore(scan, plan, store=store))
    return [_pair(name, way, runs[way], surface) for way in WAYS]


def _pair(name: str, way: str, runs: Sequence[Result], surface: Surface | None) -> Pair:
    types = [np.asarray(run.types.of_point) for run in runs]
    shown = (runs[0].n_types, runs[1].n_types)
    ari = float("nan") if max(shown) == 1 else adjusted_rand(*types) if min(shown) > 1 else 0.0
    scores: dict[str, float] = {}
    if surface is not None:
        rows = [_against(run, surface) for run in runs]
        scores = {key: _mean([row[key] for row in rows]) for key in rows[0]}
    said = any(_UNSURE in run.why.lower() for run in runs)
    return Pair(name, way, shown, float(ari), said, scores)


def _mean(values: Sequence[float]) -> float:
    """Mean of those that there are; NaN of none."""
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


def _against(run: Result, surface: Surface) -> dict[str, float]:
    """AMI of types and motifs with the truth, core points of the majority, coverage."""
    truth = surface.type_at(np.asarray(run.patches.center_yx_px))
    types = np.asarray(run.types.of_point)
    found = partition_scores(types, truth)
    motif = partition_scores(np.asarray(run.typed.motif), truth)
    return {
        "ami": found["ami"],
        "motif_ami": motif["ami"],
        "coverage": found["coverage"],
        "core_purity": _purity(run, truth),
    }


def _purity(run: Result, truth: NDArray[np.int64]) -> float:
    """Share of the core points on walls that are of their type's majority; NaN of one type."""
    index, kind = np.asarray(run.core_points.index), np.asarray(run.core_points.type)
    on_wall = truth[index] > 0
    if run.n_types < 2 or not on_wall.any():
        return float("nan")
    of_core, kind = truth[index][on_wall], kind[on_wall]
    most = [np.bincount(of_core[kind == n]).max() for n in np.unique(kind)]
    return float(sum(most) / len(of_core))


def tallied(pairs: Sequence[Pair]) -> tuple[dict[str, Value], tuple[Bar, ...]]:
    """Medians over surfaces and over real scans, and what is unsaid."""
    values: dict[str, Value] = {}
    bars: list[Bar] = []
    for way in WAYS:
        mine = [pair for pair in pairs if pair.way == way]
        groups = {
            "generated": [p for p in mine if p.scores],
            "real": [p for p in mine if not p.scores],
        }
        groups |= {family: [p for p in mine if p.name.startswith(family)] for family in FAMILIES}
        for name, group in groups.items():
            if group:
                values |= _of_group(f"{name}_{way}", group)
        bars += [Bar(f"generated_{way}_ari", ">=", 0.8), Bar(f"real_{way}_ari", ">=", 0.6)]
        bars += [Bar(f"generated_{way}_unsaid", "<=", 0), Bar(f"real_{way}_unsaid", "<=", 0)]
        bars += [Bar(f"generated_{way}_core_purity", ">=", 0.85)]
        bars += [Bar(f"generated_{way}_coverage", ">=", 0.75)]
    return values, tuple(bar for bar in bars if bar.key in values)


def _of_group(key: str, group: Sequence[Pair]) -> dict[str, Value]:
    ari = [pair.ari for pair in group if np.isfinite(pair.ari)]
    said_of_stable = [pair.said for pair in group if pair.ari > 0.8]
    values: dict[str, Value] = {f"{key}_scans": len(group), f"{key}_counted": len(ari)}
    if ari:
        values[f"{key}_ari"] = round(float(np.median(ari)), 3)
        values[f"{key}_below_half"] = sum(a < LEAST_SAID for a in ari)
    values[f"{key}_unsaid"] = sum(p.ari < LEAST_SAID and not p.said for p in group)
    if said_of_stable:
        values[f"{key}_said_of_stable"] = round(float(np.mean(said_of_stable)), 3)
    for name in group[0].scores:
        found = [pair.scores[name] for pair in group]
        if np.isfinite(found).any():
            values[f"{key}_{name}"] = round(float(np.nanmean(found)), 3)
    return values

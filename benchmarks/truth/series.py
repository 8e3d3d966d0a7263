"""`bench series`: one representation for several scans, on generated materials.

A material is a pair of patterns; its scans are other places of it. Types that were found pooled are
held against the truth on scans that were held back, beside those of each of these explored alone;
one scan of another material is put among the others; one surface is scanned again and again with
other gain and blur. Types are shown without the test of their evidence, which needs larger scans.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score

from benchmarks.outcome import Bar, BenchReport, Value
from benchmarks.truth.repeat import scanned
from corescout.data import Result, Scan
from corescout.pipeline import apply, explore
from corescout.plan import Plan
from corescout.series import Member, ami_of_type_and_scan, as_member, members_that_do_not_fit, pool
from corescout.surfaces import Surface, generate_surface
from corescout.surfaces.imaging import Imaging
from corescout.surfaces.patterns import PATTERNS

MATERIALS, TRAINED, HELD_BACK, REPEATS = 8, 4, 2, 8
SIDE_PX = 128
_SAMPLES = 2  # that are scanned again and again, in a quick run one
LEVELS = ("common", "own")


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Measure with common grey levels and with each scan's own."""
    materials = list(combinations(PATTERNS, 2))[: 2 if quick else MATERIALS]
    plan = Plan.preset("live", windows_px=(11,), invariances=("r", "rt"))
    plan = plan.changed("decision.null_surrogates", 0).changed("decision.seeds", 1)
    alone = _alone(materials, plan)
    values: dict[str, Value] = {"materials": len(materials), "held_back": alone.size}
    values["ami_alone"] = round(float(alone.mean()), 3)
    for levels in LEVELS:
        own = levels == "own"
        values |= _named(levels, _held_back(materials, plan, alone, own_levels=own))
        values |= _named(levels, _other_material(materials, plan, own_levels=own))
        values |= _named(levels, _repeats(1 if quick else _SAMPLES, plan, own_levels=own))
    bars = tuple(
        bar for levels in LEVELS for bar in (
            Bar(f"{levels}_difference_low", ">=", -0.02),
            Bar(f"{levels}_other_material_named", ">=", len(materials)),
            Bar(f"{levels}_own_scans_named", "<=", 0),
            Bar(f"{levels}_ami_of_type_and_repeat", "<=", 0.05),
        )
    )  # fmt: skip
    notes = (
        "difference: AMI with the truth on scans that were held back, pooled less alone; low: the"
        " lower end of a 95 % interval over materials",
    )
    return BenchReport("series", values, bars, notes)


def _named(levels: str, found: Mapping[str, Value]) -> dict[str, Value]:
    return {f"{levels}_{name}": value for name, value in found.items()}


def _scans(patterns: tuple[str, ...], material: int, count: int) -> list[Surface]:
    """Places of a material, with a noise of their own."""
    return [generate_surface((SIDE_PX, SIDE_PX), 100 * material + i, patterns)
            for i in range(count)]  # fmt: skip


def _pooled(scans: Sequence[Scan], plan: Plan, *, own_levels: bool) -> tuple[Result, list[Member]]:
    """Train on all of them; return that, and what of it is on each."""
    named = {f"scan {i}": scan for i, scan in enumerate(scans)}
    pooled = pool(named, plan, own_levels=own_levels)
    trained = explore(pooled.scan, pooled.plan)
    members = [Member(name, apply(trained, scan), "", 0.0, "")
               for name, scan in pooled.members.items()]  # fmt: skip
    return trained, members


def _alone(materials: Sequence[tuple[str, ...]], plan: Plan) -> NDArray[np.float64]:
    """AMI with the truth (materials, held back) of each scan explored by itself."""
    found = [
        [_ami(s, explore(s.scan, plan)) for s in _scans(patterns, n, TRAINED + HELD_BACK)[TRAINED:]]
        for n, patterns in enumerate(materials)
    ]
    return np.array(found)


def _held_back(
    materials: Sequence[tuple[str, ...]],
    plan: Plan,
    alone: NDArray[np.float64],
    *,
    own_levels: bool,
) -> dict[str, Value]:
    found = []
    for number, patterns in enumerate(materials):
        surfaces = _scans(patterns, number, TRAINED + HELD_BACK)
        trained, _ = _pooled([s.scan for s in surfaces[:TRAINED]], plan, own_levels=own_levels)
        held = [(s, as_member(s.scan, plan, own_levels=own_levels)) for s in surfaces[TRAINED:]]
        found.append([_ami(surface, apply(trained, member)) for surface, member in held])
    pooled = np.array(found)
    of_material = (pooled - alone).mean(axis=1)
    return {
        "ami_pooled": round(float(pooled.mean()), 3),
        "difference": round(float(of_material.mean()), 3),
        "difference_low": round(_low(of_material), 3),
    }


def _low(values: NDArray[np.float64]) -> float:
    """Lower end of a 95 % interval of a mean, by Student's t."""
    from scipy.stats import t

    error = values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() - t.ppf(0.975, len(values) - 1) * error)


def _other_material(
    materials: Sequence[tuple[str, ...]], plan: Plan, *, own_levels: bool
) -> dict[str, Value]:
    """Put a scan of patterns that a material has none of among its scans."""
    strangers = own_named = 0
    for number, patterns in enumerate(materials):
        others = tuple(p for p in PATTERNS if p not in patterns)[:2]
        (stranger,) = _scans(others, 50 + number, 1)
        scans = [s.scan for s in _scans(patterns, number, TRAINED)]
        _, members = _pooled([*scans, stranger.scan], plan, own_levels=own_levels)
        named = members_that_do_not_fit(members)
        strangers += members[-1].name in named
        own_named += sum(m.name in named for m in members[:-1])
    return {"other_material_named": strangers, "own_scans_named": own_named}


def _repeats(samples: int, plan: Plan, *, own_levels: bool) -> dict[str, Value]:
    """Scan one surface again and again with other gain and blur; the largest AMI over samples."""
    found = []
    for seed in range(samples):
        rng = np.random.default_rng(seed)
        sample = generate_surface((SIDE_PX + 24,) * 2, seed, imaging=Imaging())
        scans = [
            scanned(sample, Imaging(tip_px=rng.uniform(1.0, 1.8), gain=rng.uniform(0.5, 2.0)), i)
            for i in range(REPEATS)
        ]
        _, members = _pooled(scans, plan, own_levels=own_levels)
        found.append(ami_of_type_and_scan(members))
    return {"repeats": REPEATS, "samples": samples, "ami_of_type_and_repeat": round(max(found), 3)}


def _ami(surface: Surface, result: Result) -> float:
    truth = surface.type_at(np.asarray(result.patches.center_yx_px))
    return float(adjusted_mutual_info_score(truth, result.types.of_point))

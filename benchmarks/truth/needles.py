"""`bench needles`: one kind of needle shows one type, two kinds show two.

Needles in regions, each in a direction of its own (`surfaces.needles`): 20 surfaces of one kind
(one to four directions, dark or bright, periodic or not) and 20 of two kinds that differ in width
or in polarity. Types that are shown count, possible ones included; no surrogate is trained, as
what is shown does not depend on them. A scan that is refused shows no type and counts as missed.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.outcome import Bar, BenchReport, Value, surfaces_wanted
from corescout.data import InputError
from corescout.plan import Plan
from corescout.surfaces.needles import Difference, needle_surface, needles_at_random

N_SURFACES, QUICK_SURFACES = 20, 1
FIRST_SEED = 1000  # the rules were chosen on seeds below 100
SIDE_PX = 192
WINDOWS_PX = (9, 13)
_OF_TWO: tuple[Difference, ...] = ("width", "polarity")


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Explore 20 surfaces of one kind and 20 of two; one of each with `quick`."""
    wanted = surfaces_wanted(N_SURFACES, QUICK_SURFACES, is_quick=quick)
    return study(range(FIRST_SEED, FIRST_SEED + wanted))


def study(seeds: range, side_px: int = SIDE_PX) -> BenchReport:
    """Count the types that are shown on surfaces of one and of two kinds."""
    one = [shown(seed, "none", side_px) for seed in seeds]
    two = [shown(seed, _OF_TWO[seed % 2], side_px) for seed in seeds]
    values: dict[str, Value] = {
        "surfaces_of_each": len(seeds),
        "one_kind_shows_more": sum(n > 1 for n in one),
        "two_kinds_show_two": sum(n == 2 for n in two),
        "two_kinds_show_more": sum(n > 2 for n in two),
    }
    bars = (
        Bar("one_kind_shows_more", "<=", 0.15 * len(seeds)),
        Bar("two_kinds_show_two", ">=", 0.9 * len(seeds)),
    )
    notes = (
        f"types shown, one kind: {' '.join(map(str, one))}",
        f"types shown, two kinds: {' '.join(map(str, two))}",
    )
    return BenchReport("needles", values, bars, notes)


def plan() -> Plan:
    """Two windows, one seed and no surrogates; else as a scan is explored."""
    return Plan.preset(
        "live",
        windows_px=WINDOWS_PX,
        decision={"seeds": 1, "null_surrogates": 0},
    )


def shown(seed: int, difference: Difference, side_px: int = SIDE_PX) -> int:
    """Return how many types are shown of a surface; 0 where the scan is refused."""
    from corescout.pipeline import explore

    surface = needle_surface(needles_at_random(seed, difference), seed, (side_px, side_px))
    try:
        return explore(surface.scan, plan()).n_types
    except InputError:
        return 0

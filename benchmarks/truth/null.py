"""`bench null`: how often types are claimed, or shown as possible ones, where there are none.

Scans of one pattern (`null_families`): half of them steady, half with each change of the microscope
in turn; fine and coarse, three sizes in turn; the detector's points. One more in fifteen, steady,
has points that are given or edited. The evidence is asked without training of all, from one image
and with a perfect repeat, of one training of a sixth, of one with a repeat of another sixth, and of
the whole exploration of a fortieth (`null_evidence`; `CORESCOUT_BENCH_PROCEDURES`, names with
semicolons between, asks some; `CORESCOUT_BENCH_FIRST_SEED` asks other scans). Without training a
tenth as many more are of 512 px, steady. A scan that is refused is counted as such and not
replaced. What was said can be kept, so that a run that is cut counts (`null_kept`). Beside them
clouds of Gaussian codes.

Each share of claims stands with its upper 95 % bound (Clopper and Pearson), and with those cells
that are rejected against 5 % after Holm.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.outcome import Bar, BenchReport, Value, surfaces_wanted
from benchmarks.truth.null_evidence import Asked, Procedure, ask, cloud_claimed
from benchmarks.truth.null_families import CHANGES, FAMILIES, Change, Null, Points
from benchmarks.truth.null_kept import asked_once, folder_of_asked

SIDES_PX = (128, 224, 256)
LARGE_PX = 512
PER_FAMILY, QUICK_PER_FAMILY = 200, 1
FIRST_SEED = 20_000  # no rule was looked at on these
CLOUDS, QUICK_CLOUDS = 40, 2
MOST_CLAIMED, MOST_BOUND = 0.05, 0.12
# One scan in so many.
SHARES: dict[Procedure, int] = {
    "scattering": 1, "13 px": 6, "13 px, repeat": 1, "live": 40, "scattering, repeat": 1,
}  # fmt: skip
UNTRAINED: tuple[Procedure, ...] = ("scattering", "scattering, repeat")
_HANDED, _LARGE = 15, 10  # one more in so many has points handed over, or is large
_CYCLE, _STRIDE = 60, 37  # all sizes, scales and changes; in an order that mixes them early
GRADES = ("one type", "one pattern", "drift", "possible zones", "zones", "distinct", "refused")


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Ask 200 scans of each family, or as many as wanted; one with `quick`."""
    wanted = surfaces_wanted(PER_FAMILY, QUICK_PER_FAMILY, is_quick=quick)
    procedures = os.environ.get("CORESCOUT_BENCH_PROCEDURES", ";".join(SHARES)).split(";")
    asked: list[Asked] = []
    for number, (procedure, share) in enumerate(SHARES.items()):
        if procedure in procedures:
            first = first_seed() + 1000 * number
            some = scans(-(-wanted // share), first, large=procedure in UNTRAINED)
            asked += asked_of(some, procedure)
    values, notes = tallied(asked)
    clouds = QUICK_CLOUDS if quick else CLOUDS
    values["clouds_claimed"] = sum(map(cloud_claimed, range(clouds)))
    bars = [Bar(key, "<=", MOST_CLAIMED) for key in values if key.endswith("_claimed_share")]
    bars += [Bar(key, "<=", MOST_BOUND) for key in values if key.endswith("_at_most")]
    bars.append(Bar("cells_rejected", "<=", 0))
    return BenchReport("null", values, () if quick else tuple(bars), tuple(notes))


def first_seed() -> int:
    """First seed of the scans: `CORESCOUT_BENCH_FIRST_SEED` where it is set."""
    return int(os.environ.get("CORESCOUT_BENCH_FIRST_SEED", FIRST_SEED))


def scans(per_family: int, first_seed: int, *, large: bool = False) -> list[tuple[Null, Points]]:
    """Return the scans of every family, each with the points that are handed over.

    Families, sizes, scales and changes are mixed from the first on, so that any beginning of the
    list is about balanced.
    """
    out: list[tuple[Null, Points]] = []
    for i in range(per_family):
        mixed = i * _STRIDE % _CYCLE
        side, coarse = SIDES_PX[mixed % 3], bool(mixed // 3 % 2)
        change: Change = CHANGES[1 + mixed // 12] if mixed // 6 % 2 else "none"
        for family in FAMILIES:
            out.append((Null(family, change, coarse, side, first_seed + i), "detected"))
            if i % _HANDED == _HANDED // 2:
                turn = i // _HANDED
                handed: Points = "given" if turn % 2 else "edited"
                size, wide = SIDES_PX[turn // 2 % 3], bool(turn // 2 % 2)
                out.append((Null(family, "none", wide, size, first_seed + 500 + i), handed))
            if large and i % _LARGE == 0:
                null = Null(family, "none", bool(i // _LARGE % 2), LARGE_PX, first_seed + 700 + i)
                out.append((null, "detected"))
    return out


def asked_of(wanted: Iterable[tuple[Null, Points]], procedure: Procedure) -> list[Asked]:
    """Ask every scan by a procedure, and say how far it is."""
    out, folder = [], folder_of_asked()
    for null, points in wanted:
        found = asked_once(folder, null, points, procedure, ask)
        if found is not None:
            out.append(found)
            sys.stderr.write(f"{found}\n")
    return out


def tallied(asked: Sequence[Asked]) -> tuple[dict[str, Value], list[str]]:
    """Count the grades of each cell; shares of claims with their bounds, and the claims."""
    values: dict[str, Value] = {}
    p_values: dict[str, float] = {}
    for name, cell in _cells(asked).items():
        grades = Counter(one.grade for one in cell)
        values[name] = ", ".join(f"{g} {grades[g]}" for g in GRADES if grades[g])
        tested = [one for one in cell if one.grade != "refused"]
        if not tested:
            continue
        claimed = sum(one.claimed for one in tested)
        shown = sum(one.shown > 1 for one in tested)
        values[f"{name}_tested"] = len(tested)
        values[f"{name}_shown_share"] = round(shown / len(tested), 3)
        values[f"{name}_claimed_share"] = round(claimed / len(tested), 3)
        values[f"{name}_claimed_at_most"] = round(upper_bound(claimed, len(tested)), 3)
        p_values[name] = above(claimed, len(tested))
    rejected = holm(p_values)
    values["cells_rejected"] = len(rejected)
    notes = [f"rejected against {MOST_CLAIMED:.0%}: {name}" for name in rejected]
    return values, notes + [str(one) for one in asked if one.claimed]


def _cells(asked: Sequence[Asked]) -> dict[str, list[Asked]]:
    """Families, changes, sizes and points, each pooled over the others, for each procedure.

    "any" family is pooled over steady scans and all changes.
    """
    cells: dict[str, list[Asked]] = {}
    for one in asked:
        steady, null = one.null.change == "none", one.null
        names = []
        if one.points != "detected":
            names.append(f"{one.points} points")
        elif steady:
            names += [null.family, f"{null.side_px} px", "coarse" if null.coarse else "fine"]
            if null.side_px == LARGE_PX:
                names.append(f"{null.family} {LARGE_PX} px")
        else:
            names.append(null.change)
        if one.points == "detected":
            names.append(f"any {null.family}")
        for name in (*names, "all steady" if steady else "all changing"):
            key = f"{one.procedure}_{name}".replace(",", "").replace(" ", "_")
            cells.setdefault(key, []).append(one)
    return cells


def upper_bound(claimed: int, tested: int, confidence: float = 0.95) -> float:
    """Upper bound of a share, one-sided (Clopper and Pearson)."""
    from scipy.stats import beta

    return 1.0 if claimed == tested else float(beta.ppf(confidence, claimed + 1, tested - claimed))


def above(claimed: int, tested: int) -> float:
    """Probability of so many claims or more where the share is the largest that is allowed."""
    from scipy.stats import binom

    return float(binom.sf(claimed - 1, tested, MOST_CLAIMED))


def holm(p_values: dict[str, float], level: float = 0.05) -> list[str]:
    """Names of those rejected at a level for all together (Holm, 1979)."""
    out: list[str] = []
    for i, name in enumerate(sorted(p_values, key=lambda n: p_values[n])):
        if p_values[name] > level / (len(p_values) - i):
            break
        out.append(name)
    return out

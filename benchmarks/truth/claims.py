"""`bench claims`: how often several types are claimed where there are two to five of them.

Generated surfaces of 256 x 256 px whose scan is 20 correlation lengths wide or more, of which a
wide enough scan is the least that evidence needs; the others count beside. The evidence is asked of
one autoencoder and one image, of one with a repeat of the place (other noise, and the imaging of
`bench repeat`), and for a tenth of the whole exploration (`null_evidence`). The counterpart of
`bench null`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.outcome import Bar, BenchReport, Value, surfaces_wanted
from benchmarks.truth.null_evidence import CLAIMS, Procedure, evidence_of
from benchmarks.truth.repeat import FIRST, MARGIN_PX, scanned
from corescout.data import InputError, Scan
from corescout.data.check import ENOUGH_LENGTHS
from corescout.surfaces import Imaging, generate_family

FAMILIES = ("voronoi", "level_set")
PER_FAMILY, QUICK_PER_FAMILY = 40, 1
FIRST_NUMBER = 30_000
SIDE_PX = 256
LEAST_TYPES, MOST_TYPES = 2, 5
WHOLE = 10  # one scan in so many is explored as a whole
LEAST_CLAIMED = 0.8


@dataclass(frozen=True)
class SaidOfSurface:
    """What is said of one surface.

    Attributes
    ----------
    name, procedure : str
    types, shown : int
        Planted types, and types that are shown.
    wide : bool
        20 correlation lengths or more.
    grade : str
    claimed : bool
    """

    name: str
    procedure: Procedure
    types: int
    shown: int
    wide: bool
    grade: str
    claimed: bool

    def __str__(self) -> str:
        width = "wide" if self.wide else "narrow"
        asked = f"{self.name}, {self.procedure}, {width}, {self.types} types"
        return f"{asked}: {self.grade}, {self.shown}"


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Ask 40 surfaces of each family, or as many as wanted; one with `quick`."""
    wanted = surfaces_wanted(PER_FAMILY, QUICK_PER_FAMILY, is_quick=quick)
    few = 0 if quick else -(-wanted // WHOLE)
    counts: dict[Procedure, int] = {"13 px": wanted, "13 px, repeat": wanted, "live": few}
    said = [
        one
        for procedure, n in counts.items()
        for family in FAMILIES
        for one in of_family(family, n, procedure)
    ]
    values = tallied(said)
    bars = [Bar(k, ">=", LEAST_CLAIMED) for k in values if k.endswith("wide_claimed_share")]
    return BenchReport("claims", values, () if quick else tuple(bars), tuple(map(str, said)))


def of_family(family: str, wanted: int, procedure: Procedure) -> list[SaidOfSurface]:
    """Ask so many surfaces of two to five types."""
    out: list[SaidOfSurface] = []
    for number in range(FIRST_NUMBER, FIRST_NUMBER + 3 * wanted):
        if len(out) == wanted:
            break
        types = len(generate_family(family, number, (64, 64)).type_names)
        if not LEAST_TYPES <= types <= MOST_TYPES:
            continue
        scan, again = _scans(family, number, repeated="repeat" in procedure)
        try:
            evidence, shown = evidence_of(scan, None, procedure, again)
        except InputError as error:
            sys.stderr.write(f"{family} {number} was left out: {error}\n"[:200])
            continue
        wide = evidence.correlation_lengths >= ENOUGH_LENGTHS
        claimed = evidence.has_types or evidence.grade in CLAIMS
        name, grade = f"{family} {number}", evidence.grade
        out.append(SaidOfSurface(name, procedure, types, shown, wide, grade, claimed))
        sys.stderr.write(f"{out[-1]}\n")
    return out


def _scans(family: str, number: int, *, repeated: bool) -> tuple[Scan, Scan | None]:
    """Scan a surface as its family does, or twice in the way of `bench repeat`."""
    if not repeated:
        return generate_family(family, number, (SIDE_PX, SIDE_PX)).scan, None
    side = SIDE_PX + 2 * MARGIN_PX
    sample = generate_family(family, number, (side, side), imaging=Imaging())
    return scanned(sample, FIRST, 1), scanned(sample, FIRST, 2)


def tallied(said: Sequence[SaidOfSurface]) -> dict[str, Value]:
    """Count grades and claims of each procedure, on wide scans and on narrow ones."""
    values: dict[str, Value] = {}
    for procedure in dict.fromkeys(one.procedure for one in said):
        for word, wide in (("wide", True), ("narrow", False)):
            cell = [one for one in said if one.procedure == procedure and one.wide == wide]
            if cell:
                key = f"{procedure}_{word}".replace(",", "").replace(" ", "_")
                grades = Counter(one.grade for one in cell)
                values[key] = ", ".join(f"{grade} {n}" for grade, n in grades.most_common())
                values[f"{key}_asked"] = len(cell)
                values[f"{key}_claimed_share"] = round(sum(o.claimed for o in cell) / len(cell), 3)
                shown = sum(one.shown > 1 for one in cell)
                values[f"{key}_shown_share"] = round(shown / len(cell), 3)
    return values

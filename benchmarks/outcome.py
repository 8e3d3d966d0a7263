"""What a measurement reports: figures with units in their names, and the bars they are held to."""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from corescout.data import InputError

Value = float | int | bool | str
CHECKOUT = Path(__file__).resolve().parents[1]  # from where `python -c` finds the benches
_COMPARE = {"<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True)
class Bar:
    """A bound on one figure of a report."""

    key: str
    relation: Literal["<=", ">="]
    bound: float


@dataclass(frozen=True)
class BenchReport:
    """Figures of one measurement.

    Attributes
    ----------
    name : str
    values : mapping of str to value
        Snake case, units in the names (``sweep_s``, ``peak_gib``).
    bars : tuple of Bar
        The measurement passes when all are met.
    notes : tuple of str
        What is compared, and what a reader must know.
    """

    name: str
    values: Mapping[str, Value]
    bars: tuple[Bar, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)

    def met(self, bar: Bar) -> bool:
        """Say whether a bar is met; a missing or text value never meets it."""
        value = self.values.get(bar.key)
        if value is None or isinstance(value, str):
            return False
        return bool(_COMPARE[bar.relation](float(value), bar.bound))

    @property
    def passed(self) -> bool:
        """Whether all bars are met."""
        return all(self.met(bar) for bar in self.bars)


def surfaces_wanted(full: int, quick: int, *, is_quick: bool) -> int:
    """How many surfaces: `CORESCOUT_BENCH_SURFACES` where it is set, else those of the size."""
    asked = os.environ.get("CORESCOUT_BENCH_SURFACES")
    if asked is None:
        return quick if is_quick else full
    if not asked.isdigit() or int(asked) < 1:
        raise InputError(
            "CORESCOUT_BENCH_SURFACES of 1 or more", repr(asked), "set it, or unset it"
        )
    return int(asked)

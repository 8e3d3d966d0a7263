"""What a measurement reports: figures with units in their names, and the bars they are held to."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

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

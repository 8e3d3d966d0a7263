"""The targets of the present result in the order of their visits: states, selection, places."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from psygnal import Signal

from corescout.data import Scan, Target
from corescout.instruments import Limits
from corescout.targets import in_order as visit_order


class TargetList:
    """What the table, the scan and the instrument know of the targets.

    Attributes
    ----------
    ordered : tuple of Target
        In the order of the visits.
    state_of : dict of str to str
        Of a target by its uid: planned, current, measured or skipped.
    selected : set of int
        Places in `ordered`.
    measured_xy_m : list of (x, y)
        Places that were measured; new targets keep away from them.
    measurements : Path or None
        Table of what was measured at the instrument.
    limits : Limits or None
        Of the instrument: no target is proposed beyond them.
    """

    changed = Signal(object)  # tuple of Target
    states_changed = Signal()
    selected_changed = Signal()

    def __init__(self) -> None:
        self.ordered: tuple[Target, ...] = ()
        self.state_of: dict[str, str] = {}
        self.selected: set[int] = set()
        self.measured_xy_m: list[tuple[float, float]] = []
        self.measurements: Path | None = None
        self.limits: Limits | None = None

    @property
    def states(self) -> list[str]:
        """State of each target, planned where nothing is known."""
        return [self.state_of.get(t.uid, "planned") for t in self.ordered]

    @property
    def picked(self) -> Target | None:
        """The first of those that are selected."""
        row = min(self.selected, default=-1)
        return self.ordered[row] if 0 <= row < len(self.ordered) else None

    def set(self, scan: Scan | None, targets: Sequence[Target]) -> None:
        """Take other targets, of a scan."""
        self.ordered = () if scan is None else in_order(scan, targets)
        self.changed.emit(self.ordered)

    def set_states(self, state_of: Mapping[str, str]) -> None:
        """Say which targets are planned, current, measured or skipped."""
        self.state_of = dict(state_of)
        self.states_changed.emit()

    def select(self, rows: Collection[int]) -> None:
        """Select targets by their places in the order."""
        self.selected = set(rows)
        self.selected_changed.emit()

    def without(self, rows: Collection[int]) -> list[Target]:
        """Return the targets but some, by their places in the order."""
        return [t for row, t in enumerate(self.ordered) if row not in rows]


def in_order(scan: Scan, targets: Sequence[Target]) -> tuple[Target, ...]:
    """Return targets in the order of the visits, from the middle of the scan."""
    if scan.frame is None or any(t.xy_m is None for t in targets):
        return tuple(sorted(targets, key=lambda t: t.number))
    return visit_order(targets, scan.frame.center_m)

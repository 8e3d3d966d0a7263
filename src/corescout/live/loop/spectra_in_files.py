"""Spectra that come as files after a plan was handed over, tied to its targets."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from corescout.data import Target
from corescout.instruments import Instrument
from corescout.instruments.entries import TargetMeasured
from corescout.instruments.folder import Tied
from corescout.live.day.day import Day
from corescout.live.loop.target_states import TargetStates


@runtime_checkable
class Collecting(Protocol):
    """An instrument whose spectra come as files after a plan was handed over."""

    def spectra(self) -> Tied:
        """Return the spectra of the last plan by target."""


class SpectraInFiles:
    """What is still to come of a plan that the instrument carries out by itself.

    Parameters
    ----------
    instrument : Instrument
        One that is not `Collecting` has none.
    day : Day
        Takes an entry for each spectrum.
    states : TargetStates
        Takes what came.
    """

    def __init__(self, instrument: Instrument, day: Day, states: TargetStates) -> None:
        self._instrument, self._day, self._states = instrument, day, states
        self._targets: dict[str, Target] = {}

    def expect(self) -> None:
        """The targets as they stand were handed over."""
        self._targets = dict(self._states.targets)

    def collect(self) -> None:
        """Take up the spectra that came since."""
        if not self._targets or not isinstance(self._instrument, Collecting):
            return
        for tie in self._instrument.spectra().ties:
            uid = tie.measurement.target_uid
            if uid in self._targets and not self._states.has_measurement(uid):
                self._day.write(TargetMeasured(target_uid=uid, source=str(tie.path), how=tie.how))
                self._states.keep(self._targets[uid], tie.measurement)

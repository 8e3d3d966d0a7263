"""A stop of an instrument, from its first word until a release: what is known of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from corescout.instruments.entries import HeldWith, StopSaid
from corescout.instruments.journal import Journal
from corescout.instruments.protocol import (
    Contact,
    Instrument,
    StopReport,
    TellsContact,
)

LOG = logging.getLogger("corescout.instruments")


class Halt:
    """Stops the instrument and takes its reports, from any thread.

    Parameters
    ----------
    instrument : Instrument
    journal : Journal
    told : callable
        Takes each report.

    Attributes
    ----------
    reason : str
        Of the first stop since the last release.
    held_with : str
        How the tip was left.
    report : StopReport or None
        The newest of the last stop.
    """

    def __init__(
        self, instrument: Instrument, journal: Journal, told: Callable[[StopReport], None]
    ) -> None:
        self._instrument, self._journal, self._told = instrument, journal, told
        self._begun = threading.Event()
        self.reason = self.held_with = ""
        self.report: StopReport | None = None

    @property
    def stopped(self) -> bool:
        """Whether a stop has come since the last release."""
        return self._begun.is_set()

    def begin(self, reason: str) -> None:
        """A stop has come: from now on nothing goes on."""
        self.reason = self.reason or reason  # the run may end before the stop does
        self._begun.set()

    def send(self, reason: str, emergency: str) -> StopReport:
        """Send the stop; whatever a backend does, there is a report."""
        self.report = None
        try:
            return self._instrument.stop(reason, emergency, self.take)
        except Exception as error:
            LOG.exception("the stop of %s failed", self._instrument.capabilities.name)
            return StopReport("not confirmed", 0.0, str(error), reached=False)

    def take(self, report: StopReport) -> None:
        """Take a report: into the journal, and to who listens."""
        older = report.state == "sent" and self.report is not None
        if older or self.report is report or not self._begun.is_set():
            return
        self.report = report
        try:
            self._journal.write(
                StopSaid(state=report.state, seconds=round(report.seconds, 3), said=str(report))
            )
        except (OSError, ValueError) as error:  # a full disk, or a journal that is closed
            LOG.error("the stop is not in the journal (%s): %s", error, report)
        self._told(report)
        if report.state != "sent":
            threading.Thread(target=self.say_held, name="corescout-held", daemon=True).start()

    def say_held(self) -> None:
        """Note how the tip is left: a stop does not lift it, nor switch a drive off."""
        try:
            contact = Contact()
            if isinstance(self._instrument, TellsContact):
                contact = self._instrument.contact()
            said = f"{contact}, {self._instrument.status().bias_v:g} V"
        except Exception as error:  # noqa: BLE001 - an instrument of somebody else's may raise anything
            said = f"how the tip is held cannot be read: {error}"
        else:
            try:
                self._journal.write(HeldWith(said=said))
            except (OSError, ValueError) as error:  # a full disk, or a journal that is closed
                LOG.error("not in the journal: %s", error)
        self.held_with = said
        if self._begun.is_set() and self.report is not None:
            self._told(self.report)

    def end(self) -> None:
        """A person has looked: nothing is known of a stop any more."""
        self.reason = self.held_with = ""
        self.report = None
        self._begun.clear()

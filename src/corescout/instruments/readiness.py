"""Feedback, drive and spectra as an instrument tells them, held against the limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from corescout.instruments.limits import Limits
from corescout.instruments.messages import Message
from corescout.instruments.protocol import (
    Contact,
    Instrument,
    InstrumentError,
    SpectrumSettings,
    TellsContact,
    TellsSpectrum,
)
from corescout.instruments.visit_plan import is_number

_TOUCHING = frozenset({"move", "spectrum", "zoom"})  # what a tip must be in contact for


@dataclass(frozen=True)
class Readiness:
    """What was read; None is what the instrument does not tell, or what is not needed.

    Attributes
    ----------
    contact : Contact or None
    spectrum : SpectrumSettings or None
    unknown : str or None
        Why it could not be read.
    """

    contact: Contact | None = None
    spectrum: SpectrumSettings | None = None
    unknown: str | None = None

    @property
    def ac_peak_v(self) -> float:
        """Of the drive at the tip; 0 where it is not told of: the limits may state it."""
        return 0.0 if self.contact is None else self.contact.ac_peak_v or 0.0

    @property
    def timed(self) -> bool:
        """Whether a spectrum must be timed, as nobody says how long it takes."""
        return self.spectrum is not None and self.spectrum.seconds is None

    @property
    def said(self) -> tuple[str, ...]:
        """Return what a person should know before approving."""
        contact = () if self.contact is None else (str(self.contact),)
        return (*contact, *(() if self.spectrum is None else self.spectrum.said))

    def errors(self, limits: Limits) -> list[str]:
        """Say why no target may be visited as things are."""
        found = [] if self.unknown is None else [self.unknown]
        if self.contact is not None and (wrong := limits.contact_problem(self.contact)):
            found.append(wrong)
        settings = self.spectrum
        if settings is not None:
            found += _above("a spectrum takes", settings.seconds, limits.longest_spectrum_s, "s")
            found += _above("a spectrum has", settings.n_points, limits.most_points, "points")
        return found


def read_readiness(instrument: Instrument, messages: Sequence[Message]) -> Readiness:
    """Read what messages need to be known of an instrument; marks alone need nothing."""
    kinds = {message.kind for message in messages}
    contact = spectrum = None
    try:
        if kinds & _TOUCHING and isinstance(instrument, TellsContact):
            contact = instrument.contact()
        if "spectrum" in kinds and isinstance(instrument, TellsSpectrum):
            spectrum = instrument.spectrum_settings()
    except InstrumentError as error:
        return Readiness(contact, spectrum, str(error))
    return Readiness(contact, spectrum)


def setpoint_of(instrument: Instrument) -> float | None:
    """Return the feedback's set-point, None where it is not told."""
    setpoint = instrument.status().setpoint
    if setpoint is None and isinstance(instrument, TellsContact):
        return instrument.contact().setpoint
    return setpoint


def _above(what: str, value: float | None, bound: float, unit: str) -> list[str]:
    if value is None or (is_number(value) and value <= bound * (1 + 1e-6)):
        return []
    return [f"{what} {value:.4g} {unit} as set at the instrument, at most {bound:g} {unit}"]

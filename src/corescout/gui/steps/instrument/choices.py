"""Which instruments can be chosen: the twin, the profiles of this computer, a folder. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from corescout.data import InputError
from corescout.instruments import Instrument, Limits

TWIN, FOLDER = "digital twin", "folder ..."
Opened = tuple[Instrument, Limits | None]


@dataclass(frozen=True)
class InstrumentChoice:
    """An instrument that may be connected.

    Attributes
    ----------
    name : str
        As shown in the list.
    open : callable
        Returns the instrument, not connected, and its limits; may take seconds, and raise
        InputError.
    fresh : bool
        Whether nothing of an earlier session counts: a twin is a new sample each time.
    """

    name: str
    open: Callable[[], Opened]
    fresh: bool = False

    def day_name(self, now: datetime | None = None) -> str:
        """Return the name of the folder of this day: one journal for each instrument and day."""
        now = now or datetime.now()
        stamp = now.strftime("%Y-%m-%d-%H%M%S" if self.fresh else "%Y-%m-%d")
        safe = "".join(c if c.isalnum() or c in "-_" else "-" for c in self.name)
        return f"{stamp}-{safe}"


def instrument_choices() -> tuple[InstrumentChoice, ...]:
    """Return what can be chosen now: the twin first, then the profiles, then a folder.

    Profiles that cannot be read are left out; `profile_problem` says why.
    """
    from corescout.instruments.profiles import open_instrument, profile_names

    try:
        names = profile_names()
    except InputError:
        names = ()
    profiles = [InstrumentChoice(name, partial(open_instrument, name)) for name in names]
    return (InstrumentChoice(TWIN, open_twin, fresh=True), *profiles)


def profile_problem() -> str | None:
    """Say why the file of profiles cannot be read; None if it can be, or there is none."""
    from corescout.instruments.profiles import profile_names

    try:
        profile_names()
    except InputError as error:
        return str(error)
    return None


def folder_choice(folder: Path) -> InstrumentChoice:
    """Return a folder of scans: plans are put into its folder `corescout`, nothing is armed.

    Limits stand in a profile of the kind "folder": without one this only watches.
    """

    def open_folder() -> Opened:
        from corescout.instruments.folder import FolderInstrument

        return FolderInstrument(folder, folder / "corescout"), None

    return InstrumentChoice(f"folder {folder.name}", open_folder)


def open_twin(speed: float = 60.0) -> Opened:
    """Return the twin of the sample surface, and limits that hold its tip on it."""
    from corescout.instruments.twin import DigitalTwin
    from corescout.instruments.twin_demo import limits_of
    from corescout.surfaces import generate_surface

    twin = DigitalTwin(generate_surface(seed=0), speed=speed)
    limits = limits_of(twin)
    return twin, replace(limits, most_targets=200)

"""The door for curves measured at a point: Nanonis `.dat`, Asylum force `.ibw`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from corescout.data import InputError, Measurement
from corescout.readers import asylum_force, nanonis_dat
from corescout.readers.damage import damaged_as_input_error

_READERS: dict[str, Callable[[Path], Measurement]] = {
    ".dat": nanonis_dat.read,
    ".ibw": asylum_force.read,
}
SPECTRUM_SUFFIXES = frozenset(_READERS)


def read_measurement(path: str | Path) -> Measurement:
    """Read the spectra that were taken at one point.

    Returns
    -------
    Measurement
        Not tied to a target yet; `xy_m` is where the file says that it was taken.

    Raises
    ------
    InputError
        If the file is absent, of another kind, cut short or damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("a spectroscopy file", f"no file {path}", "check the path")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f"spectroscopy in {' or '.join(_READERS)}", path.name, "export it to one of these"
        )
    with damaged_as_input_error(path):
        return reader(path)

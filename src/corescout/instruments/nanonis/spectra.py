"""Spectra of a Nanonis controller: from the reply to a command, or from its `.dat` files."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from corescout.data import InputError, Measurement
from corescout.instruments.folder.arrivals import Signature, signature_of
from corescout.instruments.folder.tying import ArrivedFile
from corescout.instruments.nanonis.images import name_and_unit
from corescout.instruments.protocol import InstrumentError
from corescout.readers import read_measurement

BASE_NAME = "corescout"
FILE_S = 10.0  # for a file to appear after its spectrum
_LOOK_S = 0.2  # between two looks at a file
ELSEWHERE_M = 50e-9  # beyond it a tip is not where it was


def from_reply(answers: list[Any], target_uid: str | None, source: str) -> Measurement:
    """Make a measurement of what `BiasSpectr.Start` returned.

    Raises
    ------
    InstrumentError
        If it returned no curves.
    """
    names, values, _ = answers
    if len(names) < 2 or len(values) != len(names):
        raise InstrumentError("BiasSpectr.Start returned no curves: is saving of data on?")
    axis_name, axis_unit = name_and_unit(names[0])
    channels, units = {}, {}
    for label, curve in zip(names[1:], values[1:], strict=True):
        name, unit = name_and_unit(label)
        channels[name], units[name] = curve.astype(np.float64), unit
    return _with_response(
        Measurement(
            target_uid=target_uid,
            axis=values[0].astype(np.float64),
            axis_name=axis_name,
            axis_unit=axis_unit,
            channels=channels,
            units=units,
            acquired_at=datetime.now(UTC),
            source=source,
        )
    )


class DatFolder:
    """The folder that the controller saves its session to, as this machine sees it."""

    def __init__(self, folder: Path, base_name: str = BASE_NAME) -> None:
        self.folder, self._base_name = folder, base_name
        self._settled: dict[Path, Signature] = {}

    def check(self) -> None:
        """Raise InstrumentError if the folder is not there."""
        if not self.folder.is_dir():
            raise InstrumentError(
                f"no folder {self.folder}: mount the session folder, or correct it"
            )

    def seen(self) -> dict[Path, Signature]:
        """Spectra that are there, by name."""
        paths = self.folder.glob(f"{self._base_name}*.dat")
        return {p: s for p in paths if (s := signature_of(p)) is not None}

    def new_since(self, before: dict[Path, Signature]) -> Iterator[ArrivedFile]:
        """Yield the spectra that have come since, as far as they are complete.

        A file that is cut after a line parses: it must not change between two looks.
        """
        new = {p: s for p, s in self.seen().items() if before.get(p) != s}
        if any(self._settled.get(p) != s for p, s in new.items()):
            time.sleep(_LOOK_S)
            again = self.seen()
            new = {p: s for p, s in new.items() if again.get(p) == s}
            self._settled |= new
        for path, signature in new.items():
            try:
                measurement = read_measurement(path)
            except InputError:
                continue  # still being written
            yield ArrivedFile(path, _with_response(measurement), signature[1])

    def next_one(
        self,
        before: dict[Path, Signature],
        at_m: tuple[float, float] | None,
        stopped: Callable[[], bool],
        seconds: float = FILE_S,
    ) -> Measurement:
        """Wait for the one new spectrum, which must lie where the tip is.

        Raises
        ------
        InstrumentError
            If none comes in time, several come, or it lies elsewhere.
        """
        end_s = time.monotonic() + seconds
        found: list[ArrivedFile] = []
        while not found and time.monotonic() < end_s and not stopped():
            time.sleep(_LOOK_S / 4)
            found = list(self.new_since(before))
        if len(found) != 1:
            names = ", ".join(sorted(a.path.name for a in found)) or "none"
            raise InstrumentError(f"expected one new spectrum in {self.folder}, found {names}")
        place = found[0].measurement.xy_m
        if place is not None and at_m is not None and math.dist(place, at_m) > ELSEWHERE_M:
            off_nm = math.dist(place, at_m) * 1e9
            raise InstrumentError(f"{found[0].path.name} was taken {off_nm:.0f} nm from the tip")
        return found[0].measurement


def _with_response(curve: Measurement) -> Measurement:
    """A single channel is the response, whatever it is called."""
    if len(curve.channels) != 1:
        return curve
    ((name, values),) = curve.channels.items()
    return replace(
        curve, channels={"response": values}, units={"response": curve.units.get(name, "")}
    )

"""Recorded data behind the instrument protocol: scans that were taken, spectra of a grid of points.

A move goes where it is told; a spectrum is the recorded one nearest to the tip, and none where the
grid is farther away than its pitch. Nothing is made up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from corescout.data import Measurement, Scan, SpectrumGrid, StoppedError
from corescout.instruments.messages import Message, MessageKind, in_words
from corescout.instruments.protocol import (
    Capabilities,
    Description,
    InstrumentError,
    Status,
    StopReport,
    Told,
)


class RecordedInstrument:
    """An instrument that replays what was recorded.

    Parameters
    ----------
    recorded : sequence of Scan
        In the order in which they were taken: a survey and its zooms.
    spectra : SpectrumGrid or None
    """

    def __init__(self, recorded: Sequence[Scan], spectra: SpectrumGrid | None = None) -> None:
        self._recorded, self._spectra = tuple(recorded), spectra
        self._at_m: tuple[float, float] = (0.0, 0.0)
        self._bias_v = 0.0
        self._connected = self._stopped = False
        self.log: list[Message] = []

    @property
    def capabilities(self) -> Capabilities:
        """What was recorded: spectra only where there is a grid of them."""
        known: set[MessageKind] = {"bias", "speed", "move", "mark", "zoom"}
        if self._spectra is not None:
            known.add("spectrum")
        address = f"recorded {id(self):x}"
        return Capabilities(
            "recorded data", address, frozenset(known), can_stop=True, can_read_back=True,
            own_stop=True,
        )  # fmt: skip

    def connect(self) -> None:
        """Connect."""
        self._connected = True

    def release(self) -> None:
        """End a stop."""
        self._check()
        self._stopped = False

    def close(self) -> None:
        """Disconnect."""
        self._connected = False

    def status(self) -> Status:
        """Where the last move went."""
        self._check()
        return Status(self._at_m, self._bias_v, busy=False)

    def scans(self) -> Iterator[Scan]:
        """Yield the recorded scans in order."""
        self._check()
        yield from self._recorded

    def describe(self) -> Description:
        """Frame and channels of the last recorded scan."""
        self._check()
        said = (f"{len(self._recorded)} recorded scans",)
        if not self._recorded:
            return Description(None, {}, said)
        return Description(self._recorded[-1].frame, dict(self._recorded[-1].units), said)

    def preview(self, messages: Sequence[Message]) -> tuple[str, ...]:
        """Say them in words."""
        return tuple(map(in_words, messages))

    def send(self, message: Message) -> Measurement | Scan | None:
        """Carry out a message; a spectrum or a zoom is what was recorded there.

        Raises
        ------
        StoppedError
            After a stop.
        InstrumentError
            Where nothing was recorded.
        """
        self._check()
        if self._stopped:
            raise StoppedError("the replay was stopped")
        self.log.append(message)
        v = message.values
        if message.kind == "bias":
            self._bias_v = v["bias_v"]
        elif message.kind == "move":
            self._at_m = (v["x_m"], v["y_m"])
        elif message.kind == "spectrum":
            return self._spectrum(message)
        elif message.kind == "zoom":
            return self._zoom(message)
        return None

    def finish(self) -> None:
        """Messages were carried out one by one."""

    def stop(self, reason: str, emergency: str, told: Told | None = None) -> StopReport:
        """Carry out nothing more."""
        self._stopped = True
        if emergency == "halt_and_zero_bias":
            self._bias_v = 0.0
        return StopReport("confirmed", detail="nothing moves in recorded data")

    def _check(self) -> None:
        if not self._connected:
            raise InstrumentError("the recorded instrument is not connected: connect first")

    def _spectrum(self, message: Message) -> Measurement:
        grid = self._spectra
        place = None if grid is None else grid.nearest(self._at_m)
        if grid is None or place is None:
            x, y = self._at_m
            raise InstrumentError(f"no spectrum was recorded at X {x:.3g} m, Y {y:.3g} m")
        x, y = grid.frame.to_m(place)
        return Measurement(
            target_uid=message.target_uid,
            axis=grid.axis,
            axis_name=grid.axis_name,
            axis_unit=grid.axis_unit,
            channels={"response": np.array(grid.response[place])},
            units={"response": grid.unit},
            xy_m=(float(x), float(y)),
            source=grid.source,
            metadata={"grid_yx": list(place)},
        )

    def _zoom(self, message: Message) -> Scan:
        """The recorded scan that fits the frame best, if it covers its centre."""
        place = (message.values["x_m"], message.values["y_m"])
        fits = [
            (abs(math.log(max(s.frame.size_m) / message.values["size_m"])), number, s)
            for number, s in enumerate(self._recorded)
            if s.frame is not None and bool(s.frame.contains_m(place))
        ]
        if not fits:
            raise InstrumentError(f"no scan was recorded around X {place[0]:.3g} m")
        self._at_m = place
        return min(fits)[2]

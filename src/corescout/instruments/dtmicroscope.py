"""pycroscopy's DTMicroscope (AFM server) over Pyro5: recorded data behind a network address.

The server keeps one microscope per connection, so one proxy is used for all. It clamps a move that
leaves its data without a word: the position is read back, and a clamped move is an error. Only the
serpent serialiser is used: nothing that comes is ever unpickled. Axes in metres; images are [x, y]
with y growing, as in the NSID files that they come from. What is behind it decides what it can do:
a data set without spectra measures none, one without images scans none.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corescout.data import Measurement, Scan, ScanFrame, StoppedError
from corescout.instruments.messages import Message, MessageKind
from corescout.instruments.protocol import (
    Capabilities,
    Description,
    InstrumentError,
    Status,
    StopReport,
    Told,
)
from corescout.readers.channels import clean_label, direction_of, free_name
from corescout.readers.roles import role_of

ADDRESS = "PYRO:microscope.server@127.0.0.1:9092"
TIMEOUT_S = 60.0  # an image comes as text
_CLAMPED_M = 1e-12
_RELEASE_S = 0.2  # that a call under way is waited for before its connection is cut
_ACTIONS: frozenset[MessageKind] = frozenset({"bias", "speed", "move", "spectrum"})
_NOTES = ("spectra are recorded ones: bias, speed and their settings are not sent",)
_NO_SPECTRA = "the data set behind the server has no spectra: targets can be visited, not measured"
_SPECTRAL_IMAGE = (
    "its spectra come from a spectral image, in which this server may exchange X and Y of a place"
)


@dataclass(frozen=True)
class _DataSet:
    """What a server says of its data: a channel's name, signal and unit; which are of what kind."""

    names: tuple[str, ...]
    units: tuple[str, ...]
    scans: tuple[int, ...]
    spectra: tuple[int, ...]
    point_clouds: tuple[int, ...]


@dataclass(eq=False)
class _Link:
    """A proxy, and the lock of the call that is under way on it."""

    proxy: Any
    lock: threading.Lock = field(default_factory=threading.Lock)

    def close(self) -> None:
        """Release the connection; one whose server does not answer is cut."""
        if self.lock.acquire(timeout=_RELEASE_S):
            try:
                with suppress(Exception):
                    self.proxy._pyroClaimOwnership()
                    self.proxy._pyroRelease()
            finally:
                self.lock.release()
            return
        with suppress(Exception):
            self.proxy._pyroConnection.close()  # who waits for an answer gets an error now


class DTMicroscopeInstrument:
    """A client of its AFM server.

    Parameters
    ----------
    address : str
        Pyro address.
    data_path : str, optional
        A data set on the server's machine to open; without it the server must have one open for
        this connection.
    timeout_s : float
        Of one call.
    """

    def __init__(
        self, address: str = ADDRESS, data_path: str | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._address, self._data_path, self._timeout_s = address, data_path, timeout_s
        self._stopped = threading.Event()
        self._link: _Link | None = None
        self._data: _DataSet | None = None
        self._bias_v = 0.0
        self.log: list[Message] = []

    @property
    def capabilities(self) -> Capabilities:
        """Moves, and recorded spectra where the data set has some; the position is read back."""
        data, actions = self._data, _ACTIONS
        notes: tuple[str, ...] = _NOTES
        if data is not None and not data.spectra and not data.point_clouds:
            actions, notes = _ACTIONS - {"spectrum"}, (_NO_SPECTRA,)
        elif data is not None and not data.point_clouds:
            notes = (*_NOTES, _SPECTRAL_IMAGE)
        return Capabilities(
            "DTMicroscope", f"dtmicroscope {self._address}", actions,
            can_stop=True, can_read_back=True, notes=notes,
        )  # fmt: skip

    def connect(self) -> None:
        """Open the data set on the server, unless it is open."""
        try:
            import Pyro5.api
            import Pyro5.errors
        except ImportError as error:
            raise InstrumentError("Pyro5 is missing: install napari-corescout[dtmicroscope]") from (
                error
            )
        if self._link is not None and self._answers():
            return
        self.close()
        try:
            proxy = Pyro5.api.Proxy(self._address)
        except Pyro5.errors.PyroError as error:
            raise InstrumentError(f"{self._address!r} is no Pyro address: {error}") from error
        proxy._pyroSerializer = "serpent"
        proxy._pyroTimeout = self._timeout_s
        self._link = _Link(proxy)
        try:
            if self._data_path is not None:
                self._call("initialize_microscope", "AFM", data_path=self._data_path)
                self._call("setup_microscope", data_source=None)
            self._position()
            self._data = self._read_data_set()
        except InstrumentError:
            self.close()
            raise

    def release(self) -> None:
        """End a stop."""
        self._position()
        self._stopped.clear()

    def close(self) -> None:
        """Disconnect; a server that hangs keeps nobody waiting."""
        link, self._link = self._link, None
        if link is not None:
            link.close()

    def status(self) -> Status:
        """Position, as the server says it; the bias is what was said last."""
        return Status(self._position(), self._bias_v, busy=False)

    def describe(self) -> Description:
        """Frame and channels of its data."""
        data, said = self._known(), ("recorded data behind a server",)
        if not data.scans:
            return Description(None, {}, (*said, "no image among its data"))
        scan = self._scan()
        return Description(scan.frame, dict(scan.units), said)

    def scans(self) -> Iterator[Scan]:
        """Yield its scan, once: the data behind it does not change."""
        yield self._scan()

    def preview(self, messages: Sequence[Message]) -> tuple[str, ...]:
        """Return the calls."""
        return tuple(call for m in messages if (call := _call_of(m)))

    def send(self, message: Message) -> Measurement | Scan | None:
        """Carry out a message.

        Raises
        ------
        InstrumentError
            If the server clamps a move, does not answer, or reports an error.
        """
        if self._stopped.is_set():
            raise StoppedError("DTMicroscope was stopped")
        if self._link is None:
            raise _not_connected()
        self.log.append(message)
        if message.kind == "bias":
            self._bias_v = message.values["bias_v"]
        elif message.kind == "move":
            self._move(message.values["x_m"], message.values["y_m"])
        elif message.kind == "spectrum":
            return self._spectrum(message)
        return None

    def finish(self) -> None:
        """Messages were carried out one by one."""

    def stop(self, reason: str, emergency: str, told: Told | None = None) -> StopReport:
        """Send nothing more: a move is over when its call returns."""
        self._stopped.set()
        self._bias_v = 0.0 if emergency == "halt_and_zero_bias" else self._bias_v
        link = self._link
        if (
            link is not None and link.lock.locked()
        ):  # its one proxy is waiting: nothing can be asked beside it
            return StopReport("not confirmed", detail="a call of the server is under way")
        return StopReport("confirmed", detail="no call is under way")

    # -- inner ----------------------------------------------------------------------------

    def _answers(self) -> bool:
        try:
            self._position()
        except InstrumentError:
            return False
        return True

    def _call(self, name: str, *arguments: Any, **named: Any) -> Any:
        return self._remote(name, lambda proxy: getattr(proxy, name)(*arguments, **named))

    def _get(self, *names: str) -> list[float]:
        return [float(self._remote(n, attrgetter(n))) for n in names]

    def _remote(self, name: str, ask: Callable[[Any], Any]) -> Any:
        """Ask the server from any thread."""
        link = self._link
        if link is None:
            raise _not_connected()
        with link.lock:
            if self._link is not link:  # closed while another call was under way
                raise _not_connected()
            link.proxy._pyroClaimOwnership()
            try:
                return ask(link.proxy)
            except Exception as error:  # the server sends errors of any class
                raise InstrumentError(
                    f"{name} at {self._address}: {type(error).__name__}: {error}"
                ) from error

    def _known(self) -> _DataSet:
        if self._data is None:
            raise _not_connected()
        return self._data

    def _position(self) -> tuple[float, float]:
        x, y = self._get("x", "y")
        return x, y

    def _move(self, x_m: float, y_m: float) -> None:
        self._call("go_to", x_m, y_m)
        at_x, at_y = self._position()
        if abs(at_x - x_m) > _CLAMPED_M or abs(at_y - y_m) > _CLAMPED_M:
            raise InstrumentError(
                f"the move to X {x_m:.6g} m, Y {y_m:.6g} m was clamped to X {at_x:.6g} m,"
                f" Y {at_y:.6g} m: it leaves the data behind the server"
            )

    def _spectrum(self, message: Message) -> Measurement:
        axis, values = (_array(part) for part in self._call("get_spectrum"))
        if axis.ndim != 1 or values.shape[-1:] != axis.shape:
            raise InstrumentError(f"a spectrum of shape {values.shape} over {axis.shape}")
        curves = values.reshape(-1, len(axis))
        names = ["response"] if len(curves) == 1 else [f"response {i}" for i in range(len(curves))]
        return Measurement(
            target_uid=message.target_uid,
            axis=axis,
            axis_name="bias",  # the server does not say; its loops run over the bias
            axis_unit="V",
            channels=dict(zip(names, curves, strict=True)),
            xy_m=self._position(),
            acquired_at=datetime.now(UTC),
            source=self.capabilities.address,
        )

    def _read_data_set(self) -> _DataSet:
        said = self._call("get_dataset_info")
        try:
            info = {str(key): list(values) for key, values in said}
            channels, signals = map(str, info["channels"]), map(str, info["signals"])
            names: list[str] = []
            for channel, signal in zip(channels, signals, strict=True):
                names.append(free_name(name_of(channel, signal), names))
            kinds = [tuple(map(int, info[k])) for k in ("scans", "spectra", "point_clouds")]
            return _DataSet(tuple(names), tuple(map(str, info["units"])), *kinds)
        except (KeyError, TypeError, ValueError) as error:
            raise InstrumentError(
                f"get_dataset_info at {self._address}: expected channels, signals, units and their"
                f" kinds, found {repr(said)[:200]}"
            ) from error

    def _scan(self) -> Scan:
        data = self._known()
        if not data.scans:
            raise InstrumentError(
                f"the data set behind {self._address} has no image, only"
                f" {', '.join(data.names) or 'nothing'}: open one that has"
            )
        images = _array(self._call("get_scan"))
        if images.ndim != 3 or len(images) != len(data.scans) or max(data.scans) >= len(data.units):
            raise InstrumentError(f"images of shape {images.shape} for {len(data.scans)} channels")
        names = [data.names[i] for i in data.scans]
        units = {data.names[i]: data.units[i] for i in data.scans}
        low_x, high_x, low_y, high_y = self._get("x_min", "x_max", "y_min", "y_max")
        n_x, n_y = images.shape[1:]
        pitch = ((high_x - low_x) / max(n_x - 1, 1), (high_y - low_y) / max(n_y - 1, 1))
        center = ((low_x + high_x) / 2, (low_y + high_y) / 2)
        frame = ScanFrame((n_y, n_x), pitch, center, assumed=("axes in metres",))
        return Scan(
            uid=f"dtmicroscope-{self._address}", units=units, frame=frame,
            channels={n: upright(image) for n, image in zip(names, images, strict=True)},
            roles={n: role for n in names if (role := role_of(n))},
            directions={n: way for n in names if (way := direction_of(n)) is not None},
            source=self.capabilities.address,
        )  # fmt: skip


def name_of(channel: str, signal: str) -> str:
    """Name of a channel: what it shows stands in `signals`; `channels` may be counted only."""
    signal, counted = clean_label(signal), re.fullmatch(r"[A-Za-z]*_?\d+", channel) is not None
    is_said = signal.lower() not in ("", "generic", "none")
    return signal if is_said and (counted or role_of(signal)) else channel


def upright(image: NDArray[np.float64]) -> NDArray[np.float32]:
    """An image [x, y] with y growing, as one whose row 0 is the +Y edge."""
    return np.flipud(image.T).astype(np.float32)


def _array(said: Any) -> NDArray[np.float64]:
    """Numbers that come as (list, shape, type)."""
    try:
        values, shape, _ = said
        return np.asarray(values, dtype=np.float64).reshape([int(n) for n in shape])
    except (TypeError, ValueError) as error:
        raise InstrumentError(f"the server sent no array: {error}") from error


def _call_of(message: Message) -> str:
    if message.kind == "move":
        return f"go_to({message.values['x_m']:.9g}, {message.values['y_m']:.9g})"
    return "get_spectrum()" if message.kind == "spectrum" else ""


def _not_connected() -> InstrumentError:
    return InstrumentError("DTMicroscope is not connected: connect first")

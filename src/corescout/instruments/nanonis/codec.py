"""The wire of the Nanonis TCP protocol: big-endian, a header of 40 bytes, arguments by command.

After the maker's "TCP Protocol" document (R14718). Request: 32 bytes name, i32 body size, u16 send
response back, 2 unused; response: 32 bytes name, i32 body size, 4 unused, results, then u32 error
status, i32 error size, error text.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

HEADER_BYTES = 40
LARGEST_BODY = 64 * 2**20  # more is not a reply but a mistake


class WireError(ValueError):
    """Bytes that are not what the protocol says."""


class ReportedError(WireError):
    """The other side says that it could not do it."""


class Layout(NamedTuple):
    """Kinds of the arguments and of the results of a command."""

    arguments: tuple[str, ...]
    results: tuple[str, ...]


def _layout(arguments: str, results: str = "") -> Layout:
    return Layout(tuple(arguments.split()), tuple(results.split()))


COMMANDS: dict[str, Layout] = {
    "Util.VersionGet": _layout("", "str str u32 u32"),
    "Util.SessionPathGet": _layout("", "str"),
    "Signals.NamesGet": _layout("", "names"),
    "Piezo.RangeGet": _layout("", "f32 f32 f32"),
    "Scan.FrameGet": _layout("", "f32 f32 f32 f32 f32"),
    "Scan.FrameSet": _layout("f32 f32 f32 f32 f32"),
    "Scan.BufferGet": _layout("", "i32s i32 i32"),
    "Scan.BufferSet": _layout("i32s i32 i32"),
    "Scan.Action": _layout("u16 u32"),
    "Scan.StatusGet": _layout("", "u32"),
    "Scan.WaitEndOfScan": _layout("i32", "u32 str"),
    "Scan.WaitEndOfLine": _layout("i32", "u32 i32 u16 i32"),
    "Scan.FrameDataGrab": _layout("u32 u32", "str image u32"),
    "FolMe.XYPosGet": _layout("u32", "f64 f64"),
    "FolMe.XYPosSet": _layout("f64 f64 u32"),
    "FolMe.SpeedGet": _layout("", "f32 u32"),
    "FolMe.SpeedSet": _layout("f32 u32"),
    "FolMe.Stop": _layout(""),
    "Pattern.CloudSet": _layout("u32 cloud"),
    "Pattern.CloudGet": _layout("", "cloud"),
    "Pattern.PropsSet": _layout("str str str f32 u32"),
    "Pattern.ExpOpen": _layout(""),
    "Pattern.ExpStart": _layout("u16"),
    "Pattern.ExpPause": _layout("u32"),
    "Pattern.ExpStop": _layout(""),
    "Pattern.ExpStatusGet": _layout("", "u32"),
    "Marks.PointsDraw": _layout("marks"),
    "Marks.PointsErase": _layout("i32"),
    "Bias.Get": _layout("", "f32"),
    "Bias.Set": _layout("f32"),
    "BiasSpectr.Open": _layout(""),
    "BiasSpectr.Stop": _layout(""),
    "BiasSpectr.LimitsSet": _layout("f32 f32"),
    "BiasSpectr.StatusGet": _layout("", "u32"),
    "BiasSpectr.Start": _layout("u32 str", "names image f32s"),
    "ZCtrl.Withdraw": _layout("u32 i32"),
    # What is read back before something moves; layouts as the maker's own client has them.
    "Scan.SpeedGet": _layout("", "f32 f32 f32 f32 u16 f32"),
    "Scan.SpeedSet": _layout("f32 f32 f32 f32 u16 f32"),
    "BiasSpectr.LimitsGet": _layout("", "f32 f32"),
    "BiasSpectr.PropsGet": _layout("", "u16 i32 u16 i32 names names names"),
    "BiasSpectr.AdvPropsGet": _layout("", "u16 u16 u16 u16"),
    "BiasSpectr.TimingGet": _layout("", "f32 f32 f32 f32 f32 f32 f32 f32"),
    "ZCtrl.OnOffGet": _layout("", "u32"),
    "ZCtrl.StatusGet": _layout("", "u16"),
    "ZCtrl.ZPosGet": _layout("", "f32"),
    "ZCtrl.LimitsGet": _layout("", "f32 f32"),
    "ZCtrl.SetpntGet": _layout("", "f32"),
    "Signals.ValGet": _layout("i32 u32", "f32"),
    "LockIn.ModOnOffGet": _layout("i32", "u32"),
    "LockIn.ModAmpGet": _layout("i32", "f32"),
}


class Body:
    """Bytes that are read from the front; asking for more than there are is an error."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        if count < 0 or count > self.left:
            raise WireError(f"expected {count} more bytes, found {self.left}")
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self, code: str) -> Any:
        """Return one number of a struct code."""
        return struct.unpack(">" + code, self.take(struct.calcsize(code)))[0]

    def array(self, dtype: str, count: int) -> Any:
        """Return `count` numbers, in the machine's byte order."""
        if count < 0 or count * np.dtype(dtype).itemsize > self.left:
            raise WireError(f"expected {count} numbers, found {self.left} bytes")
        raw = np.frombuffer(self.take(count * np.dtype(dtype).itemsize), dtype)
        return raw.astype(raw.dtype.newbyteorder("="))

    def text(self) -> str:
        """Return a string with its length before it."""
        return text_of(self.take(self.number("i")))


def text_of(raw: bytes) -> str:
    """Text as the controller writes it: UTF-8, or the Windows code page of LabVIEW."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack(">i", len(raw)) + raw


def _numbers(values: Sequence[float], dtype: str) -> bytes:
    array = np.asarray(values, dtype=dtype)
    return struct.pack(">i", array.size) + array.tobytes()


def _names(values: Sequence[str]) -> bytes:
    raw = b"".join(map(_text, values))
    return struct.pack(">ii", len(raw), len(values)) + raw


def _read_names(body: Body) -> list[str]:
    size, count = body.number("i"), body.number("i")
    inner = Body(body.take(size))
    return [inner.text() for _ in range(min(count, size))]


def _cloud(places: Sequence[Sequence[float]]) -> bytes:
    xy = np.asarray(places, dtype=">f4").reshape(-1, 2)
    return struct.pack(">i", len(xy)) + xy[:, 0].tobytes() + xy[:, 1].tobytes()


def _read_cloud(body: Body) -> Any:
    count = body.number("i")
    return np.stack([body.array(">f4", count), body.array(">f4", count)], axis=1)


def _marks(marks: tuple[Any, Sequence[str], Sequence[int]]) -> bytes:
    """Places, texts, colours: the texts have their count before them, the colours none."""
    cloud, texts, colors = marks
    said = struct.pack(">i", len(texts)) + b"".join(map(_text, texts))
    return _cloud(cloud) + said + np.asarray(colors, dtype=">u4").tobytes()


def _read_marks(body: Body) -> tuple[Any, list[str], Any]:
    """As above; nanonis-spm writes a size in bytes before the count, which is borne."""
    cloud = _read_cloud(body)
    rest = body.take(body.left)
    for skipped in (0, 4):
        tail = Body(rest[skipped:])
        try:
            texts = [tail.text() for _ in range(min(tail.number("i"), len(rest)))]
            colors = tail.array(">u4", len(cloud))
        except WireError:
            continue
        if tail.left == 0 and len(texts) == len(cloud):
            return cloud, texts, colors
    raise WireError(f"expected a text and a colour for each of {len(cloud)} marks")


def _image(values: Any) -> bytes:
    image = np.asarray(values, dtype=">f4")
    return struct.pack(">ii", *image.shape) + image.tobytes()


def _read_image(body: Body) -> Any:
    rows, columns = body.number("i"), body.number("i")
    if rows < 0 or columns < 0:
        raise WireError(f"expected rows and columns, found {rows} and {columns}")
    return body.array(">f4", rows * columns).reshape(rows, columns)


def _scalar(code: str) -> tuple[Callable[[Any], bytes], Callable[[Body], Any]]:
    return lambda value: struct.pack(">" + code, value), lambda body: body.number(code)


_KINDS: dict[str, tuple[Callable[[Any], bytes], Callable[[Body], Any]]] = {
    "i32": _scalar("i"),
    "u32": _scalar("I"),
    "u16": _scalar("H"),
    "f32": _scalar("f"),
    "f64": _scalar("d"),
    "str": (_text, Body.text),
    "i32s": (lambda v: _numbers(v, ">i4"), lambda b: b.array(">i4", b.number("i"))),
    "f32s": (lambda v: _numbers(v, ">f4"), lambda b: b.array(">f4", b.number("i"))),
    "marks": (_marks, _read_marks),
    "names": (_names, _read_names),
    "cloud": (_cloud, _read_cloud),
    "image": (_image, _read_image),
}


def encode(kinds: Sequence[str], values: Sequence[Any]) -> bytes:
    """Write values one after the other."""
    if len(kinds) != len(values):
        raise WireError(f"expected {len(kinds)} values, found {len(values)}")
    try:
        return b"".join(_KINDS[k][0](v) for k, v in zip(kinds, values, strict=True))
    except (struct.error, OverflowError) as error:
        raise WireError(str(error)) from error


def decode(kinds: Sequence[str], body: Body) -> list[Any]:
    """Read values one after the other."""
    return [_KINDS[k][1](body) for k in kinds]


def request(name: str, *arguments: Any) -> bytes:
    """Return a whole request that asks for a response."""
    body = encode(COMMANDS[name].arguments, arguments)
    return _name(name) + struct.pack(">iHxx", len(body), 1) + body


def response(name: str, *results: Any, error: str = "") -> bytes:
    """Return a whole response."""
    body = b"" if error else encode(COMMANDS[name].results, results)
    return raw_response(name, body, error)


def raw_response(name: str, body: bytes, error: str = "") -> bytes:
    """Return a response to any name, with the error part at its end."""
    raw = error.encode()
    body = body + struct.pack(">Ii", 1 if error else 0, len(raw)) + raw
    return _name(name) + struct.pack(">ixxxx", len(body)) + body


def header(data: bytes) -> tuple[str, int]:
    """Return name and body size of a header of 40 bytes."""
    if len(data) != HEADER_BYTES:
        raise WireError(f"expected a header of {HEADER_BYTES} bytes, found {len(data)}")
    (size,) = struct.unpack(">i", data[32:36])
    if not 0 <= size <= LARGEST_BODY:
        raise WireError(f"expected a body of at most {LARGEST_BODY:,} bytes, found {size:,}")
    return data[:32].rstrip(b"\0").decode("latin-1"), size


def results(name: str, data: bytes) -> list[Any]:
    """Read the body of a response.

    Raises
    ------
    WireError
        If it is cut short, or reports an error.
    """
    body = Body(data)
    try:
        found = decode(COMMANDS[name].results, body)
        status, text = body.number("I"), body.text()
    except WireError:
        if not _is_error_alone(data):
            raise
        status, text = 1, text_of(data[8:])
    if status:
        raise ReportedError(f"{name}: {text or 'an error without a text'}")
    return found


def _is_error_alone(data: bytes) -> bool:
    """Whether the body is an error without results: status 1, a length, and that many bytes."""
    if len(data) < 8:
        return False
    status, size = struct.unpack(">Ii", data[:8])
    return bool(status == 1 and size == len(data) - 8)


def _name(name: str) -> bytes:
    return name.encode("latin-1", "replace")[:32].ljust(32, b"\0")

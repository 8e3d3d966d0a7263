"""Images of a Nanonis controller: read upright, by the names that come with them.

Two things the maker's document does not say stand here and nowhere else: the order of the rows of
an up-scan (`upright`), and what stands in lines that are not scanned yet (taken as old: `masked`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from corescout.data import Scan, ScanFrame
from corescout.instruments.nanonis.client import Connection
from corescout.instruments.protocol import InstrumentError
from corescout.readers.channels import free_name

FORWARD = 1
PATIENCE_S = 90.0  # an answer may take a minute while a scan runs
_ROLES = (("amplitude", "amp"), ("phase", "phase"), ("topography", "topo|^z\\b|height"))

Image = np.ndarray[Any, Any]
Rows = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Signals:
    """Names of the 128 signals, and whose they are."""

    labels: Sequence[str]
    source: str

    def unit_of(self, name: str) -> str:
        """Unit of a signal by its name, "" where none or more than one is said."""
        units = {unit for label in self.labels for n, unit in (name_and_unit(label),) if n == name}
        return units.pop() if len(units) == 1 else ""


@dataclass(frozen=True, eq=False)
class Images:
    """All channels of the buffer, as they were read one after the other.

    Attributes
    ----------
    values : mapping of str to (H, W) float32
        Upright.
    units : mapping of str to str
    up : bool
        Whether the scan goes up.
    changed : (H,) bool
        Rows that were written to while they were read: they are not of one moment.
    read_twice : str
        The channel that tells so.
    """

    values: Mapping[str, Image]
    units: Mapping[str, str]
    up: bool
    changed: Rows
    read_twice: str = ""

    @property
    def shape_px(self) -> tuple[int, int]:
        """(H, W)."""
        rows, columns = next(iter(self.values.values())).shape
        return int(rows), int(columns)

    def in_order(self, rows: Rows) -> Rows:
        """Rows of the image in the order in which they are scanned, and the other way round."""
        return rows[::-1] if self.up else rows

    def comparable(self, other: Images | None) -> bool:
        """Whether the other has the same channels and shape."""
        return (
            other is not None
            and other.shape_px == self.shape_px
            and set(other.values) == set(self.values)
        )

    def written_twice(self, before: Images | None) -> bool:
        """Whether a row, new since `before`, was written to once more while it was read."""
        if not self.read_twice or before is None or not self.comparable(before):
            return False
        name = self.read_twice
        one = Images({name: self.values[name]}, {}, self.up, self.changed)
        other = Images({name: before.values[name]}, {}, before.up, before.changed)
        return bool((one.differs(other) & self.changed).any())

    def known(self) -> Rows:
        """(H,): rows in which some channel has a value."""
        rows: Rows = np.any([np.isfinite(v).any(axis=1) for v in self.values.values()], axis=0)
        return rows

    def differs(self, other: Images | None) -> Rows:
        """(H,): rows in which a channel differs from `other`; all where it is not comparable.

        Rows are compared as they stand in the buffer. Where the two go in other directions a row
        counts as the same also if it stands at the other end: the document does not say whether
        what was there before keeps its place when the direction changes.
        """
        if other is None or not self.comparable(other):
            return np.ones(self.shape_px[0], bool)
        rows = self._differs(other, slice(None))
        if self.up != other.up:
            rows = rows & self._differs(other, slice(None, None, -1))
        return self.in_order(rows)

    def same_buffer(self, other: Images, rows: Rows) -> bool:
        """Whether rows (of the image of `other`) stand in both buffers at the same place."""
        if not self.comparable(other):
            return False
        return not (self._differs(other, slice(None)) & other.in_order(rows)).any()

    def facing(self, *, up: bool) -> Images:
        """The same buffer as that of a scan that goes up, or down."""
        if up == self.up:
            return self
        values = {name: np.flipud(image) for name, image in self.values.items()}
        return Images(values, self.units, up, self.changed[::-1], self.read_twice)

    def _differs(self, other: Images, order: slice) -> Rows:
        """(H,), as they stand in the buffer."""
        pairs = (
            (upright(v, up=self.up), upright(other.values[name], up=other.up)[order])
            for name, v in self.values.items()
        )
        rows: Rows = np.any([_differ(mine, theirs) for mine, theirs in pairs], axis=0)
        return rows

    def scan(self, uid: str, frame: ScanFrame | None, source: str, revision: int = 0) -> Scan:
        """Make a scan of them."""
        roles = {n: r for n in self.values for r, p in reversed(_ROLES) if re.search(p, n, re.I)}
        return Scan(
            uid=uid, channels=self.values, units=self.units, roles=roles, frame=frame,
            revision=revision, acquired_at=datetime.now(UTC), source=source,
        )  # fmt: skip


def read_images(connection: Connection, signals: Signals) -> Images:
    """Read every channel of the buffer; the first that varies is read once more at the end.

    A channel is called what its own answer says: on some software the index counts the signals of
    the Signals Manager, on some all 128.

    Raises
    ------
    InstrumentError
        If none is acquired, there is no image yet, or the connection is lost.
    """
    indexes, _, _ = _call(connection, "Scan.BufferGet")
    if len(indexes) == 0:
        raise InstrumentError("no channel is acquired: choose some in the scan buffer")
    values: dict[str, Image] = {}
    units, of_name, ups = {}, {}, set()
    for index in indexes:
        label, image, up = _call(connection, "Scan.FrameDataGrab", int(index), FORWARD)
        said, unit = name_and_unit(label.strip() or f"channel {index}")
        name = free_name(said, values)
        values[name], units[name], of_name[name] = image, unit or signals.unit_of(said), int(index)
        ups.add(bool(up))
    if min(min(v.shape) for v in values.values()) == 0:
        raise InstrumentError("the images are empty: there is no scan yet")
    if len({v.shape for v in values.values()}) > 1 or len(ups) > 1:  # another scan began
        last = next(reversed(values.values()))
        values = {n: v for n, v in values.items() if v.shape == last.shape}
        up = ups.pop() if len(ups) == 1 else True
        return _upright(values, units, up=up, changed=np.ones(len(last), bool), read_twice="")
    again = next((n for n, v in values.items() if _varies(v)), next(iter(values)))
    _, image, up = _call(connection, "Scan.FrameDataGrab", of_name[again], FORWARD)
    changed = np.ones(len(values[again]), bool)
    if image.shape == values[again].shape and bool(up) in ups:
        changed = _differ(image, values[again])
    return _upright(values, units, up=ups.pop(), changed=changed, read_twice=again)


def acquired(connection: Connection, signals: Signals) -> dict[str, str]:
    """Names and units of the channels of the buffer, by the answers to each."""
    try:
        images = read_images(connection, signals)
    except InstrumentError:
        if not connection.alive:
            raise
        indexes, _, _ = _call(connection, "Scan.BufferGet")
        return {f"channel {index}, named with its first scan": "" for index in indexes}
    return {name: images.units[name] for name in images.values}


def frame_of(connection: Connection, shape_px: tuple[int, ...]) -> ScanFrame:
    """Read where the scan frame lies now."""
    return frame_from(_call(connection, "Scan.FrameGet"), shape_px)


def frame_from(said: Sequence[float], shape_px: tuple[int, ...]) -> ScanFrame:
    """Make a frame of what `Scan.FrameGet` says; its angle is clockwise positive."""
    x, y, width, height, angle = said
    rows, columns = shape_px
    return ScanFrame(
        (rows, columns),
        (float(width) / columns, float(height) / rows),
        (float(x), float(y)),
        math.radians(float(angle)),
        assumed=("the pitch is size / pixels", "the rows of an up-scan come bottom first"),
    )


def grab(
    connection: Connection, signals: Signals, uid: str, revision: int = 0
) -> tuple[Scan, bool]:
    """Read every channel of the buffer in the frame of now; returns the scan, and whether up."""
    images = read_images(connection, signals)
    frame = frame_of(connection, images.shape_px)
    return images.scan(uid, frame, signals.source, revision), images.up


def new_uid() -> str:
    """Identity of an acquisition that begins now."""
    return f"nanonis-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"


def upright(rows: Image, *, up: bool) -> Image:
    """Rows of `FrameDataGrab` as an image whose row 0 is the +Y edge.

    The document does not say the order of an up-scan. Taken here, as in the maker's `.sxm` files:
    rows come in the order of their scanning, so an up-scan comes bottom row first.
    """
    return np.flipud(rows) if up else rows


def name_and_unit(label: str) -> tuple[str, str]:
    """Split "Amplitude (m)"; no unit where none is said."""
    match = re.fullmatch(r"(.*?)\s*\(([^()]*)\)", label)
    return (match[1], match[2]) if match and match[1] else (label, "")


def masked(scan: Scan, done: int, *, up: bool) -> Scan:
    """A partial scan: lines that are not scanned yet may hold those of the scan before."""
    channels = {}
    for name, values in scan.channels.items():
        image = np.array(values)
        image[slice(None, len(image) - done) if up else slice(done, None)] = np.nan
        channels[name] = image
    return replace(scan, channels=channels, rows_done=done)


# -- inner ----------------------------------------------------------------------------------


def _call(connection: Connection, name: str, *arguments: Any) -> list[Any]:
    return connection.call(name, *arguments, timeout_s=PATIENCE_S)


def _upright(
    values: Mapping[str, Image],
    units: Mapping[str, str],
    *,
    up: bool,
    changed: Rows,
    read_twice: str,
) -> Images:
    turned = {name: upright(image, up=up) for name, image in values.items()}
    return Images(turned, units, up, upright(changed, up=up), read_twice)


def _differ(a: Image, b: Image) -> Rows:
    """(H,): rows that are not the same bit for bit, NaN being itself."""
    same: Rows = ((a == b) | (np.isnan(a) & np.isnan(b))).all(axis=1)
    return ~same


def _varies(image: Image) -> bool:
    finite = image[np.isfinite(image)]
    return bool(finite.size) and bool(finite.min() < finite.max())

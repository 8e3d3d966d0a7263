"""One acquisition: its image channels, their units, and where it lies on the sample."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import readonly
from corescout.data.errors import InputError
from corescout.data.frame import ScanFrame
from corescout.data.short_repr import short_repr


@dataclass(frozen=True, eq=False)
class Scan:
    """An image scan. Row 0 is the +Y edge, column 0 the -X edge of its frame.

    Attributes
    ----------
    uid : str
        Identity of the acquisition, stable while its rows arrive.
    channels : mapping of str to (H, W) float32
        Read-only, in the order of the file. Missing pixels are NaN.
    units : mapping of str to str
        SI unit of each channel ("m", "deg", "V", "" where unknown).
    frame : ScanFrame or None
        None where the file has no scale: metre columns stay empty and instruments refuse.
    roles : mapping of str to str
        What a channel is where the vendor says so: "amplitude", "phase", "topography",
        "frequency", "deflection", ... with suffixes as in "amplitude lateral".
    directions : mapping of str to str
        "trace" or "retrace" where known.
    acquired_at : datetime or None
    rows_done : int or None
        Rows that hold data in a partial scan; None means all of them.
    revision : int
        Counts the states of one acquisition as rows arrive or its file is rewritten.
    source : str
        File or instrument that it came from.
    metadata : mapping
        The vendor's own, as plain values.
    warnings : tuple of str
        What a user should know about how it was read.
    file_sha256 : str or None
        Of the file's bytes when it was read, as ``sha256sum`` says it; None without a file.
    """

    uid: str
    channels: Mapping[str, NDArray[np.float32]]
    units: Mapping[str, str] = field(default_factory=dict)
    frame: ScanFrame | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    directions: Mapping[str, str] = field(default_factory=dict)
    acquired_at: datetime | None = None
    rows_done: int | None = None
    revision: int = 0
    source: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    file_sha256: str | None = None

    __repr__ = short_repr

    def __post_init__(self) -> None:
        if not self.channels:
            raise ValueError("Scan.channels: expected at least one channel, found none")
        shape = np.shape(next(iter(self.channels.values())))
        if len(shape) != 2:
            raise ValueError(f"Scan.channels: expected (H, W) images, found shape {shape}")
        frozen = {
            name: readonly(f"Scan.channels[{name!r}]", values, shape, np.float32)
            for name, values in self.channels.items()
        }
        if self.frame is not None and self.frame.shape_px != shape:
            raise ValueError(f"Scan.frame: expected shape {shape}, found {self.frame.shape_px}")
        object.__setattr__(self, "channels", frozen)
        object.__setattr__(self, "units", {name: self.units.get(name, "") for name in frozen})
        for name in ("roles", "directions"):
            kept = {k: v for k, v in getattr(self, name).items() if k in frozen}
            object.__setattr__(self, name, kept)
        object.__setattr__(self, "metadata", dict(self.metadata))

    @property
    def shape_px(self) -> tuple[int, int]:
        """(H, W)."""
        height, width = next(iter(self.channels.values())).shape
        return int(height), int(width)

    @property
    def default_channel(self) -> str:
        """The first PFM amplitude of the file; without one, the first channel."""
        amplitudes = [n for n in self.channels if self.roles.get(n, "").startswith("amplitude")]
        return amplitudes[0] if amplitudes else next(iter(self.channels))

    def channel(self, name: str | None = None) -> NDArray[np.float32]:
        """Return a channel (H, W), the default one without a name.

        Raises
        ------
        InputError
            If there is no channel of that name.
        """
        name = self.default_channel if name is None else name
        if name not in self.channels:
            raise InputError(
                f"one of the channels {', '.join(map(repr, self.channels))}",
                f"{name!r}",
                "choose one of these with --channel",
            )
        return self.channels[name]

    @cached_property
    def content_sha256(self) -> str:
        """SHA-256 over channel names, units and values, computed once on demand."""
        digest = hashlib.sha256()
        for name, values in self.channels.items():
            digest.update(f"{name}\0{self.units[name]}\0{values.shape}".encode())
            digest.update(np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()

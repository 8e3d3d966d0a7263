"""The image that is analysed."""

from __future__ import annotations

from dataclasses import dataclass

from corescout.data import Result, Scan


@dataclass(frozen=True, eq=False)
class ChosenImage:
    """The image that is analysed; two are equal if they are of the very same scan.

    Attributes
    ----------
    name : str
        As the viewer lists it.
    channel : str
        Of the scan.
    scan : Scan
    result : Result or None
        That came with it: it was read from a run folder, or a watch has understood it.
    """

    name: str
    channel: str
    scan: Scan
    result: Result | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ChosenImage):
            return NotImplemented
        same = self.scan is other.scan and self.result is other.result
        return same and (self.name, self.channel) == (other.name, other.channel)

    __hash__ = None  # type: ignore[assignment]

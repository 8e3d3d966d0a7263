"""Further scans that an exploration was begun with: where they are, and by what they are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from corescout.data import InputError, Scan
from corescout.data.check import OF_SCANS, Way


@dataclass(frozen=True)
class KeptFurther:
    """One further scan, as the record of a run names it.

    Attributes
    ----------
    source : str
        File that it was read from; "" for one from nowhere.
    content_sha256 : str
        Of its values.
    way : str or None
        What it is to the first, as a person said; None: as the files say.
    """

    source: str
    content_sha256: str
    way: Way | None = None

    @classmethod
    def of(cls, scan: Scan, way: Way | None) -> KeptFurther:
        """Name a scan."""
        source = str(Path(scan.source).absolute()) if scan.source else ""
        return cls(source, scan.content_sha256, way)

    @classmethod
    def from_table(cls, values: Mapping[str, Any]) -> KeptFurther:
        """Return what `table` made JSON of."""
        way = values.get("way")
        known = cast("Way", way) if way in OF_SCANS else None
        return cls(str(values["source"]), str(values["content_sha256"]), known)

    @property
    def table(self) -> dict[str, object]:
        """As JSON values."""
        return asdict(self)

    def file(self) -> Path:
        """Return its file.

        Raises
        ------
        InputError
            If it is not there any more.
        """
        if self.source and Path(self.source).is_file():
            return Path(self.source)
        raise InputError(
            "the further scan that the exploration was begun with",
            f"no file {self.source!r}",
            "give the place where it is now with --repeat or --reversed-repeat",
        )

    def check(self, scan: Scan) -> None:
        """Refuse another scan.

        Raises
        ------
        InputError
        """
        if scan.content_sha256 != self.content_sha256:
            raise InputError(
                f"the further scan that the exploration was begun with (SHA-256 of its values"
                f" {self.content_sha256[:12]}...)",
                f"{scan.source} ({scan.content_sha256[:12]}...)",
                "give the file as it was with --repeat or --reversed-repeat",
            )

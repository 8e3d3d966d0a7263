"""What every entry of the journal is: a frozen class with its words and its JSON."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

FORMAT = 2
Place = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that was said, decided or seen.

    Attributes
    ----------
    at : str
        When it was written, ISO 8601 in UTC; "" until then.
    """

    at: str = ""
    what: ClassVar[str] = ""
    told: ClassVar[bool] = False  # on the page of a day

    def words(self) -> str:
        """Say it to a person."""
        return self.what

    def to_json(self) -> dict[str, Any]:
        """Return what stands in its line, without the time."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "at"}
        return {"what": self.what, "format": FORMAT, **values}

"""Entries of a server for agents: what was called, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from corescout.instruments.entries.entry import Entry


@dataclass(frozen=True, kw_only=True)
class ToolCalled(Entry):
    """A program called a tool; `caller` is the name that it gave of itself."""

    caller: str = ""
    tool: str = ""
    arguments: str = ""
    number: int = 0
    what: ClassVar[str] = "tool called"

    def words(self) -> str:
        return f"{self.caller} called {self.tool} {self.arguments}"


@dataclass(frozen=True, kw_only=True)
class ToolAnswered(Entry):
    """What came of the call of that number."""

    caller: str = ""
    tool: str = ""
    number: int = 0
    outcome: str = ""
    seconds: float = 0.0
    what: ClassVar[str] = "tool answered"

    def words(self) -> str:
        return f"{self.tool} of {self.caller}: {self.outcome}"

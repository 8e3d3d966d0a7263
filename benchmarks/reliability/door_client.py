"""The SDK's own client of `corescout mcp` over a real pipe, called from plain code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import mcp.types as mcp_types
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, MCPError, StdioServerParameters

_STRACE = ("strace", "-f", "--seccomp-bpf", "-qq", "-e", "signal=none", "-s", "300")
_WATCHED = (
    "trace=connect,sendto,sendmsg,bind,open,openat,openat2,creat,unlink,unlinkat,rename,renameat,"
    "renameat2,mkdir,mkdirat,rmdir,symlink,symlinkat,link,linkat,truncate,execve"
)


@dataclass(frozen=True)
class Said:
    """What came back of one call."""

    refused: bool
    text: str
    pictures: tuple[str, ...] = ()

    @property
    def values(self) -> Any:
        """The JSON of an answer."""
        return json.loads(self.text)


class AgentClient:
    """A client that is connected.

    Parameters
    ----------
    portal : BlockingPortal
        Of the thread in which the client lives.
    client : Client
    """

    def __init__(self, portal: BlockingPortal, client: Client) -> None:
        self._portal, self.client = portal, client

    def tools(self) -> list[mcp_types.Tool]:
        """Ask for the list of tools."""
        return self._portal.call(self.client.list_tools).tools

    def call(self, name: str, **arguments: Any) -> Said:
        """Call a tool."""
        return self.all([(name, arguments)])[0]

    def all(self, calls: Sequence[tuple[str, Any]], timeout_s: float = 300.0) -> list[Said]:
        """Call tools in parallel; the answers in the order of the calls."""
        return self._portal.call(self._together, calls, timeout_s)

    def start(self, name: str, told: list[str], **arguments: Any) -> Any:
        """Begin a call; its progress is added to `told`, its answer is the future's result."""
        return self._portal.start_task_soon(partial(self._one, name, arguments, 300.0, told))

    async def _together(self, calls: Sequence[tuple[str, Any]], timeout_s: float) -> list[Said]:
        found: list[Said] = [Said(True, "")] * len(calls)

        async def one(at: int) -> None:
            found[at] = await self._one(*calls[at], timeout_s)

        async with anyio.create_task_group() as group:
            for at in range(len(calls)):
                group.start_soon(one, at)
        return found

    async def _one(
        self, name: str, arguments: Any, timeout_s: float, told: list[str] | None = None
    ) -> Said:
        async def tell(progress: float, total: float | None, message: str | None) -> None:
            if told is not None:
                told.append(f"{progress / (total or 1):.2f} {message}")

        try:
            answer = await self.client.call_tool(
                name, arguments, read_timeout_seconds=timeout_s, progress_callback=tell
            )
        except MCPError as error:
            return Said(True, f"protocol: {error}")
        text = "".join(c.text for c in answer.content if c.type == "text")
        pictures = tuple(c.data for c in answer.content if c.type == "image")
        return Said(bool(answer.is_error), text, pictures)


@contextmanager
def agent_client(
    folders: Sequence[Path],
    own: Path,
    *options: str,
    name: str = "bench",
    trace: Path | None = None,
) -> Iterator[AgentClient]:
    """Start the server as a process of its own and connect the client.

    Parameters
    ----------
    folders : sequence of Path
    own : Path
        The server's folder.
    *options
        Further words of the command line.
    name : str
        What the client calls itself.
    trace : Path, optional
        Where strace notes what the process asks of the system.
    """
    words = [sys.executable, "-m", "corescout", "mcp", *map(str, folders), "--out", str(own)]
    words += options
    if trace is not None:
        words = [*_STRACE, "-e", _WATCHED, "-o", str(trace), *words]
    with client_of(words, own.with_name(own.name + ".log"), name) as client:
        yield client


@contextmanager
def client_of(words: Sequence[str], log: Path, name: str = "bench") -> Iterator[AgentClient]:
    """Start a program that serves over its pipes and connect the client; its errors go to a log."""
    with log.open("w", encoding="utf-8") as errors, start_blocking_portal() as portal:
        from mcp.client.stdio import stdio_client

        server = StdioServerParameters(command=words[0], args=list(words[1:]), env=dict(os.environ))
        who = mcp_types.Implementation(name=name, version="1")
        client = Client(stdio_client(server, errlog=errors), client_info=who)
        with portal.wrap_async_context_manager(client) as connected:
            yield AgentClient(portal, connected)

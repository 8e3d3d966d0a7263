"""The protocol: tools by the official SDK over stdin and stdout, one client, the journal beside."""

from __future__ import annotations

import asyncio
import base64
import logging
import os
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import mcp.types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from pydantic import ValidationError

from corescout.data.errors import CorescoutError
from corescout.mcp_server.answers import ToolAnswer
from corescout.mcp_server.desk import Desk
from corescout.mcp_server.guard import guard
from corescout.mcp_server.lanes import Call, Lane
from corescout.mcp_server.notes import Notes
from corescout.mcp_server.tools import INSTRUCTIONS, TOOLS, Tool
from corescout.mcp_server.words import bounded
from corescout.version import __version__

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

LONGEST_LINE = 2**20  # characters of one message; a longer one is no message of a client
ANSWER_S, MOST_WAITING = 120.0, 16
GRACE_S = 60.0  # beyond the time of an exploration: its report and pictures
PROGRESS_EVERY_S = 0.5
_LOG = logging.getLogger("corescout.mcp_server")
_BY_NAME = {tool.name: tool for tool in TOOLS}


class DeskServer:
    """Answers calls of tools.

    Parameters
    ----------
    desk : Desk
    notes : Notes
    """

    def __init__(self, desk: Desk, notes: Notes) -> None:
        self._desk, self._notes = desk, notes
        self._lanes = {
            "exploration": Lane("exploration", 0, desk.minutes * 60 + GRACE_S),
            "answers": Lane("answers", MOST_WAITING, ANSWER_S),
            "at once": Lane("at once", MOST_WAITING, ANSWER_S),
        }

    def server(self) -> Server[Any]:
        """Return the server of the SDK; it has tools and nothing else."""
        return Server(
            "corescout", version=__version__, instructions=INSTRUCTIONS,
            on_list_tools=self._list, on_call_tool=self._call,
        )  # fmt: skip

    async def serve(self) -> None:
        """Serve stdin and stdout until stdin ends; the process is guarded from here on."""
        server = self.server()
        guard(self._desk.places.own)  # the loop is there by now: on Windows it needs a connection
        try:
            async with stdio_server(stdin=_lines()) as (read, write):
                await server.run(read, write, server.create_initialization_options())
        except* BrokenPipeError:
            _LOG.info("the client went away")
        finally:
            if self._desk.stop_exploration is not None:
                self._desk.stop_exploration.set()
            for lane in self._lanes.values():
                lane.close()
            self._notes.close()

    async def _list(
        self, _context: ServerRequestContext[Any], _params: object
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_shown(tool) for tool in TOOLS])

    async def _call(
        self, context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        caller, name = caller_of(context), bounded(params.name, 60)
        began = time.monotonic()
        try:
            number = self._notes.called(caller, name, params.arguments)
        except CorescoutError as error:
            return self._refused(error)
        outcome = "taken back"
        try:
            answer = await self._answer(context, params, Call(caller))
            outcome = "done"
            return _given(answer)
        except CorescoutError as error:
            outcome = f"refused: {error}"
            return self._refused(error)
        except Exception as error:  # noqa: BLE001 - a fault of ours: the server goes on
            _LOG.warning("a fault in %s", name, exc_info=True)
            outcome = f"fault: {type(error).__name__}: {error}"
            return self._refused(f"a fault of Corescout in {name} ({type(error).__name__})")
        finally:
            self._notes.answered(caller, name, number, outcome, time.monotonic() - began)

    async def _answer(
        self, context: ServerRequestContext[Any], params: types.CallToolRequestParams, call: Call
    ) -> ToolAnswer:
        tool = _BY_NAME.get(params.name)
        if tool is None:
            raise CorescoutError(f"there is no such tool; there are {', '.join(_BY_NAME)}")
        try:
            asked = tool.arguments.model_validate(params.arguments or {})
        except ValidationError as error:
            raise CorescoutError(_wrong(error)) from error
        lane = self._lanes[tool.lane]
        if tool.lane == "exploration":
            if lane.busy:
                raise CorescoutError(
                    "an exploration is under way: wait for its answer, or stop it with"
                    " stop_exploration"
                )
            call.progress = _reporter(context)
        return await lane.run(lambda: tool.work(self._desk, asked, call), call)

    def _refused(self, error: object) -> types.CallToolResult:
        text = bounded(self._desk.places.without_paths(str(error)), 600)
        content = types.TextContent(type="text", text=text)
        return types.CallToolResult(content=[content], is_error=True)


def caller_of(context: ServerRequestContext[Any]) -> str:
    """Return name and version that the client gave of itself, as bounded text."""
    known = context.session.client_params
    if known is None:
        return "a client without a name"
    return bounded(f"{known.client_info.name} {known.client_info.version}", 80)


def _shown(tool: Tool) -> types.Tool:
    hints = types.ToolAnnotations(
        read_only_hint=not tool.writes, destructive_hint=False, open_world_hint=False
    )
    return types.Tool(
        name=tool.name, description=tool.description, input_schema=tool.schema, annotations=hints
    )


def _given(answer: ToolAnswer) -> types.CallToolResult:
    content: list[types.ContentBlock] = [types.TextContent(type="text", text=answer.text)]
    if answer.picture is not None:
        data = base64.b64encode(answer.picture).decode()
        content.append(types.ImageContent(type="image", data=data, mime_type="image/png"))
    return types.CallToolResult(content=content)


def _wrong(error: ValidationError) -> str:
    """Say what of the arguments is wrong, without repeating what was given."""
    said = [
        f"{bounded('.'.join(map(str, e['loc'])), 60) or 'arguments'}: {bounded(e['msg'], 120)}"
        for e in error.errors(include_input=False, include_url=False, include_context=False)[:5]
    ]
    return f"the arguments are not as the schema says: {'; '.join(said)}"


def _reporter(context: ServerRequestContext[Any]) -> Any:
    """Return what tells the client how far the work is, from its thread and not too often."""
    loop, told_s = asyncio.get_running_loop(), [0.0]

    async def report(share: float, words: str) -> None:
        with suppress(Exception):  # the client may be gone; the work is told otherwise
            await context.session.report_progress(share, 1.0, bounded(words, 120))

    def tell(share: float, words: str) -> None:
        now = time.monotonic()
        if now - told_s[0] >= PROGRESS_EVERY_S:
            told_s[0] = now
            with suppress(RuntimeError):  # the loop has ended
                asyncio.run_coroutine_threadsafe(report(share, words), loop)

    return tell


def _lines() -> Any:
    """Return the lines of stdin; one that is too long is dropped as it arrives.

    They are read from a copy of the descriptor; descriptor 0 is the null device from here on, so
    that nothing else takes a message away.
    """
    private = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return _BoundedLines(os.fdopen(private, "rb"))


class _BoundedLines:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[str]:
        while True:
            line = await anyio.to_thread.run_sync(self._read, abandon_on_cancel=True)
            if not line:
                return
            yield line.decode("utf-8", "replace")

    def _read(self) -> bytes:
        line: bytes = self._stream.readline(LONGEST_LINE)
        if line.endswith(b"\n") or len(line) < LONGEST_LINE:
            return line
        while line and not line.endswith(b"\n"):
            line = self._stream.readline(LONGEST_LINE)
        return b"too long\n"


def run_server(desk: Desk, notes: Notes) -> None:
    """Serve until the client ends the connection."""
    asyncio.run(DeskServer(desk, notes).serve())

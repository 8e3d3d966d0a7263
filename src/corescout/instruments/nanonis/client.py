"""One connection to a Nanonis server: commands, their answers, and nothing that hangs.

A thread of the connection's own reads; each answer goes to the oldest command of its name that has
none yet. So a stop may be sent while another command waits, over the same connection.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from corescout.instruments.nanonis import codec
from corescout.instruments.nanonis.turns import Turns
from corescout.instruments.protocol import InstrumentError

TIMEOUT_S = 10.0
_SLICE_S = 0.02
_NOT_WAITING = getattr(socket, "MSG_DONTWAIT", 0)  # Windows has none
_WRITE_S = 1.0  # for a request to be taken by this machine's network


class RefusedError(InstrumentError):
    """The controller answers that it cannot do it; the connection is whole."""


class Answer:
    """What comes back to a command that was sent: later, or never.

    Attributes
    ----------
    name : str
        Of the command.
    sent_s, came_s : float
        Monotonic clock; `came_s` is infinite until something came.
    """

    def __init__(self, name: str, address: str, told: Callable[[Answer], None] | None) -> None:
        self.name, self._address, self._told = name, address, told
        self.sent_s, self.came_s = time.monotonic(), float("inf")
        self._came = threading.Event()
        self._body = b""
        self._error: Exception | None = None

    @property
    def arrived(self) -> bool:
        """Whether an answer came, a reported error or not; a lost connection is none."""
        return self._came.is_set() and self._error is None

    @property
    def over(self) -> bool:
        """Whether nothing more can come."""
        return self._came.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for the answer or the end of the connection; False if neither came."""
        return self._came.wait(seconds)

    def results(self) -> list[Any]:
        """Return what came.

        Raises
        ------
        InstrumentError
            If nothing came, the connection was lost, or the answer is none or reports an error.
        """
        where = f"{self.name} at {self._address}"
        if not self._came.is_set():
            raise InstrumentError(f"{where}: no answer in time")
        if self._error is not None:
            raise InstrumentError(f"{where}: {self._error}") from self._error
        try:
            return codec.results(self.name, self._body)
        except codec.ReportedError as error:
            raise RefusedError(f"{self._address} answers {error}") from error
        except codec.WireError as error:
            raise InstrumentError(f"{self._address} answers {error}") from error

    def come(self, body: bytes) -> None:
        """Take the body of the answer."""
        self._body, self.came_s = body, time.monotonic()
        self._tell()

    def fail(self, error: Exception) -> None:
        """The connection ended before the answer."""
        self._error = error
        self._tell()

    def _tell(self) -> None:
        self._came.set()
        if self._told is not None:
            self._told(self)


class Connection:
    """A connection whose calls take turns; `send` does not wait for a turn. From any thread.

    Parameters
    ----------
    host, port
    timeout_s : float
        For a whole answer; a command that waits says its own.
    connect_s : float, optional
        For the connection itself; `timeout_s` if not said.
    """

    def __init__(
        self, host: str, port: int, timeout_s: float = TIMEOUT_S, connect_s: float | None = None
    ) -> None:
        self._where, self._timeout_s = (host, port), timeout_s
        self._turns = Turns()
        self._writing, self._changing = threading.Lock(), threading.Lock()
        self._asked: list[Answer] = []
        self.came_s = float("-inf")  # of the last answer to anybody
        try:
            sock = socket.create_connection(self._where, connect_s or timeout_s)
        except OSError as error:
            raise InstrumentError(
                f"nobody answers at {host}:{port} ({error}): is the TCP interface switched on, and"
                " the port free?"
            ) from error
        sock.settimeout(None)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket: socket.socket | None = sock
        self.peer = str(sock.getpeername()[0])
        self._reader = threading.Thread(
            target=self._read, args=(sock,), name=f"nanonis-{port}", daemon=True
        )
        self._reader.start()

    @property
    def alive(self) -> bool:
        """Whether it is open as far as this side knows."""
        return self._socket is not None

    @property
    def waiting(self) -> tuple[Answer, ...]:
        """Commands that have no answer yet, the oldest first."""
        with self._changing:
            return tuple(self._asked)

    def call(self, name: str, *arguments: Any, timeout_s: float | None = None) -> list[Any]:
        """Send a command and return its results.

        Raises
        ------
        InstrumentError
            If the answer does not come in time, is not one, or reports an error. After anything
            but a reported error the connection is closed: its next bytes could be anything.
        """
        with self._turns:
            return self.finish(self.send(name, *arguments), timeout_s)

    def finish(self, answer: Answer, timeout_s: float | None = None) -> list[Any]:
        """Wait for an answer to a command that was sent here; as `call`."""
        limit_s = timeout_s or self._timeout_s
        if not answer.wait(max(0.0, answer.sent_s + limit_s - time.monotonic())):
            self._end(TimeoutError("no answer in time"))
        return answer.results()

    def send(
        self, name: str, *arguments: Any, told: Callable[[Answer], None] | None = None
    ) -> Answer:
        """Send a command and wait for nothing.

        Parameters
        ----------
        told : callable, optional
            Takes the answer when it comes or can come no more, on the thread that reads.

        Raises
        ------
        InstrumentError
            If it cannot be sent.
        """
        (answer,) = self.send_all([(name, arguments)], told=told)
        return answer

    def send_all(
        self,
        commands: Sequence[tuple[str, Sequence[Any]]],
        *,
        told: Callable[[Answer], None] | None = None,
    ) -> tuple[Answer, ...]:
        """Send several commands in one piece: as `send`, and nothing comes between them.

        A thread that gives the interpreter away for each may get it back late each time.
        """
        data = b"".join(codec.request(name, *arguments) for name, arguments in commands)
        answers = tuple(Answer(name, self._address, told) for name, _ in commands)
        error: Exception
        with self._writing:
            with self._changing:
                sock = self._socket
                if sock is None:
                    raise InstrumentError(
                        f"the connection to {self._address} is closed: connect again"
                    )
                self._asked.extend(answers)
            try:
                _write(sock, data, time.monotonic() + _WRITE_S)
                return answers
            except (OSError, ValueError) as found:  # ValueError: closed at this very moment
                error = found
        self._end(OSError(str(error)))
        raise InstrumentError(f"{commands[0][0]} at {self._address}: {error}") from error

    def close(self) -> None:
        """Close; a call that waits in another thread ends with an error."""
        self._end(OSError("closed"))
        if threading.current_thread() is not self._reader:
            self._reader.join(TIMEOUT_S)

    # -- inner ----------------------------------------------------------------------------

    @property
    def _address(self) -> str:
        return f"{self._where[0]}:{self._where[1]}"

    def _end(self, error: Exception) -> None:
        """Close and tell everybody who waits; the first reason counts."""
        with self._changing:
            sock, self._socket = self._socket, None
            asked, self._asked = self._asked, []
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for answer in asked:
            answer.fail(error)

    def _read(self, sock: socket.socket) -> None:
        try:
            while True:
                said, size = codec.header(_receive(sock, codec.HEADER_BYTES))
                answer = self._asked_for(said)
                body = _receive(sock, size)
                with self._changing:
                    if answer not in self._asked:  # closed meanwhile
                        return
                    self._asked.remove(answer)
                answer.come(body)
                self.came_s = answer.came_s
        except (OSError, codec.WireError) as error:
            self._end(error)

    def _asked_for(self, said: str) -> Answer:
        with self._changing:
            asked = list(self._asked)
        found = next((a for a in asked if a.name == said), None)
        if found is None:
            wanted = asked[0].name if asked else "nothing"
            raise codec.WireError(f"expected an answer to {wanted}, found one to {said!r}")
        return found


def _write(sock: socket.socket, data: bytes, deadline_s: float) -> None:
    """Write all in time; a peer that takes nothing must not block who stops."""
    with contextlib.suppress(BlockingIOError):
        data = data[sock.send(data, _NOT_WAITING) :] if _NOT_WAITING else data
    if not data:  # as a rule: nothing had to be waited for
        return
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_WRITE)
        while data:
            # In slices: of a socket that is closed meanwhile nothing is ever heard.
            if selector.select(_SLICE_S):
                data = data[sock.send(data) :]
            elif sock.fileno() < 0:
                raise OSError("closed")
            elif time.monotonic() > deadline_s:
                raise TimeoutError("the request is not taken")


def _receive(sock: socket.socket, count: int) -> bytes:
    parts, left = [], count
    while left:
        part = sock.recv(min(left, 2**20))
        if not part:
            raise OSError(f"closed by the other side with {left} of {count} bytes to come")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)

"""One connection to a Nanonis server: a command, its answer, and nothing that hangs."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Any

from corescout.instruments.nanonis import codec
from corescout.instruments.protocol import InstrumentError

TIMEOUT_S = 10.0


class Connection:
    """A connection that carries one command at a time; from any thread.

    Parameters
    ----------
    host, port
    timeout_s : float
        For a whole answer; a command that waits says its own.
    """

    def __init__(self, host: str, port: int, timeout_s: float = TIMEOUT_S) -> None:
        self._where, self._timeout_s = (host, port), timeout_s
        self._lock = threading.Lock()
        try:
            self._socket: socket.socket | None = socket.create_connection(self._where, timeout_s)
        except OSError as error:
            raise InstrumentError(
                f"nobody answers at {host}:{port} ({error}): is the TCP interface switched on, and"
                " the port free?"
            ) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, name: str, *arguments: Any, timeout_s: float | None = None) -> list[Any]:
        """Send a command and return its results.

        Raises
        ------
        InstrumentError
            If the answer does not come in time, is not one, or reports an error. After anything
            but a reported error the connection is closed: its next bytes could be anything.
        """
        with self._lock:
            if self._socket is None:
                raise InstrumentError(f"the connection to {self._address} is closed: connect again")
            try:
                limit_s = timeout_s or self._timeout_s
                deadline = time.monotonic() + limit_s
                self._socket.settimeout(limit_s)
                self._socket.sendall(codec.request(name, *arguments))
                said, size = codec.header(self._receive(codec.HEADER_BYTES, deadline))
                if said != name:
                    raise codec.WireError(f"expected an answer to {name}, found one to {said!r}")
                body = self._receive(size, deadline)
            except (OSError, codec.WireError) as error:
                self._close()
                raise InstrumentError(f"{name} at {self._address}: {_in_words(error)}") from error
        try:
            return codec.results(name, body)
        except codec.WireError as error:
            raise InstrumentError(f"{self._address} answers {error}") from error

    def close(self) -> None:
        """Close; a call that waits in another thread ends with an error."""
        sock = self._socket
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._close()

    @property
    def alive(self) -> bool:
        """Whether it is open as far as this side knows."""
        return self._socket is not None

    @property
    def _address(self) -> str:
        return f"{self._where[0]}:{self._where[1]}"

    def _close(self) -> None:
        sock, self._socket = self._socket, None
        if sock is not None:
            sock.close()

    def _receive(self, count: int, deadline: float) -> bytes:
        sock, parts, left = self._socket, [], count
        if sock is None:
            raise OSError("closed")
        while left:
            seconds = deadline - time.monotonic()
            if seconds <= 0:
                raise TimeoutError
            sock.settimeout(seconds)
            part = sock.recv(min(left, 2**20))
            if not part:
                raise OSError(f"closed by the other side with {left} of {count} bytes to come")
            parts.append(part)
            left -= len(part)
        return b"".join(parts)


def _in_words(error: Exception) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else str(error)

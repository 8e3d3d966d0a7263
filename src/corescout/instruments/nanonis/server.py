"""The documented subset of the Nanonis TCP interface in front of the digital twin.

Listens on four ports in a row, as the controller does; one command at a time per connection. Binds
to loopback unless told otherwise.
"""

from __future__ import annotations

import logging
import socket
import socketserver
import threading
from pathlib import Path

from corescout.instruments.nanonis import codec
from corescout.instruments.nanonis.twin_commands import TwinCommands
from corescout.instruments.twin import DigitalTwin

N_PORTS = 4
_log = logging.getLogger(__name__)


class NanonisServer:
    """Serves a twin on ports port, port + 1, ...; use as a context manager.

    Parameters
    ----------
    twin : DigitalTwin
    host : str
    port : int
        The first; 0 takes free ones.
    session_folder : str or Path, optional
        Where spectra are saved as `.dat`; without it none are.
    """

    def __init__(
        self,
        twin: DigitalTwin,
        host: str = "127.0.0.1",
        port: int = 0,
        session_folder: str | Path | None = None,
    ) -> None:
        self.commands = TwinCommands(twin, None if session_folder is None else Path(session_folder))
        self._servers = [
            _PortServer((host, port + i if port else 0), _Handler) for i in range(N_PORTS)
        ]
        self._open: set[socket.socket] = set()
        for server in self._servers:
            server.commands, server.open = self.commands, self._open
        self._threads = [
            threading.Thread(target=s.serve_forever, args=(0.05,), name=f"nanonis-{i}", daemon=True)
            for i, s in enumerate(self._servers)
        ]

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that it listens on."""
        return tuple(int(s.server_address[1]) for s in self._servers)

    def start(self) -> None:
        """Connect the twin and listen."""
        self.commands.twin.connect()
        for thread in self._threads:
            thread.start()

    @property
    def scanning(self) -> bool:
        """Whether a scan is under way."""
        return self.commands.scanning

    @property
    def idle_s(self) -> float:
        """Seconds since something last moved or was measured; 0 while it does."""
        return self.commands.idle_s

    def start_scan(self) -> None:
        """Start a scan unless one is under way, as an operator would."""
        self.commands.start_scan()

    def drop_connections(self) -> None:
        """Close every connection, as a pulled cable does; new ones are taken."""
        for sock in list(self._open):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def close(self) -> None:
        """Stop the twin, close all connections, leave no thread."""
        self.commands.close()
        self.drop_connections()
        for server, thread in zip(self._servers, self._threads, strict=True):
            if thread.is_alive():
                server.shutdown()
                thread.join()
            server.server_close()

    def __enter__(self) -> NanonisServer:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class _PortServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False  # closing waits for them
    commands: TwinCommands
    open: set[socket.socket]


class _Handler(socketserver.BaseRequestHandler):
    server: _PortServer

    def handle(self) -> None:
        """Answer commands until the other side goes."""
        self.server.open.add(self.request)
        try:
            while (head := self._receive(codec.HEADER_BYTES)) is not None:
                name, size = codec.header(head)
                body = self._receive(size)
                if body is None:
                    return
                answer = self.server.commands.answer(name, body)
                if head[36:38] != b"\0\0":
                    self.request.sendall(answer)
        except (OSError, codec.WireError) as error:
            _log.info("nanonis connection ended: %s", error)
        finally:
            self.server.open.discard(self.request)

    def _receive(self, count: int) -> bytes | None:
        data = bytearray()
        while len(data) < count:
            part = self.request.recv(min(count - len(data), 2**20))
            if not part:
                return None
            data += part
        return bytes(data)

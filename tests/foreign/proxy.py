"""A TCP proxy between a client and the controller that cuts, delays and swallows."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from queue import SimpleQueue


class Proxy:
    """Passes bytes both ways after `delay_s`; while `swallow` they vanish; `cut` ends all."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.delay_s, self.swallow, self.refuse = 0.0, False, False
        self.cuts = 0
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._closed = threading.Event()

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._accept, name="foreign proxy", daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._closed.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Close every connection that is open, without a word."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        self.cuts += bool(pairs)
        for pair in pairs:
            for side in pair:
                with contextlib.suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)
                side.close()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.refuse:
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target_port), 5)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            with self._lock:
                self._pairs.append((client, server))
            for source, sink in ((client, server), (server, client)):
                self._pass_on(source, sink)

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        parts: SimpleQueue[tuple[float, bytes]] = SimpleQueue()

        def read() -> None:
            with contextlib.suppress(OSError):
                while part := source.recv(65536):
                    if not self.swallow:
                        parts.put((time.monotonic() + self.delay_s, part))
            parts.put((time.monotonic(), b""))

        def write() -> None:
            with contextlib.suppress(OSError):
                while True:
                    due, part = parts.get()
                    if not part:
                        sink.shutdown(socket.SHUT_RDWR)
                        return
                    self._closed.wait(max(due - time.monotonic(), 0))
                    sink.sendall(part)

        for target in (read, write):
            threading.Thread(target=target, name="foreign proxy", daemon=True).start()

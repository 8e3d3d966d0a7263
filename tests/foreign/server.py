"""The controller on the wire: four ports of 127.0.0.1, one client each, one request at a time."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import socket
import struct
import threading
import time
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import Any

from .clock import Clock
from .commands import Call
from .faults import Fault, FaultScript, PortFault
from .layouts import EITHER, LAYOUTS
from .log import Entry, Log
from .microscope import Microscope, RefusedError
from .scan_commands import ANSWERS
from .settings import Settings
from .wire import HEADER_BYTES, MalformedError, Request, decode, encode, parse_header, response

_NUMBERS = itertools.count(1)
EMPTY: dict[str, Any] = {"s": "", "S": [], "2": [[]], "*i": [], "*f": [], "+f": []}


class Controller:
    """A controller that listens while the context is open: ``with Controller() as c: c.ports``."""

    def __init__(
        self, settings: Settings | None = None, scale: float = 1.0, **changes: Any
    ) -> None:
        self.settings = replace(settings or Settings(), **changes)
        if not self.settings.session_path:  # each is another controller
            path = f"C:\\Nanonis\\Sessions\\{os.getpid()}-{next(_NUMBERS)}"
            self.settings = replace(self.settings, session_path=path)
        self.clock = Clock(scale)
        self.microscope = Microscope(self.settings, self.clock)
        self.faults, self.log = FaultScript(), Log()
        self.port_faults = [PortFault() for _ in range(4)]
        self.clients = 0
        self.closed = threading.Event()
        self._random = random.Random(self.settings.seed)
        self._listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
        self.ports = tuple(listener.getsockname()[1] for listener in self._listeners)
        self.connections: dict[int, Connection] = {}
        self._accepting = [
            threading.Thread(target=self._accept, args=(i,), name=f"foreign port {i}", daemon=True)
            for i in range(4)
        ]

    def __enter__(self) -> Controller:
        for thread in self._accepting:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.closed.set()
        for listener in self._listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for connection in list(self.connections.values()):
            connection.close()
        for thread in self._accepting:
            thread.join(5)

    def kill_port(self, index: int, kind: str = "deaf", late_s: float = 10.0) -> None:
        """From now on the port is dead in one of the ways of `PortFault`; ``alive`` heals it."""
        self.port_faults[index] = PortFault(kind, late_s)
        connection = self.connections.get(index)
        if kind == "closed" and connection:
            connection.close()

    def latency_s(self) -> float:
        return self._random.uniform(*self.settings.latency_s)

    def _accept(self, index: int) -> None:
        while not self.closed.is_set():
            try:
                client, _address = self._listeners[index].accept()
            except OSError:
                return
            taken = self.settings.one_client and index in self.connections
            if taken or self.port_faults[index].kind == "closed" or self.closed.is_set():
                client.close()
                continue
            self.clients += 1
            connection = Connection(self, index, self.clients, client)
            self.connections[index] = connection
            connection.start()


class Connection:
    """One client of one port: a thread that reads, and one that does what was read."""

    def __init__(
        self, controller: Controller, port: int, number: int, client: socket.socket
    ) -> None:
        self.controller, self.port, self.number, self.client = controller, port, number, client
        self.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.gone, self.busy = threading.Event(), threading.Event()
        self.requests: SimpleQueue[tuple[Request, Entry]] = SimpleQueue()

    def start(self) -> None:
        for target in (self._read, self._work):
            threading.Thread(
                target=target, name=f"foreign client {self.number}", daemon=True
            ).start()

    def close(self) -> None:
        self.gone.set()
        with contextlib.suppress(OSError):
            self.client.shutdown(socket.SHUT_RDWR)
        self.client.close()
        if self.controller.connections.get(self.port) is self:
            del self.controller.connections[self.port]

    def _receive(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            part = self.client.recv(size - len(got))
            if not part:
                raise ConnectionError
            got += part
        return got

    def _read(self) -> None:
        try:
            while not self.gone.is_set():
                name, size, answer = parse_header(self._receive(HEADER_BYTES))
                self._take(Request(name, self._receive(size), answer))
        except (OSError, struct.error):
            pass
        finally:
            self.close()

    def _take(self, request: Request) -> None:
        microscope = self.controller.microscope
        entry = self.controller.log.add(
            Entry(
                wall_s=time.monotonic(),
                t=self.controller.clock.now(),
                port=self.port,
                client=self.number,
                command=request.name,
                arguments=[],
                state=microscope.snapshot(),
            )
        )
        if self.controller.port_faults[self.port].kind == "deaf":
            entry.outcome = "swallowed"
        elif self.busy.is_set() and self.controller.settings.second_request == "drop":
            entry.outcome = "dropped"
        else:
            self.busy.set()
            self.requests.put((request, entry))

    def _work(self) -> None:
        while not self.gone.is_set():
            try:
                request, entry = self.requests.get(timeout=0.2)
            except Empty:
                continue
            answer = self._do(request, entry)
            if self.requests.empty():
                self.busy.clear()
            if answer is not None and request.wants_answer:
                with contextlib.suppress(OSError):
                    self.client.sendall(answer)

    def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.gone.wait(seconds)

    def _do(self, request: Request, entry: Entry) -> bytes | None:
        """Act, and give the bytes to send back after whatever wait there is."""
        controller, name = self.controller, request.name
        encoding, latency_s = controller.settings.encoding, controller.latency_s() / 2
        whole = controller.port_faults[self.port]
        self._sleep(latency_s + (whole.late_s if whole.kind == "late_acts" else 0.0))
        try:
            if name not in LAYOUTS or name not in ANSWERS or name in controller.settings.unknown:
                entry.outcome = "unknown"
                return response(name, b"", f"{name} is not a command of this software", encoding)
            entry.arguments = _arguments(name, request.body, encoding)
            faults = controller.faults.of(
                name, self.port, entry.arguments, controller.microscope.scanner.running
            )
            answer = self._answer(name, entry, faults, encoding)
        except (RefusedError, MalformedError, ValueError, OverflowError, struct.error) as problem:
            entry.outcome = f"refused: {problem}"
            return response(name, self._empty(name), str(problem), encoding)
        self._sleep(latency_s + (whole.late_s if whole.kind == "late" else 0.0))
        return None if whole.kind == "lost" else answer

    def _answer(self, name: str, entry: Entry, faults: list[Fault], encoding: str) -> bytes | None:
        for fault in faults:
            self._sleep(fault.delay_before_s)
            if fault.before:
                fault.before(self.controller.microscope)
        if any(fault.swallow for fault in faults):
            entry.outcome = "swallowed"
            return None
        for fault in faults:
            if fault.error is not None:
                raise RefusedError(fault.error)
        results = self._act(name, entry, faults)
        for fault in faults:
            results = fault.result(results) if fault.result else results
            if fault.after:
                fault.after(self.controller.microscope)
            self._sleep(fault.delay_s)
        if any(fault.close for fault in faults):
            self.close()
        if any(fault.lose_answer or fault.close for fault in faults):
            return None
        answer = response(name, encode(LAYOUTS[name][1], results, encoding), "", encoding)
        for fault in faults:
            answer = fault.garble(answer) if fault.garble else answer
        return answer

    def _act(self, name: str, entry: Entry, faults: list[Fault]) -> list[Any]:
        if any(fault.ignore for fault in faults):
            entry.outcome = "ignored"
            return self._empty_results(name)
        arguments = entry.arguments
        for fault in faults:
            arguments = fault.arguments(list(arguments)) if fault.arguments else arguments
        entry.acted_t, entry.acted_on = self.controller.microscope.settle(), arguments
        results = ANSWERS[name](Call(self.controller.microscope, self.gone.is_set), *arguments)
        entry.outcome = "done"
        return list(results or ())

    def _empty_results(self, name: str) -> list[Any]:
        return [EMPTY.get(letter, 0) for letter in LAYOUTS[name][1].split()]

    def _empty(self, name: str) -> bytes:
        if not self.controller.settings.errors_after_results or name not in LAYOUTS:
            return b""
        return encode(LAYOUTS[name][1], self._empty_results(name))


def _arguments(name: str, body: bytes, encoding: str) -> list[Any]:
    """The arguments by the layout, or by the other one where two are in use."""
    layouts = EITHER.get(name, (LAYOUTS[name][0],))
    for layout in layouts[:-1]:
        with contextlib.suppress(MalformedError, struct.error):
            return decode(layout, body, encoding)
    return decode(layouts[-1], body, encoding)

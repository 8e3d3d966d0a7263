"""Lines between a bridge and a server: cut, silent, late, or answers get lost."""

import contextlib
import socket
import struct
import threading
import time


class Wire:
    """One port of a server behind a line.

    Attributes
    ----------
    fault : str
        "" passes all; "dead" closes what is open and takes nothing; "silent" swallows requests;
        "late" gives answers after `late_s`; "lost" loses answers.
    holds : str
        A command that is kept back as long as it stands there.
    delay_s : float
        Of each answer.
    drops_second : bool
        Whether a request that is sent while another one waits is lost.
    passed : list of (float, str)
        When (monotonic) which command went to the server.
    """

    def __init__(self, port):
        self.server_port, self.fault, self.delay_s, self.late_s = port, "", 0.0, 10.0
        self.drops_second, self.holds = False, ""
        self.passed = []
        self._open, self._threads = [], []
        self._lock = threading.Lock()
        self._busy = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._closed = threading.Event()
        self._begin(self._accept)

    def set(self, fault):
        self.fault = fault
        if fault == "dead":
            with self._lock:
                found, self._open = self._open, []
            for sock in found:
                _close(sock)

    def close(self):
        self._closed.set()
        _close(self._listener)
        self.set("dead")
        for thread in self._threads:
            thread.join(15)

    def _begin(self, work, *arguments):
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while not self._closed.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.fault == "dead":
                _close(client)
                continue
            server = socket.create_connection(("127.0.0.1", self.server_port))
            with self._lock:
                self._open += [client, server]
            state = {"waiting": 0}
            self._begin(self._requests, client, server, state)
            self._begin(self._answers, client, server, state)

    def _requests(self, client, server, state):
        with contextlib.suppress(OSError):
            while True:
                said = message(client)
                while self.holds and self.holds.encode() in said[:32]:
                    if self._closed.wait(0.01):
                        return
                if self.fault == "silent" or (self.drops_second and state["waiting"]):
                    continue
                with self._lock:
                    state["waiting"] += 1
                self.passed.append((time.monotonic(), said[:32].rstrip(b"\0").decode()))
                server.sendall(said)
        _close(server)

    def _answers(self, client, server, state):
        with contextlib.suppress(OSError):
            while True:
                answer = message(server)
                wait_s = self.late_s if self.fault == "late" else self.delay_s
                if self._closed.wait(wait_s):
                    return
                with self._lock:
                    state["waiting"] -= 1
                if self.fault not in ("lost", "silent"):
                    client.sendall(answer)
        _close(client)


def message(sock):
    """A whole request or answer."""
    head = exactly(sock, 40)
    (size,) = struct.unpack(">i", head[32:36])
    return head + exactly(sock, size)


def exactly(sock, count):
    data = b""
    while len(data) < count:
        part = sock.recv(count - len(data))
        if not part:
            raise OSError("closed")
        data += part
    return data


def _close(sock):
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()

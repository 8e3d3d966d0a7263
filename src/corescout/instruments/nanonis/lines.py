"""The four connections to a Nanonis controller: what each is for, and how one is opened again.

Motion and spectra, status, scans, and one for the stop alone. A lost one is opened again by itself;
the others are not touched.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence

from corescout.instruments.nanonis.client import Connection, RefusedError
from corescout.instruments.protocol import InstrumentError

MOTION, STATUS, SCANS, STOP = range(4)
_CONNECT_S = 1.0  # for one more connection of a stop
_ANSWER_S = 2.0  # for the controller to show that it answers, before a stop is ended
_CHECK_S = 1.0  # for the answer to a check of the stop's connection


class Lines:
    """Opens, hands out and closes them; from any thread.

    Parameters
    ----------
    host : str
    ports : sequence of int
        Of motion, status, scans and the stop; the last one may be missing.
    timeout_s : float
    """

    def __init__(self, host: str, ports: Sequence[int], timeout_s: float) -> None:
        self._host, self.ports, self._timeout_s = host, tuple(ports), timeout_s
        self._lock = threading.Lock()
        self._open: dict[int, Connection] = {}
        self._wanted = False  # between `connect` and `close`

    def connect(self) -> bool:
        """Open what is not open; whether the one of scans is a new one.

        The one of the stop may be missing: `stop_problem` says so before anything is armed.

        Raises
        ------
        InstrumentError
            If nobody answers; what this call has opened is closed again.
        """
        with self._lock:
            new = [n for n in (MOTION, STATUS, SCANS) if not self._alive(n)]
            try:
                for number in new:
                    self._reopen(number)
            except InstrumentError:
                for number in new:
                    self._drop(number)
                raise
            self._wanted = True
            with contextlib.suppress(InstrumentError):
                self._stop()
            return SCANS in new

    def close(self) -> None:
        """Close all; calls that wait end."""
        with self._lock:
            self._wanted = False
            found, self._open = list(self._open.values()), {}
        for connection in found:
            connection.close()

    def renew(self) -> None:
        """Open those again on which something was never answered (InstrumentError)."""
        with self._lock:
            for number, connection in list(self._open.items()):
                if connection.waiting and number != SCANS:
                    self._drop(number)
                    self._reopen(number)

    def on(self, number: int) -> Connection:
        """Return one; a lost one of status or scans is opened again (InstrumentError)."""
        with self._lock:
            if not self._wanted or number not in self._open:
                raise InstrumentError("Nanonis is not connected: connect first")
            if number in (STATUS, SCANS) and not self._alive(number):
                self._reopen(number)
            return self._open[number]

    def now(self, number: int) -> Connection | None:
        """Return one as it is, open or lost; waits for nothing."""
        return self._open.get(number)

    def peers(self) -> tuple[tuple[str, int], ...]:
        """Return address and port that each open connection has reached, names resolved."""
        return tuple((c.peer, self.ports[n]) for n, c in sorted(self._open.items()))

    def another(self, port: int) -> Connection:
        """Open one more, for a stop (InstrumentError)."""
        return Connection(self._host, port, self._timeout_s, _CONNECT_S)

    def stop_problem(self, stopping: Callable[[], bool]) -> str | None:
        """Say why a stop would not arrive on its own connection; None if it answers.

        Parameters
        ----------
        stopping : callable
            Whether a stop has come meanwhile: the connection is then left to it.
        """
        try:
            self._ask_stop("Util.VersionGet", stopping)
        except RefusedError:
            return None  # that is an answer
        except InstrumentError as error:
            return f"no connection for STOP alone: {error}"
        return None

    def try_stop(self, stopping: Callable[[], bool]) -> str | None:
        """Send the stop of a move; say why the controller does not take it, None if it does."""
        try:
            self._ask_stop("FolMe.Stop", stopping)
        except InstrumentError as error:
            return f"the controller does not take a STOP: {error}"
        return None

    def need_an_answer(self) -> None:
        """Ask over the one of status, and over a new one if that was lost in a stop.

        Raises
        ------
        InstrumentError
            If nobody answers: an open connection is no answer.
        """
        for lost_before in (False, True):
            try:
                self.on(STATUS).call("Util.VersionGet", timeout_s=_ANSWER_S)
            except RefusedError:
                return
            except InstrumentError:
                if lost_before:
                    raise
            else:
                return

    # -- inner ----------------------------------------------------------------------------

    def _ask_stop(self, name: str, stopping: Callable[[], bool]) -> None:
        """Send one command over the connection of the stop and wait for its answer."""
        with self._lock:
            if not self._wanted:
                raise InstrumentError("Nanonis is not connected: connect first")
            connection = self._stop()
        answer, limit_s = connection.send(name), min(_CHECK_S, self._timeout_s)
        if not answer.wait(limit_s) and stopping():
            raise InstrumentError(f"{name}: a stop came first")
        connection.finish(answer, limit_s)

    def _stop(self) -> Connection:
        """The one of the stop, opened if need be."""
        if len(self.ports) <= STOP:
            raise InstrumentError("no port is named for it (stop_port in the profile)")
        if not self._alive(STOP):
            self._reopen(STOP)
        return self._open[STOP]

    def _alive(self, number: int) -> bool:
        return number in self._open and self._open[number].alive

    def _reopen(self, number: int) -> None:
        self._drop(number)
        self._open[number] = Connection(self._host, self.ports[number], self._timeout_s)

    def _drop(self, number: int) -> None:
        if number in self._open:
            self._open.pop(number).close()

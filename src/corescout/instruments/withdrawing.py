"""The tip is lifted off the sample in a hold: when a person asks, or after some minutes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from corescout.instruments.entries import TipNotWithdrawn, TipWithdrawn
from corescout.instruments.halt import Halt
from corescout.instruments.journal import Journal
from corescout.instruments.plan_run import BIAS_V
from corescout.instruments.protocol import UNCONFIRMED, Instrument, InstrumentError, Withdraws
from corescout.instruments.states import SessionError

_CONFIRMED_S = 3.0  # for a stop to be confirmed before the tip is withdrawn


class Withdrawing:
    """Withdraws only where the tip is confirmed to rest at 0 V.

    Parameters
    ----------
    instrument : Instrument
    halt : Halt
    journal : Journal
    stop : callable
        Stops the instrument for a reason.
    holds : callable
        Whether the session holds.
    """

    def __init__(
        self,
        instrument: Instrument,
        halt: Halt,
        journal: Journal,
        stop: Callable[[str], object],
        holds: Callable[[], bool],
    ) -> None:
        self._instrument, self._halt, self._journal = instrument, halt, journal
        self._stop, self._holds = stop, holds
        self._timer: threading.Timer | None = None

    def withdraw(self, by: str) -> None:
        """Lift the tip and note by whom.

        Raises
        ------
        SessionError
            If it is not at rest at 0 V, or cannot be lifted from here. Nothing was sent then.
        InstrumentError
            If the instrument does not answer.
        """
        if not isinstance(self._instrument, Withdraws):
            name = self._instrument.capabilities.name
            raise SessionError(f"{name} cannot withdraw the tip from here: do it at the instrument")
        self._stop(f"the tip is to be withdrawn by {by}")  # what it is confirmed by holds now
        end_s, halt = time.monotonic() + _CONFIRMED_S, self._halt
        while (halt.report is None or halt.report.state == "sent") and time.monotonic() < end_s:
            time.sleep(0.02)
        if halt.report is None or not halt.report.confirmed:
            raise SessionError(f"the tip is not withdrawn: {halt.report or UNCONFIRMED}")
        bias_v = self._instrument.status().bias_v
        if not abs(bias_v) <= BIAS_V:
            raise SessionError(f"the tip is not withdrawn: the bias reads {bias_v:g} V")
        self._instrument.withdraw()
        self._journal.write(TipWithdrawn(by=by))
        halt.say_held()

    def begin(self, minutes: float) -> None:
        """Withdraw by itself after some minutes, if the session still holds."""
        self._timer = threading.Timer(60 * minutes, self._after_hold)
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        """Withdraw nothing by itself."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _after_hold(self) -> None:
        if not self._holds():
            return
        try:
            self.withdraw("after_hold")
        except (SessionError, InstrumentError, OSError) as error:
            with suppress(OSError, ValueError):
                self._journal.write(TipNotWithdrawn(reason=str(error)))

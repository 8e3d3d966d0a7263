"""The states of a session, and the error of who asks for what none of them allows."""

from __future__ import annotations

from typing import Literal

from corescout.data.errors import CorescoutError

SessionState = Literal["OBSERVE", "PREVIEW", "ARMED", "RUNNING", "HOLD"]


class SessionError(CorescoutError):
    """What was asked is not allowed in this state."""

"""Plans that go out as files, and what the other side writes back about them.

A plan is `plan-<time>-<hash>.json`; whoever carries it out writes `plan-<time>-<hash>.receipt.json`
beside it: ``{"sha256": ..., "state": "taken" | "done" | "refused", "reason": ...}``.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

from corescout.data import InputError
from corescout.instruments.clock import SteadyClock
from corescout.instruments.first_look import LIFETIME
from corescout.instruments.messages import Message
from corescout.instruments.protocol import InstrumentError
from corescout.whole import write_whole

FORMAT = "corescout plan 1"
ReceiptState = Literal["taken", "done", "refused"]
_CLOCK = SteadyClock()
_CLOCKS_DIFFER = timedelta(minutes=1)  # of two computers


@dataclass(frozen=True)
class PlanFile:
    """A plan that was handed over."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class Receipt:
    """What the other side says of a plan."""

    state: ReceiptState
    reason: str = ""


class Outbox:
    """A folder that plans are put into.

    Raises
    ------
    InputError
        If there is no such folder, or it cannot be written to.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir() or not os.access(self.folder, os.W_OK):
            raise InputError("a writable folder for plans", str(folder), "create it, or correct it")

    def put(self, messages: Sequence[Message]) -> PlanFile:
        """Write a plan; it is there as a whole or not at all."""
        said = [asdict(m) for m in messages]
        canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False)
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        now = datetime.now(UTC)
        plan = {
            "format": FORMAT, "made_at": now.isoformat(), "sha256": digest,
            "expires_at": (now + LIFETIME).isoformat(), "messages": said,
        }  # fmt: skip
        path = self.folder / f"plan-{now:%Y%m%dT%H%M%S}-{digest[:8]}.json"
        write_whole(path, json.dumps(plan, indent=1) + "\n", sync=True)
        return PlanFile(path, digest)

    def receipt(self, plan: PlanFile) -> Receipt | None:
        """Read what was written back; None while nothing was, or it is not complete.

        Raises
        ------
        InstrumentError
            If it is for another plan, or says nothing that is known.
        """
        path = plan.path.with_suffix(".receipt.json")
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        known = get_args(ReceiptState)
        if not isinstance(said, dict) or said.get("state") not in known:
            raise InstrumentError(f"{path.name}: expected a state of {', '.join(known)}")
        if said.get("sha256") != plan.sha256:
            raise InstrumentError(f"{path.name} is the receipt of another plan")
        return Receipt(said["state"], str(said.get("reason", "")))


def read_plan(path: str | Path, clock: SteadyClock | None = None) -> list[Message]:
    """Read a plan back, as whoever carries it out should: its hash is held against its content.

    No clock that is set back makes it last longer: the time within this program never goes back, a
    plan of the future is refused, and so is one that would last longer than plans do.

    Parameters
    ----------
    clock : SteadyClock, optional
        That its end is held against; one of this program if None.

    Raises
    ------
    InputError
        If it is no plan, was changed, has lain for too long, or was written later than now.
    """
    path, clock = Path(path), clock or _CLOCK
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        messages = [Message(m["kind"], m["values"], m["target_uid"]) for m in said["messages"]]
        canonical = json.dumps(said["messages"], sort_keys=True, separators=(",", ":"))
        made_at, expires_at = (
            datetime.fromisoformat(said[key]).astimezone(UTC) for key in ("made_at", "expires_at")
        )
        written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        lasts = expires_at - made_at
        whole = said["format"] == FORMAT
        whole &= hashlib.sha256(canonical.encode()).hexdigest() == said["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("a plan", f"{path.name} ({error})", "hand it over again") from error
    if not whole:
        raise InputError(
            "a plan as it was written", f"{path.name} was changed", "hand it over again"
        )
    now = clock.now()
    if max(made_at, written_at) > now + _CLOCKS_DIFFER:
        raise InputError(
            "a plan from before now",
            f"one that was written at {max(made_at, written_at):%Y-%m-%d %H:%M:%S} UTC, and it is"
            f" {now:%H:%M:%S}",
            "set the computer's clock, and hand it over again",
        )
    if now > expires_at or lasts > LIFETIME:
        raise InputError("a plan that is in force", f"one until {expires_at}", "make it again")
    return messages

"""Whether a plan begins with a frame that is compared with its scan, and why not where it does not.

A scan that has just ended needs none: what its sample has moved since is the age of the scan times
the rate of the drift, and below half the tolerance of the plan that moves no target off its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from corescout.data import Scan

LIFETIME = timedelta(minutes=15)
LEAST_LIFETIME = timedelta(minutes=5)  # to approve and to run what begins without a frame


@dataclass(frozen=True)
class Drifting:
    """At most how fast a sample drifts.

    Attributes
    ----------
    length_m : float
        That it moved.
    seconds : float
        In this time.
    within_m : float
        How well a length is known: half a pixel of what was compared.
    """

    length_m: float
    seconds: float
    within_m: float

    @property
    def rate_m_per_s(self) -> float:
        """The largest rate that agrees with it: (length + within) / time."""
        return (self.length_m + self.within_m) / self.seconds


@dataclass(frozen=True)
class FirstLook:
    """What was decided.

    Attributes
    ----------
    speed_m_per_s : float or None
        Of the frame; None: there is none.
    lifetime : timedelta
        For which a plan holds at most.
    words : str
        Why there is none, with figures; "" where there is one, or where none is possible.
    """

    speed_m_per_s: float | None = None
    lifetime: timedelta = LIFETIME
    words: str = ""


def first_look(
    scan: Scan,
    speed_m_per_s: float | None,
    *,
    own: bool,
    drifting: Drifting | None,
    tolerance_m: float,
    now: datetime | None = None,
) -> FirstLook:
    """Decide whether a plan on a scan needs a frame before its first target.

    None is needed while rate x age < tolerance / 2; a plan without one ends when that ends.

    Parameters
    ----------
    scan : Scan
        That the targets were chosen on.
    speed_m_per_s : float or None
        That a frame is scanned at; None where the instrument scans none on the way.
    own : bool
        Whether this instrument took it in this session.
    drifting : Drifting or None
        Of the sample, as it was measured last.
    tolerance_m : float
        Of the plan.
    """
    if speed_m_per_s is None:
        return FirstLook()
    look, ended = FirstLook(speed_m_per_s), scan.acquired_at
    if not own or drifting is None or ended is None or ended.tzinfo is None:
        return look
    age = (now or datetime.now(UTC)) - ended
    rate = drifting.rate_m_per_s
    holds_s = min(tolerance_m / 2 / rate, 1e6) if rate > 0 else 1e6
    left = timedelta(seconds=holds_s) - age
    if age < timedelta(0) or left < LEAST_LIFETIME:
        return look
    return FirstLook(None, min(LIFETIME, left), _words(age, rate, tolerance_m))


def _words(age: timedelta, rate: float, tolerance_m: float) -> str:
    seconds = age.total_seconds()
    return (
        f"No frame before the first target: the scan ended {minutes(seconds)} ago, and the sample"
        f" drifts by at most {rate * 60e9:.2g} nm a minute. That is"
        f" {max(rate * seconds * 1e9, 0.1):.2g} nm, less than half the tolerance"
        f" ({tolerance_m * 5e8:.3g} nm)."
    )


def minutes(seconds: float) -> str:
    """Say a time as a person reads it: "58 s", "2 min 5 s"."""
    whole, rest = divmod(round(seconds), 60)
    return f"{whole} min {rest} s" if whole else f"{seconds:.0f} s"

"""What an instrument must show before a plan is armed: who it is, and a tip that rests."""

from __future__ import annotations

import json
from dataclasses import asdict

from corescout.data import Scan
from corescout.instruments.entries import Approved
from corescout.instruments.limits import Limits
from corescout.instruments.protocol import (
    Identified,
    Instrument,
    InstrumentError,
    TellsNoise,
    TriesStop,
)
from corescout.instruments.states import SessionError
from corescout.instruments.visit_plan import VisitPlan


def identities_of(instrument: Instrument) -> tuple[str, ...]:
    """Return what an instrument is known by: what answers, where it can be asked.

    Raises
    ------
    SessionError
        If it does not answer.
    """
    if isinstance(instrument, Identified):
        try:
            return instrument.identities()
        except InstrumentError as error:
            raise SessionError(f"the instrument cannot be identified: {error}") from error
    return (instrument.capabilities.address,)


def noise_at_rest(instrument: Instrument, limits: Limits | None) -> tuple[float | None, str | None]:
    """Return the noise of a position at rest in metres, and why a plan may not be armed.

    None is an instrument that does not tell, and no problem: the tip rests, and a stop is taken.
    """
    try:
        noise_m, problem = _readback_noise(instrument, limits)
        if problem is None and isinstance(instrument, TriesStop):
            problem = instrument.try_stop()
    except InstrumentError as error:
        return None, str(error)
    return noise_m, problem


def approval(plan: VisitPlan, by: str, limits: Limits | None, noise_m: float | None) -> Approved:
    """Return the entry of an approval: the plan and the limits stand beside it."""
    return Approved(
        digest=plan.digest,
        by=by,
        plan=json.loads(plan.canonical()),
        limits=None if limits is None else asdict(limits),  # marker check too
        readback_noise_m=noise_m,
    )


def refusal(plan: VisitPlan, digest: str, reference: Scan | None) -> str | None:
    """Return why a plan is not run, None if it is: it must be the approved one, byte by byte."""
    if plan.digest != digest:
        return "the plan is not the one that was approved"
    if plan.drift_check is not None and (
        reference is None or reference.content_sha256 != plan.scan_sha256
    ):
        return "the plan checks drift: give the scan that it comes from"
    return None


def _readback_noise(
    instrument: Instrument, limits: Limits | None
) -> tuple[float | None, str | None]:
    """Noise of a position at rest, by which stops are confirmed, and what is wrong with it."""
    if not isinstance(instrument, TellsNoise) or limits is None:
        return None, None
    noise_m, tolerance_m = instrument.readback_noise(), limits.readback_tolerance_m
    if 3 * noise_m <= tolerance_m:
        return noise_m, None
    return noise_m, (
        f"a position at rest is read back within {3 * noise_m * 1e9:.3g} nm (3 standard"
        f" deviations), more than readback_tolerance_m ({tolerance_m * 1e9:.3g} nm)"
    )

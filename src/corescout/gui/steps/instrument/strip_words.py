"""What the strip above all steps says: a line for a person at 3 in the morning, then facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from corescout.data.counted import counted
from corescout.data.sentences import ended
from corescout.gui.jobs.instrument_link import LinkSnapshot, status_words
from corescout.gui.model.visit import VisitProgress
from corescout.instruments import Limits

Level = Literal["calm", "active", "problem"]
_WAITS = "A plan waits for approval"
_LONGEST = 90  # letters of a reason in the first line; all of it stands below


@dataclass(frozen=True)
class StripWords:
    """Lines of the strip.

    Attributes
    ----------
    headline : str
        What happens, or what to do.
    level : {"calm", "active", "problem"}
    facts : str
        Connection, place, bias; limits in force; the sample; the policy.
    """

    headline: str
    level: Level
    facts: str


def strip_words(
    snapshot: LinkSnapshot,
    progress: VisitProgress,
    limits: Limits | None,
    *,
    name: str,
    sample: str,
    policy: str = "",
    watching: bool = False,
    refused: str = "",
    barred: bool = False,
) -> StripWords:
    """Return the lines for what is known of an instrument now.

    Parameters
    ----------
    name : str
        Of the instrument.
    sample : str
        What is known of the sample under the tip, against the scan.
    policy : str
        Who signed what, and what is left of it; "" without one.
    watching : bool
        Whether each scan of it is understood as it comes.
    refused : str
        Why the policy leaves a plan to a person.
    barred : bool
        Whether the plan that is shown has errors: nobody can approve it.
    """
    if policy and refused and snapshot.state == "PREVIEW":
        refused = f"A PLAN WAITS FOR YOU in step 6: {_short(refused)}"
    else:
        refused = ""
    headline, level = _headline(snapshot, progress, policy=policy, watching=watching)
    if barred and headline == _WAITS:
        headline = "This plan cannot be approved: step 6 says why"
    if refused and level != "problem":
        headline, level = refused, "active"
    connection = f"{name}: " + (
        "NOT CONNECTED, last known " if snapshot.lost else ""
    ) + status_words(snapshot)  # fmt: skip
    lines = [connection, _limits(limits), ended(f"Sample: {sample}")]
    if policy:
        lines.append(ended(f"Policy {policy}"))
    return StripWords(headline, level, "\n".join(lines))


def closing_words(snapshot: LinkSnapshot, headline: str, *, policy: bool) -> str:
    """Return what closing the window would do to the instrument; "" if nothing.

    Parameters
    ----------
    headline : str
        Of the strip.
    policy : bool
        Whether one is in force.
    """
    if snapshot.stop_state not in ("", "confirmed"):
        return f"{ended(headline)} The last stop is not confirmed: look at the instrument first."
    if snapshot.running or snapshot.scanning or snapshot.state in ("ARMED", "RUNNING"):
        if snapshot.lost:
            return (
                "CONNECTION LOST while the instrument was at work. Closing cannot stop it: stop it"
                " there first."
            )
        return (
            f"The instrument: {ended(headline)} Closing stops it: nothing more is sent, and the tip"
            " stays where it is."
        )
    if policy:
        return "A policy is in force. Closing takes it back and ends the watch."
    return ""


def _headline(
    snapshot: LinkSnapshot, progress: VisitProgress, *, policy: str, watching: bool
) -> tuple[str, Level]:
    state, stop, at = snapshot.state, snapshot.stop_state, _at(progress)
    if stop == "not reached":
        there = "The stop did NOT reach the controller: stop it there."
        return f"{ended(f'CONNECTION LOST{at}')} {there}", "problem"
    if stop == "not confirmed":
        return f"{ended(f'STOP IS NOT CONFIRMED{at}')} Look at the controller now.", "problem"
    if snapshot.lost:
        return f"{ended(f'CONNECTION LOST{at}')} Look at the controller.", "problem"
    if state == "HOLD" and stop == "sent":
        return "STOPPING ...", "problem"
    if state == "HOLD" and stop == "confirmed":
        why = _short(snapshot.hold_reason)
        said = "" if why.startswith("STOP was pressed") or not why else f": {why}"
        return f"{ended(f'STOPPED{at}{said}')} Nothing is sent until you release.", "problem"
    if state == "HOLD":
        return f"HELD{at}: {_short(snapshot.hold_reason)}", "problem"
    if snapshot.problem:
        return f"PROBLEM: {_short(snapshot.problem)}", "problem"
    if state == "RUNNING" or snapshot.running:
        return f"MEASURING{at}", "active"
    if snapshot.scanning:
        return "SCANNING", "active"
    if state == "ARMED":
        return f"ARMED for {snapshot.armed_for_s:.0f} s", "active"
    if snapshot.busy:
        return f"{'WATCHING' if watching else 'BUSY'}: the instrument is at work", "active"
    if policy:
        return "WATCHING: plans within the policy run without asking", "active"
    if state == "PREVIEW":
        return _WAITS, "calm"
    return ("WATCHING" if watching else "READY: nothing moves"), "calm"


def _at(progress: VisitProgress) -> str:
    number = progress.current
    measured = f" ({progress.done} of {len(progress.targets)} measured)"
    return f" at target {number}{measured}" if number else ""


def _short(reason: str) -> str:
    """The first sentence or clause of a reason, without the names of classes."""
    first = reason.partition(";")[0].strip()
    head, colon, rest = first.partition(": ")
    if colon and head.endswith("Error"):
        first = rest
    return first if len(first) <= _LONGEST else first[: _LONGEST - 1].rstrip() + "…"


def _limits(limits: Limits | None) -> str:
    if limits is None:
        return "Limits: none, so nothing can be approved."
    (x0, x1), (y0, y1) = limits.x_m, limits.y_m
    return (
        f"Limits: ±{limits.largest_bias_v:g} V, {(x1 - x0) * 1e6:.3g} × {(y1 - y0) * 1e6:.3g} µm,"
        f" {counted(limits.most_targets, 'target')}, {limits.largest_speed_m_per_s * 1e6:g} µm/s."
    )

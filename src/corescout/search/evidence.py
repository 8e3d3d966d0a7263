"""Is there more than one type? The winner's road on surfaces that have none.

Surrogates keep the scan's power spectrum and grey levels and lose every pattern beyond them
(phase randomisation). A curved cloud gains from several Gaussians too, so a positive gain is no
evidence by itself; a gain that such surfaces hardly ever reach is. They are tried in waves, and the
rest is left out once enough of them have reached the gain that no more could make it significant.

A single pattern, stripes or a labyrinth, gains more than any surrogate: its edges, tips and
junctions are different patches. What it does not do is to keep them in different places, so the
types must lie apart as well (`search.places`), which costs nothing and is asked first.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from corescout.data import Candidate, Evidence
from corescout.plan import Plan
from corescout.search.places import PlaceAgreement
from corescout.search.tasks import Task

_STACK = 4  # most surrogates trained as one stack: fills the cores' caches, keeps Stop prompt
_FIRST_WAVE = 6  # surrogates that are tried before it is asked whether the answer is clear


def waves(plan: Plan) -> list[range]:
    """Numbers of the surrogates that are tried together, independent of the workers."""
    count = plan.decision.null_surrogates
    first = min(_FIRST_WAVE, count)
    return [wave for wave in (range(first), range(first, count)) if len(wave)]


def settled(
    gain: float, null_gains: tuple[float, ...], plan: Plan, places: PlaceAgreement | None = None
) -> bool:
    """Say whether the answer is "no evidence" whatever the surrogates that are left give."""
    reached = int(np.sum(np.asarray(null_gains) >= gain))
    least_p = (1 + reached) / (1 + plan.decision.null_surrogates)
    return gain <= 0 or lie_alike(places, plan) or least_p > plan.decision.significance


def surrogate_tasks(winner: Candidate, plan: Plan, numbers: range) -> list[Task]:
    """Return the winner's trial on surfaces without types, in at least two stacks if it can.

    On a GPU they train as one stack.
    """
    stacks = 1 if plan.training.device == "cuda" else max(-(-len(numbers) // _STACK), 2)
    stacks = min(stacks, len(numbers))
    if winner.sees_no_patches:  # each has features of its own
        stacks = len(numbers)
    once = plan.model_copy(update={"training": plan.training.model_copy(update={"retries": 0})})
    return [
        Task(
            once,
            tuple(replace(winner, seed=plan.seed + 1 + numbers[i]) for i in chosen),
            tuple(numbers[i] for i in chosen),
        )
        for chosen in np.array_split(np.arange(len(numbers)), stacks)
    ]


def judge(
    gain: float, null_gains: tuple[float, ...], plan: Plan, places: PlaceAgreement | None = None
) -> Evidence:
    """Compare the winner's gain with those of surfaces without types, and its types' places.

    p = (1 + number of null gains at least as large) / (1 + number of null gains), or that of the
    places where it is larger: both must hold (intersection-union test).
    """
    apart = _apart(places, plan)
    if gain <= 0:
        reason = "no evidence of separate types: one component describes the codes best"
        return Evidence(1.0, gain, null_gains, False, reason, *apart)
    p_places = places.p_value if places and plan.decision.largest_agreement is not None else 0.0
    if places is not None and lie_alike(places, plan):
        reason = (
            "no evidence of separate types: the clusters are spread evenly over the scan, as"
            f" the parts of one pattern are ({places})"
        )
        p_value = max(p_places, _p_of_one_pattern(places, plan))
        return Evidence(p_value, gain, null_gains, False, reason, *apart)
    if not null_gains:
        asked = plan.decision.null_surrogates > 0
        reason = _not_tested(plan) if asked else "not tested against surfaces without types"
        return Evidence(float("nan"), gain, (), not asked, reason, *apart)
    reached = int(np.sum(np.asarray(null_gains) >= gain))
    p_value = max((1 + reached) / (1 + len(null_gains)), p_places)
    has_types = p_value <= plan.decision.significance
    against = f"{reached} of {len(null_gains)} surfaces without types reach it"
    if len(null_gains) < plan.decision.null_surrogates and settled(gain, null_gains, plan, places):
        against += ", more were not needed"
    if has_types and places is not None:
        against += f", and each type keeps to its own places ({places})"
    word = "evidence of separate types" if has_types else "no evidence of separate types"
    reason = f"{word}: gain {gain:.2f}, {against} (p = {p_value:.2f})"
    return Evidence(p_value, gain, null_gains, has_types, reason, *apart)


def without_claim_of_scattering(evidence: Evidence, winner: Candidate) -> Evidence:
    """Return the evidence without a claim that scattering alone makes: possible types are left.

    Its codes are averages over 21 px that vary slowly over any pattern; on scans of one pattern
    they lie apart, with gaps, more often than a claim may be wrong.
    """
    if winner.kind != "scattering" or not evidence.has_types:
        return evidence
    found = evidence.reason.removeprefix("evidence of separate types").lstrip(": ")
    reason = (
        "no evidence of separate types, as nothing that was trained is left and scattering finds"
        f" types in one pattern too often: {found}"
    )
    return replace(evidence, has_types=False, reason=reason, p_value=float("nan"))


def _not_tested(plan: Plan) -> str:
    """Why no surface without types was tried, although the plan asks for them."""
    count, significance = plan.decision.null_surrogates, plan.decision.significance
    few = 1 / (1 + count) > significance
    why = f"{count} of them cannot bring p <= {significance:g} about" if few else "time was up"
    return f"no evidence of separate types: not tested against surfaces without types, as {why}"


def _apart(places: PlaceAgreement | None, plan: Plan) -> tuple[float, float, bool]:
    """Agreement, its error, and whether types keep to their own places, as `Evidence` has them."""
    if places is None:
        return float("nan"), float("nan"), False
    asked = plan.decision.largest_agreement is not None
    return places.value, places.standard_error, asked and not lie_alike(places, plan)


def lie_alike(places: PlaceAgreement | None, plan: Plan) -> bool:
    """Whether types agree at a distance no further than one pattern may, or than chance does.

    One standard error is left between the agreement and what one pattern may have: on a small scan
    it is a matter of a few places.
    """
    largest = plan.decision.largest_agreement
    if places is None or largest is None:
        return False
    least = places.value - places.standard_error
    return least <= largest or not places.p_value <= plan.decision.significance


def _p_of_one_pattern(places: PlaceAgreement, plan: Plan) -> float:
    """How likely an agreement as high is where it is truly no more than one pattern may have.

    The normal tail of (value - largest) / standard error: at least 0.16 where types lie alike.
    """
    from scipy.stats import norm

    above = places.value - (plan.decision.largest_agreement or 0.0)
    return float(norm.sf(above / max(places.standard_error, 1e-9)))

"""What is claimed must hold for the types that are shown, not for those of the winner alone.

The evidence of one image is asked of the winner's codes: its gain, its gaps, the places of its
components. Where candidates make the types together these are other types, so that their places
are asked too, with the same statistic and the same bars. They are shown smoothed over neighbours,
and smoothing makes any pattern keep to its places: asked is what each patch alone is likeliest of.
Both must hold (intersection-union test), so that this only ever takes a claim away.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from corescout.data import Evidence, ShownPlaces
from corescout.plan import Plan
from corescout.search.consensus import Agreed
from corescout.search.evidence import lie_alike
from corescout.search.merging import grouped
from corescout.search.places import Places


def asked_of_shown(evidence: Evidence, together: Agreed | None, plan: Plan) -> Evidence:
    """Return the evidence with the places of the types that are shown, and no claim without them.

    Parameters
    ----------
    together : Agreed or None
        What candidates agree on; None where the winner's types are shown, of which all was asked.
    """
    if together is None or not evidence.grade or plan.decision.largest_agreement is None:
        return evidence
    found = shown_places(together, plan)
    reason = f"{evidence.reason} (of the winner's codes); {found.in_words}"
    both = replace(evidence, shown=found, reason=reason)
    if not evidence.has_types:
        return both
    if found.keep_to_places:
        return replace(both, p_value=max(evidence.p_value, found.p_value))
    gaps = evidence.reason.removeprefix("evidence of separate types").lstrip(": ")
    reason = f"no evidence of separate types, as {found.in_words}; of the winner's codes: {gaps}"
    return replace(both, has_types=False, grade="possible zones", reason=reason, p_value=math.nan)


def shown_places(together: Agreed, plan: Plan) -> ShownPlaces:
    """Ask the types of a vote, not smoothed, how far they agree at a distance.

    Beyond the overlap of the largest window that votes.
    """
    votes = together.votes
    places = Places.of(np.asarray(votes.yx_px), votes.consensus.largest_window_px)
    tau = grouped(together.mixture.assign(votes.codes), together.type_of_component - 1)
    found = places.agreement(tau, tested=True)
    return ShownPlaces(
        found.value, found.standard_error, found.p_value, not lie_alike(found, plan),
        found.distance_px,
    )  # fmt: skip

"""Lateral PFM sees one component of a vector: a turned patch is not a turned domain.

With both in-plane components the vector turns with the patch; with one, a rotation changes the
contrast itself, and an autoencoder that calls turned patches the same joins domains that differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from corescout.plan import Plan

LATERAL = "lateral"


def without_rotation(
    plan: Plan, channels: Sequence[str], roles: Mapping[str, str]
) -> tuple[Plan, tuple[str, ...]]:
    """Return the plan without rotation where channels are lateral, and a note that says so.

    Unchanged where no channel is lateral, where both in-plane components are there ("lateral x"
    and "lateral y"), or where nothing is invariant to rotation anyway.
    """
    kinds = {roles.get(name, "").partition(LATERAL)[2].strip() for name in channels
             if LATERAL in roles.get(name, "")}  # fmt: skip
    if not kinds or {"x", "y"} <= kinds or not any("r" in i for i in plan.invariances):
        return plan, ()
    left = tuple(dict.fromkeys(_unturned(i) for i in plan.invariances))
    note = (
        "invariance to rotation is left out: a lateral channel is one component of a vector, and a"
        f" turned patch is not a turned domain ({', '.join(plan.invariances)} became"
        f" {', '.join(left)})"
    )
    return plan.model_copy(update={"invariances": left}), (note,)


def _unturned(invariances: str) -> str:
    return invariances if invariances == "none" else invariances.replace("r", "") or "none"

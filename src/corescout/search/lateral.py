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

    Direction is physics there, so candidates without rotation decide. With both in-plane
    components ("lateral x" and "lateral y") rotation is left out unless other invariances than the
    usual ones were asked for. Unchanged where no channel is lateral.
    """
    kinds = {roles.get(name, "").partition(LATERAL)[2].strip() for name in channels
             if LATERAL in roles.get(name, "")}  # fmt: skip
    if not kinds or not any("r" in i for i in plan.invariances):
        return plan, ()
    decision = plan.decision.model_copy(update={"none_decides": True})
    plan = plan.model_copy(update={"decision": decision})
    whole = {"x", "y"} <= kinds
    if whole and plan.invariances != Plan.model_fields["invariances"].default:
        return plan, ()
    left = tuple(dict.fromkeys(_unturned(i) for i in plan.invariances))
    why = (
        "the direction of an in-plane vector is physics; ask for r with --invariances"
        if whole
        else "a lateral channel is one component of a vector, and a turned patch is not a turned"
        " domain"
    )
    note = (
        f"invariance to rotation is left out: {why} ({', '.join(plan.invariances)} became"
        f" {', '.join(left)})"
    )
    return plan.model_copy(update={"invariances": left}), (note,)


def _unturned(invariances: str) -> str:
    return invariances if invariances == "none" else invariances.replace("r", "") or "none"

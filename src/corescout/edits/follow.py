"""What follows from the types: core points and targets."""

from __future__ import annotations

from dataclasses import replace

from corescout.cores import find_core_points
from corescout.data import Result, TypedPoints
from corescout.plan import Plan
from corescout.targets import targets_of


def with_types(
    result: Result, typed: TypedPoints | None = None, plan: Plan | None = None
) -> Result:
    """Return the result with its types, and its core points and targets found anew.

    Parameters
    ----------
    typed : TypedPoints, optional
        The result's patches as they shall be typed; as they are if None.
    plan : Plan, optional
        For the share of core points and the choice of targets; that of the run if None.
    """
    plan = plan or Plan.model_validate(result.plan)
    if typed is not None:
        result = replace(
            result,
            mixture=typed.mixture,
            type_of_component=typed.type_of_component,
            edited_types=typed.edited_types,
        )
    decision = plan.decision
    cores = find_core_points(result.typed, decision.core_share, clear=decision.clear_cores)
    result = replace(result, core_points=cores)
    return replace(result, targets=targets_of(result, plan.targets))

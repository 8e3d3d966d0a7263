"""What follows from the types: core points and targets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corescout.cores import find_core_points
from corescout.data import Mixture, Result, Types
from corescout.plan import Plan
from corescout.targets import choose_targets


def with_types(
    result: Result,
    types: Types | None = None,
    mixture: Mixture | None = None,
    type_of_component: NDArray[np.int64] | None = None,
    plan: Plan | None = None,
) -> Result:
    """Return the result with its types, and its core points and targets found anew.

    Parameters
    ----------
    types : Types, optional
        The result's own if None.
    mixture, type_of_component : optional
        Likewise.
    plan : Plan, optional
        For the share of core points and the choice of targets; that of the run if None.
    """
    plan = plan or Plan.model_validate(result.plan)
    if types is not None:
        result = replace(
            result,
            edited_types=types,
            mixture=mixture or result.mixture,
            type_of_component=(
                result.type_of_component if type_of_component is None else type_of_component
            ),
        )
    z = np.asarray(result.fit.latents.mean)
    kinds = np.asarray(result.type_of_component)
    core = find_core_points(
        z,
        result.mixture,
        kinds,
        plan.decision.core_share,
        names(result.types),
        np.asarray(result.types.of_point),
    )
    places = np.asarray(result.patches.center_yx_px)
    targets = choose_targets(
        result.scan, places, z, result.mixture, kinds, core, plan.targets, types=result.types
    )
    return replace(result, core_points=core, targets=targets)


def names(types: Types) -> tuple[str, ...]:
    """Return the names of type 1, 2, ... without a gap."""
    return tuple(types.name(n) for n in range(1, max(types.numbers) + 1))

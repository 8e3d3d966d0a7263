"""Targets by what the loops of this session showed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from corescout.data import Measurement, Result
from corescout.instruments import Limits
from corescout.instruments.target_export import allowed_places
from corescout.live.settings import LiveSettings
from corescout.steering import EarlierPoint, Suggestion, suggest, values_of_loops


def steered(
    result: Result,
    loops: Sequence[tuple[EarlierPoint, Measurement]],
    settings: LiveSettings,
    limits: Limits | None,
    written_radius_m: float | None = None,
) -> Suggestion | None:
    """Suggest the next batch on the newest scan; None while there is no loop.

    Parameters
    ----------
    loops : sequence of (EarlierPoint, Measurement)
        Of the session: what their places were like before, and where they are by now.
    limits : Limits or None
        Nothing outside them is suggested.
    written_radius_m : float, optional
        Of what the loops wrote, where that was seen.
    """
    steering = settings.steering
    if steering is None or settings.action != "spectrum" or not loops:
        return None
    count = len(np.asarray(result.patches.center_yx_px))
    values = values_of_loops([loop for _, loop in loops], steering.name, count)
    inside = allowed_places(result, limits, settings.action, settings.action_settings)
    return suggest(
        result, values, steering.goals, steering.batch, error=steering.error, allowed=inside,
        earlier=[point for point, _ in loops], written_radius_m=written_radius_m,
        reference_every=steering.reference_every,
    )  # fmt: skip

"""Choose targets: the clearest examples of each type, apart from each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from corescout.data import CorePoints, Mixture, Scan, Target
from corescout.plan import TargetPlan


def choose_targets(
    scan: Scan,
    yx_px: NDArray[np.float64],
    z: NDArray[np.float64],
    mixture: Mixture,
    type_of_component: NDArray[np.int64],
    core_points: CorePoints,
    plan: TargetPlan,
    measured_xy_m: ArrayLike = (),
) -> tuple[Target, ...]:
    """Choose up to `plan.per_type` targets of each type, the most typical first.

    Parameters
    ----------
    yx_px : (N, 2)
        Centres of the patches on the scan's pixels.
    z : (N, L)
    measured_xy_m : (P, 2), optional
        Places measured before; new targets keep the spacing from them as well.

    Returns
    -------
    tuple of Target
        Types take turns, so that a run cut short has seen all of them; priority 1 comes first.
    """
    order, typicality = _ranked(z, mixture, type_of_component, core_points, plan)
    spacing_px = _spacing_px(scan, plan)
    taken = _measured_px(scan, measured_xy_m)
    chosen: list[tuple[int, int, int]] = []  # turn, type, row
    for kind, rows in order.items():
        turn = 0
        for row in rows[np.argsort(-typicality[kind], kind="stable")]:
            if turn == plan.per_type:
                break
            if all(np.hypot(*(yx_px[row] - other)) >= spacing_px for other in taken):
                taken.append(yx_px[row])
                chosen.append((turn, kind, int(row)))
                turn += 1
    return tuple(
        Target(
            uid=f"{scan.uid}-{priority}",
            scan_uid=scan.uid,
            yx_px=(float(yx_px[row][0]), float(yx_px[row][1])),
            xy_m=_metres(scan, yx_px[row]),
            type=kind,
            priority=priority,
        )
        for priority, (_, kind, row) in enumerate(sorted(chosen), start=1)
    )


def _ranked(
    z: NDArray[np.float64],
    mixture: Mixture,
    type_of_component: NDArray[np.int64],
    core_points: CorePoints,
    plan: TargetPlan,
) -> tuple[dict[int, NDArray[np.int64]], dict[int, NDArray[np.float64]]]:
    """Rows that may be chosen and how much each is wanted, by type."""
    if plan.choice == "core":
        rows, kinds, wanted = core_points.index, core_points.type, core_points.typicality
    else:
        tau = mixture.assign(z)
        rows = np.arange(len(z))
        kinds = type_of_component[tau.argmax(axis=1)]
        unsure = 1 - tau.max(axis=1)
        far = mixture.mahalanobis2(z).min(axis=1)
        wanted = unsure if plan.choice == "boundary" else far
    types = [int(t) for t in np.unique(kinds)]
    return {t: rows[kinds == t] for t in types}, {t: wanted[kinds == t] for t in types}


def _spacing_px(scan: Scan, plan: TargetPlan) -> float:
    if plan.spacing_m is None or scan.frame is None:
        return plan.spacing_px
    return plan.spacing_m / min(scan.frame.pitch_m)


def _measured_px(scan: Scan, measured_xy_m: ArrayLike) -> list[NDArray[np.float64]]:
    places = np.asarray(measured_xy_m, dtype=np.float64).reshape(-1, 2)
    return list(scan.frame.to_px(places)) if scan.frame is not None and len(places) else []


def _metres(scan: Scan, yx_px: NDArray[np.float64]) -> tuple[float, float] | None:
    if scan.frame is None:
        return None
    x, y = scan.frame.to_m(yx_px)
    return float(x), float(y)

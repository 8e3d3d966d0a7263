"""Choose targets: clear examples of each type, apart from each other and unlike each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from corescout.data import CorePoints, Result, Scan, Target, TypedPoints
from corescout.plan import TargetPlan

_NEIGHBOURS = 6
_CLEAR = 0.5  # share of them that must be of a core target's own type


def choose_targets(
    scan: Scan,
    yx_px: NDArray[np.float64],
    points: TypedPoints,
    core_points: CorePoints,
    plan: TargetPlan,
    measured_xy_m: ArrayLike = (),
) -> tuple[Target, ...]:
    """Choose up to `plan.per_type` targets of each type.

    The most wanted point of a type comes first; each next one maximises
    (1 - d) wanted + d nearest, where `wanted` is the rank of its clarity (or its doubt, or its
    novelty) in 0..1, `nearest` its distance from the chosen ones of its type, half of it in
    latent and half in real space, in diameters (farthest point; Gonzalez, 1985), and d is
    `plan.diversity`.

    Parameters
    ----------
    yx_px : (N, 2)
        Centres of the patches on the scan's pixels.
    points : TypedPoints
        The patches. Hidden types get no target.
    measured_xy_m : (P, 2), optional
        Places measured before; new targets keep `plan.avoid_m` from them, the spacing if that is
        not set.

    Returns
    -------
    tuple of Target
        Types take turns, so that a run cut short has seen all of them; number 1 comes first.
    """
    order, wanted = _ranked(yx_px, points, core_points, plan)
    inside = _inside(scan, yx_px, plan.margin_m)
    taken = _Taken(_spacing_px(scan, plan))
    taken.add_all(_measured_px(scan, measured_xy_m), _avoid_px(scan, plan))
    chosen: list[tuple[int, int, int]] = []  # turn, type, row
    pools = {kind: rows[inside[rows]] for kind, rows in order.items()}
    likes = {kind: _rank(wanted[kind][inside[rows]]) for kind, rows in order.items()}
    for turn in range(plan.per_type):
        for kind, rows in pools.items():
            mine = [row for _, other, row in chosen if other == kind]
            row = _next(rows, likes[kind], mine, yx_px, points.z, plan.diversity, taken)
            if row is not None:
                taken.add(yx_px[row])
                chosen.append((turn, kind, row))
    return tuple(
        Target(
            uid=f"{scan.uid}-y{yx_px[row][0]:.1f}-x{yx_px[row][1]:.1f}",
            scan_uid=scan.uid,
            yx_px=(float(yx_px[row][0]), float(yx_px[row][1])),
            xy_m=_metres(scan, yx_px[row]),
            type=kind,
            number=number,
        )
        for number, (_, kind, row) in enumerate(sorted(chosen), start=1)
    )


def without_target(
    scan: Scan,
    yx_px: NDArray[np.float64],
    points: TypedPoints,
    core_points: CorePoints,
    plan: TargetPlan,
    targets: tuple[Target, ...],
) -> tuple[str, ...]:
    """Say of each type that is shown and has no target why it has none.

    Parameters
    ----------
    targets : tuple of Target
        As `choose_targets` chose them from the same.
    """
    order, _ = _ranked(yx_px, points, core_points, plan)
    inside = _inside(scan, yx_px, plan.margin_m)
    have = {target.type for target in targets}
    said = []
    for kind in sorted(set(points.types.numbers) - points.types.hidden - have):
        rows = order.get(kind, np.zeros(0, np.int64))
        if not len(rows):
            why = "its core points lie among points of other types"
        elif not inside[rows].any():
            why = "its core points lie within the margin of the edge"
        else:
            why = "its core points lie within the spacing of other targets or of measured places"
        said.append(f"{points.types.name(kind)} has no target: {why}")
    return tuple(said)


def targets_of(
    result: Result, plan: TargetPlan, measured_xy_m: ArrayLike = ()
) -> tuple[Target, ...]:
    """Choose the targets of a finished result, see `choose_targets`."""
    return choose_targets(
        result.scan,
        np.asarray(result.patches.center_yx_px),
        result.typed,
        result.core_points,
        plan,
        measured_xy_m,
    )


class _Taken:
    """Places that keep others away."""

    def __init__(self, spacing_px: float) -> None:
        self._spacing_px = spacing_px
        self._places: list[tuple[NDArray[np.float64], float]] = []

    def add(self, yx_px: NDArray[np.float64]) -> None:
        self._places.append((yx_px, self._spacing_px))

    def add_all(self, places: list[NDArray[np.float64]], radius_px: float) -> None:
        self._places += [(place, radius_px) for place in places]

    def free(self, yx_px: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of places (N, 2) are far enough from all."""
        free = np.ones(len(yx_px), bool)
        for place, radius in self._places:
            free &= np.linalg.norm(yx_px - place, axis=1) >= radius
        return free


def _next(
    rows: NDArray[np.int64],
    likes: NDArray[np.float64],
    mine: list[int],
    yx_px: NDArray[np.float64],
    z: NDArray[np.float64],
    diversity: float,
    taken: _Taken,
) -> int | None:
    """The row that is wanted most, given those of its type that were chosen; None if none."""
    free = taken.free(yx_px[rows])
    if not free.any():
        return None
    score = likes.copy()
    if mine:
        apart = 0.5 * (_nearest(yx_px[rows], yx_px[mine]) + _nearest(z[rows], z[mine]))
        score = (1 - diversity) * likes + diversity * apart
    return int(rows[int(np.argmax(np.where(free, score, -np.inf)))])


def _nearest(places: NDArray[np.float64], chosen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance (N,) to the nearest chosen one, in diameters of the places."""
    diameter = float(np.linalg.norm(np.ptp(places, axis=0))) or 1.0
    apart = np.linalg.norm(places[:, None] - chosen[None], axis=2).min(axis=1)
    return np.asarray(apart / diameter)


def _rank(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks in 0..1, the highest value 1; the first of equals is the higher."""
    order = np.argsort(-values, kind="stable")
    rank = np.empty(len(values))
    rank[order] = np.linspace(1, 0, len(values)) if len(values) > 1 else 1.0
    return rank


def _same_neighbours(yx_px: NDArray[np.float64], kind: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share (N,) of the nearest key points on the scan that are of a point's own type."""
    from scipy.spatial import cKDTree

    count = min(_NEIGHBOURS, len(yx_px) - 1)
    if count < 1:
        return np.ones(len(yx_px))
    near = cKDTree(yx_px).query(yx_px, k=count + 1)[1][:, 1:]
    return np.asarray((kind[near] == kind[:, None]).mean(axis=1))


def _ranked(
    yx_px: NDArray[np.float64], points: TypedPoints, core_points: CorePoints, plan: TargetPlan
) -> tuple[dict[int, NDArray[np.int64]], dict[int, NDArray[np.float64]]]:
    """Rows that may be chosen and how much each is wanted, by type.

    Of core points those whose neighbours on the scan are of their type come first, the more typical
    before the less; one whose neighbours are mostly of other types is no clear example.
    """
    kind_of, hidden = points.types.of_point, points.types.hidden
    if plan.choice == "core":
        same = _same_neighbours(yx_px, kind_of)[core_points.index]
        clear = same >= _CLEAR
        rows, kinds = core_points.index[clear], core_points.type[clear]
        wanted = (same + 0.1 * core_points.typicality)[clear]
    else:
        rows, kinds = np.arange(len(points)), kind_of
        unsure = 1 - points.probabilities.max(axis=1)  # as it is shown
        far = points.mixture.mahalanobis2(points.z).min(axis=1)
        wanted = unsure if plan.choice == "boundary" else far
    shown = [int(t) for t in np.unique(kinds) if int(t) not in hidden]
    return {t: rows[kinds == t] for t in shown}, {t: wanted[kinds == t] for t in shown}


def _spacing_px(scan: Scan, plan: TargetPlan) -> float:
    if plan.spacing_m is None or scan.frame is None:
        return plan.spacing_px
    return plan.spacing_m / min(scan.frame.pitch_m)


def _avoid_px(scan: Scan, plan: TargetPlan) -> float:
    if plan.avoid_m is None or scan.frame is None:
        return _spacing_px(scan, plan)
    return plan.avoid_m / min(scan.frame.pitch_m)


def _inside(scan: Scan, yx_px: NDArray[np.float64], margin_m: float) -> NDArray[np.bool_]:
    """Which places keep a margin from the edge of the scan."""
    if margin_m == 0 or scan.frame is None:
        return np.ones(len(yx_px), bool)
    pitch = np.asarray(scan.frame.pitch_m[::-1])
    last = np.asarray(scan.shape_px) - 1
    edge = np.minimum(yx_px, last - yx_px) * pitch
    return np.asarray((edge >= margin_m).all(axis=1))


def _measured_px(scan: Scan, measured_xy_m: ArrayLike) -> list[NDArray[np.float64]]:
    places = np.asarray(measured_xy_m, dtype=np.float64).reshape(-1, 2)
    return list(scan.frame.to_px(places)) if scan.frame is not None and len(places) else []


def _metres(scan: Scan, yx_px: NDArray[np.float64]) -> tuple[float, float] | None:
    if scan.frame is None:
        return None
    x, y = scan.frame.to_m(yx_px)
    return float(x), float(y)

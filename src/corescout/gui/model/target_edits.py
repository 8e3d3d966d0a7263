"""What the operator does to the targets by hand: move, add, delete, choose anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from corescout.data import Result, Target
from corescout.data.counted import counted
from corescout.gui.model.workspace import Workspace
from corescout.targets import targets_of

_NEAR = 0.75  # of a window: farther from every patch, a place is of no type


def edited(
    result: Result, shown: Sequence[Target], yx_px: NDArray[np.float64]
) -> tuple[tuple[Target, ...], str] | None:
    """Return targets and what was done, from where the points of the layer lie now.

    Parameters
    ----------
    shown : sequence of Target
        In the order of the layer's points before the edit.
    yx_px : (n, 2)
        The layer's points now: some moved, some appended, or some gone.

    Returns
    -------
    (targets, text) or None
        None where nothing is another.
    """
    places = [(float(y), float(x)) for y, x in yx_px]
    gone = [t for t in shown if t.yx_px not in places]
    before = {t.yx_px for t in shown}
    new = [target_at(result, place) for place in places if place not in before]
    if not gone and not new:
        return None
    # The order of the points does not count: an earlier edit may not be shown yet.
    pairs = list(zip(gone, new, strict=False))
    moved = {
        old.uid: replace(at, number=old.number, action=old.action, settings=old.settings)
        for old, at in pairs
    }
    dropped = {t.uid for t in gone[len(pairs) :]}
    targets = [moved.get(t.uid, t) for t in shown if t.uid not in dropped] + new[len(pairs) :]
    if len(places) > len(shown):
        return numbered(targets), _words("add", len(places) - len(shown))
    if len(places) < len(shown):
        return numbered(targets), _words("delete", len(shown) - len(places))
    return tuple(targets), _words("move", len(pairs))


def edit_targets(workspace: Workspace, targets: tuple[Target, ...], text: str) -> None:
    """Set other targets as a step that can be undone."""
    before = workspace.targets.ordered
    workspace.do(
        text, lambda: workspace.set_targets(targets), lambda: workspace.set_targets(before)
    )


def chosen_targets(workspace: Workspace, result: Result) -> tuple[Target, ...]:
    """Return the targets of a result with the settings of step 5."""
    plan = workspace.settings.targets.plan()
    return targets_of(result, plan, workspace.targets.measured_xy_m)


def target_at(result: Result, yx_px: tuple[float, float]) -> Target:
    """Return a target at a place of the scan; of the type of the patch that it lies in, if any."""
    y, x = yx_px
    frame, uid = result.scan.frame, result.scan.uid
    place = None if frame is None else frame.to_m((y, x))
    return Target(
        uid=f"{uid}-y{y:.2f}-x{x:.2f}",
        scan_uid=uid,
        yx_px=(y, x),
        xy_m=None if place is None else (float(place[0]), float(place[1])),
        type=_type_at(result, (y, x)),
        number=0,
    )


def numbered(targets: Sequence[Target]) -> tuple[Target, ...]:
    """Give those without a number the next ones; the others keep theirs."""
    last = max((t.number for t in targets), default=0)
    new = count(last + 1)
    return tuple(t if t.number else replace(t, number=next(new)) for t in targets)


def _type_at(result: Result, yx_px: tuple[float, float]) -> int:
    centres = np.asarray(result.patches.center_yx_px)
    apart = np.linalg.norm(centres - yx_px, axis=1)
    nearest = int(np.argmin(apart))
    if apart[nearest] > _NEAR * result.winner.window_px:
        return 0
    return int(result.types.of_point[nearest])


def _words(what: str, count: int) -> str:
    return f"{what} target" if count == 1 else f"{what} {counted(count, 'target')}"

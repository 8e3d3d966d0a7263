"""One image of all scans of a series, a band for each: one representation is trained on it.

Between two bands lie missing rows, wider than any window or neighbourhood, so that no patch knows
of another scan. Each scan is cleaned and its lines are mended by itself before; grey levels are
common, so that an amplitude that changes over the series stays one that changes, unless each scan
is asked to keep its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Scan, ScanFrame
from corescout.data.counted import counted
from corescout.data.short_repr import short_repr
from corescout.derived import full_name, with_derived
from corescout.lines import CLEANED, analysed_channel
from corescout.plan import Plan
from corescout.preparation import BANDS
from corescout.square_grid import SquareGrid, square_grid

_GUTTER_PX = 44  # beside the largest window: twice the largest neighbourhood


@dataclass(frozen=True, eq=False)
class Pooled:
    """What a series is trained on.

    Attributes
    ----------
    scan : Scan
        One band of rows for each member, at one pitch, in one column.
    members : mapping of str to Scan
        By name, each on its own pixels, as it stands in its band.
    plan : Plan
        Of the one channel; its cleaning is for scans that come later, those here have had it.
    refused : mapping of str to str
        Scans that cannot be pooled, and why.
    """

    scan: Scan
    members: Mapping[str, Scan]
    plan: Plan
    refused: Mapping[str, str]

    __repr__ = short_repr


def pool(scans: Mapping[str, Scan], plan: Plan, *, own_levels: bool = False) -> Pooled:
    """Put the scans of a series into one image.

    Parameters
    ----------
    scans : mapping of str to Scan
        By name, in the order of the series.
    own_levels : bool
        Give each scan its own percentiles as grey levels, where drive or gain differ.

    Raises
    ------
    InputError
        If fewer than two can be pooled.
    """
    refused: dict[str, str] = {}
    members: dict[str, Scan] = {}
    for name, scan in scans.items():
        try:
            members[name] = as_member(scan, plan, own_levels=own_levels)
        except InputError as error:
            refused[name] = str(error)
    for name, member in list(members.items()):
        why = _differs(member, next(iter(members.values())))
        if why:
            refused[name] = why
            del members[name]
    grids = _grids(members, plan, refused)
    if len(grids) < 2:
        said = "; ".join(f"{name}: {why}" for name, why in refused.items())
        raise InputError(
            "at least two scans that can be pooled", f"{len(grids)} ({said})"[:400],
            "explore them one by one, without --pooled",
        )  # fmt: skip
    kept = {name: members[name] for name in grids}
    channel = next(iter(next(iter(kept.values())).channels))
    pooled_plan = plan.model_copy(update={"channels": (channel,)})
    scan = _stacked(kept, grids, max(plan.windows_px))
    return Pooled(scan, kept, pooled_plan, refused)


def as_member(scan: Scan, plan: Plan, *, own_levels: bool = False) -> Scan:
    """Return one channel of a scan, cleaned and mended, as it stands in its band.

    Parameters
    ----------
    own_levels : bool
        As grey levels by the scan's own percentiles.

    Raises
    ------
    InputError
        If it has no such channel, no values or no contrast.
    """
    if plan.pixel_size_m is not None and scan.frame is None:
        pitch = (plan.pixel_size_m, plan.pixel_size_m)
        scan = replace(scan, frame=ScanFrame(scan.shape_px, pitch, assumed=("pixel size given",)))
    wanted = plan.channels[0] if plan.channels else scan.default_channel
    name = full_name(scan, wanted)
    cleaning = plan.cleaning
    scan = with_derived(scan, [name], offset=cleaning.phase_offset, background=cleaning.background)
    values = analysed_channel(scan, name, cleaning).mended
    if not np.isfinite(values).any():
        raise InputError("a channel with values", f"{name!r} has none", "leave this scan out")
    unit = scan.units[name]
    if own_levels:
        of = plan.normalisation
        low, high = np.nanpercentile(values, [of.low_percent, of.high_percent])
        if not high > low:
            raise InputError("a channel with contrast", f"{name!r}, constant", "leave it out")
        values, unit = (values - low) / (high - low), ""
    role = scan.roles.get(name, "")
    return replace(
        scan,
        channels={wanted: np.asarray(values, np.float32)},
        units={wanted: unit},
        roles={} if role.startswith("topography") else {wanted: role},
        directions={},
        metadata={**scan.metadata, CLEANED: True},
    )


def _differs(member: Scan, first: Scan) -> str:
    """Say why two scans cannot be pooled; "" if they can."""
    ours, theirs = (next(iter(s.units.items())) for s in (member, first))
    if ours != theirs:
        return f"{ours[0]} in {ours[1] or 'no unit'}, the first scan has {theirs[0]} in" + (
            f" {theirs[1] or 'no unit'}"
        )
    if (member.frame is None) != (first.frame is None):
        return "it has no scale, others have one" if member.frame is None else "only it has a scale"
    return ""


def _grids(
    members: Mapping[str, Scan], plan: Plan, refused: dict[str, str]
) -> dict[str, SquareGrid]:
    """Grids of one pitch, that of the coarsest scan; scans that are then too small are refused."""
    pitches = [max(s.frame.pitch_m) for s in members.values() if s.frame is not None]
    pitch = max(pitches) if pitches else None
    found: dict[str, SquareGrid] = {}
    for name, scan in members.items():
        grid = square_grid(scan.shape_px, scan.frame, pitch)
        if min(grid.shape_px) < max(plan.windows_px):
            height, width = grid.shape_px
            refused[name] = f"{width} x {height} px at the common pitch, less than the window"
        else:
            found[name] = grid
    return found


def _stacked(
    members: Mapping[str, Scan], grids: Mapping[str, SquareGrid], largest_window_px: int
) -> Scan:
    """One column of bands, with missing rows between them."""
    first = next(iter(members.values()))
    channel = next(iter(first.channels))
    gap, width = largest_window_px + _GUTTER_PX, max(g.shape_px[1] for g in grids.values())
    rows: list[NDArray[np.float32]] = []
    bands: list[list[int]] = []
    top = 0
    for name, scan in members.items():
        image = grids[name].resample(scan.channels[channel])
        height, own_width = image.shape
        padded = np.full((height + gap, width), np.nan, np.float32)
        padded[:height, :own_width] = image
        rows.append(padded)
        bands.append([top, top + height, own_width])
        top += height + gap
    values = np.concatenate(rows)[:-gap]
    pitch = next(iter(grids.values())).pitch_m
    return Scan(
        uid="pooled",
        channels={channel: values},
        units=first.units,
        roles=first.roles,
        frame=None if pitch is None else ScanFrame((values.shape[0], width), (pitch, pitch)),
        source=f"{counted(len(members), 'scan')}: {', '.join(members)}"[:300],
        metadata={BANDS: bands, CLEANED: True},
    )

"""What a series says: one row for each scan and type, a page, and two plots."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from corescout.colors import type_color
from corescout.data.printable import defused
from corescout.pages import picture, render
from corescout.series.levels import Pooling, agreement_of, side_by_side
from corescout.series.member import Member, ami_of_type_and_scan, members_that_do_not_fit
from corescout.wall_lengths import wall_lengths
from corescout.whole import write_whole

TABLE, PAGE = "series.csv", "series.html"
COLUMNS = (
    "scan", "time", "value", "channel", "type", "type_name", "count", "share_of_key_points",
    "wall_length_um", "core_points", "targets", "novel_share", "raw_median", "raw_unit", "run",
)  # fmt: skip


def write_summary(
    folder: Path,
    members: Sequence[Member],
    refused: Mapping[str, str],
    *,
    value_name: str = "",
    poolings: Sequence[Pooling] = (),
    notes: Sequence[str] = (),
) -> Path:
    """Write ``series.csv`` and ``series.html``; return the page.

    Parameters
    ----------
    members : sequence of Member
        In the order of the series.
    refused : mapping of str to str
        Scans without a result, and why.
    value_name : str
        Of the members' values.
    poolings : sequence of Pooling
        Of which the members are of the first; a type is then the same on every scan. Without any
        types are numbered on each by itself.
    """
    pooled = bool(poolings)
    write_whole(folder / TABLE, _table(members))
    plots = [
        {"title": title, "source": picture(png)}
        for title, png in _plots(members, value_name, pooled=pooled)
    ]
    page = render(
        "series.html",
        title="Series",
        pooled=pooled,
        levels=side_by_side(poolings),
        value_name=value_name,
        members=[_shown(m) for m in members],
        refused=dict(refused),
        notes=[*notes, *_said(members, poolings)],
        plots=plots,
    )
    write_whole(folder / PAGE, page)
    return folder / PAGE


def _said(members: Sequence[Member], poolings: Sequence[Pooling]) -> list[str]:
    if not poolings or not members:
        return ["types are numbered on each scan by itself: type 1 of two scans need not be one"]
    said = [f"{name} does not fit: {why}" for name, why in members_that_do_not_fit(members).items()]
    if len(poolings) > 1:
        ami = agreement_of(*poolings[:2])
        said.append(f"types by common and by own grey levels agree by AMI {ami:.2f}")
    return [f"AMI of type and scan: {ami_of_type_and_scan(members):.2f}", *said]


def _table(members: Sequence[Member]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for member in members:
        for row in _rows(member):
            writer.writerow([defused(c) if isinstance(c, str) else c for c in row])
    return text.getvalue().encode()


def _rows(member: Member) -> list[list[object]]:
    result, types = member.result, member.result.types
    lengths = wall_lengths(result)
    n_points = max(1, len(types.of_point))
    rows: list[list[object]] = []
    for n, count in member.counts.items():
        length_m = None if lengths is None else lengths.of_type_m(types, n)
        rows.append([
            member.name,
            "" if member.acquired_at is None else member.acquired_at.isoformat(),
            "" if member.value is None else member.value,
            result.channels[0], n, types.name(n), count, round(count / n_points, 6),
            "" if length_m is None else round(length_m * 1e6, 6),
            int(np.sum(np.asarray(result.core_points.type) == n)),
            sum(t.type == n for t in result.targets),
            round(member.novel_share, 6), member.raw_median, member.raw_unit, member.run,
        ])  # fmt: skip
    return rows


def _shown(member: Member) -> dict[str, Any]:
    return {
        "name": member.name,
        "value": "" if member.value is None else f"{member.value:g}",
        "time": "" if member.acquired_at is None else f"{member.acquired_at:%Y-%m-%d %H:%M}",
        "types": member.result.types_in_words,
        "choice": member.result.winner.label,
        "points": len(member.result.codes),
        "novel": f"{member.novel_share:.0%}",
        "raw": f"{member.raw_median:.3g} {member.raw_unit}",
        "run": member.run,
    }


def _plots(members: Sequence[Member], value_name: str, *, pooled: bool) -> list[tuple[str, bytes]]:
    from corescout.report.drawing import new_figure, png_bytes, scaled_unit

    if not members:
        return []
    where, label = _axis(members, value_name)
    found = []
    if pooled:
        figure = new_figure(7.0, 3.2)
        axes = figure.add_subplot()
        colors = members[0].result.types.colors
        for n in sorted({n for m in members for n in m.counts}):
            shares = [m.counts.get(n, 0) / max(1, sum(m.counts.values())) for m in members]
            name = members[0].result.types.name(n)
            axes.plot(where, shares, "o-", color=type_color(n, colors), label=name)
        axes.set(xlabel=label, ylabel="share of key points", ylim=(0, 1))
        axes.legend()
        found.append(("Share of key points of each type", png_bytes(figure)))
    figure = new_figure(7.0, 2.6)
    axes = figure.add_subplot()
    medians = np.array([m.raw_median for m in members])
    channel = members[0].result.channels[0]
    factor, unit = scaled_unit(medians, members[0].raw_unit)
    axes.plot(where, medians / factor, "o-", color="#555555")
    axes.set(xlabel=label, ylabel=f"median of {channel}" + (f" ({unit})" if unit else ""))
    found.append((f"Median of {channel} as it was read", png_bytes(figure)))
    return found


def _axis(members: Sequence[Member], value_name: str) -> tuple[list[float], str]:
    if all(m.value is not None for m in members):
        return [float(m.value or 0.0) for m in members], value_name
    times = [m.acquired_at for m in members]
    if all(t is not None for t in times):
        first = min(t for t in times if t is not None)
        return [(t - first).total_seconds() / 60 for t in times if t is not None], "time (min)"
    return list(map(float, range(1, len(members) + 1))), "scan, in order of name"

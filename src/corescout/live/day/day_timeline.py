"""The figures of a day: what came of the scans, types, novelty, tip and drift over time; loops."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from corescout.colors import type_color
from corescout.data import Measurement
from corescout.live.states import ScanRecord

_AXIS_NOISE = 0.02  # of the range of a curve's axis
OUTCOME_COLORS = {"analysed": "#2a7f62", "superseded": "#9a9a9a", "set aside": "#b3412f"}


def timeline(scans: Sequence[ScanRecord]) -> Figure:
    """Draw the day: outcomes, types, novelty, drift and the tip's edges over time."""
    records = [r for r in scans if r.arrived_at is not None]
    figure = Figure(figsize=(11, 7.2))
    axes = figure.subplots(4, 1, sharex=True, height_ratios=(1.0, 1.6, 1.3, 1.3))
    figure.subplots_adjust(left=0.1, right=0.94, top=0.965, bottom=0.07, hspace=0.3)
    if not records:
        return figure
    start = min(r.arrived_at for r in records if r.arrived_at)
    _draw_outcomes(axes[0], records, start)
    _draw_types(axes[1], records, start)
    _draw_novelty(axes[2], records, start)
    _draw_tip_and_drift(axes[3], records, start)
    axes[3].set_xlabel(f"minutes since {start:%Y-%m-%d %H:%M} UTC")
    return figure


def loops_by_type(curves: Mapping[int, Sequence[Measurement]]) -> Figure | None:
    """Draw what was measured, mean and spread by type; None if nothing was."""
    if not any(curves.values()):
        return None
    figure = Figure(figsize=(6.5, 3.8), layout="constrained")
    axes = figure.subplots()
    for kind, found in sorted(curves.items()):
        name = next(iter(found[0].channels))
        same = [m for m in found if name in m.channels and _over_one_axis(m, found[0])]
        values = np.array([m.channels[name] for m in same])
        unit = same[0].units.get(name, "")
        scale, unit = (1e12, "pm") if unit == "m" else (1.0, unit)
        label = f"type {kind} ({len(same)})"
        axes.plot(same[0].axis, scale * values.mean(axis=0), color=type_color(kind), label=label)
        low, high = (scale * np.percentile(values, q, axis=0) for q in (10, 90))
        axes.fill_between(same[0].axis, low, high, color=type_color(kind), alpha=0.15, lw=0)
        axes.set_xlabel(f"{same[0].axis_name} ({same[0].axis_unit})")
        axes.set_ylabel(f"{name} ({unit})" if unit else name)
    axes.legend(frameon=False)
    return figure


def _over_one_axis(curve: Measurement, other: Measurement) -> bool:
    """Whether two curves run over one axis; a bias that was measured differs by its noise."""
    if curve.axis.shape != other.axis.shape:
        return False
    noise = _AXIS_NOISE * float(np.ptp(other.axis)) if other.axis.size else 0.0
    return bool(np.allclose(curve.axis, other.axis, rtol=0, atol=noise, equal_nan=True))


# -- the figure -----------------------------------------------------------------------------


def _minutes(at: datetime | None, start: datetime) -> float:
    return math.nan if at is None else (at - start).total_seconds() / 60


def _draw_outcomes(axes: Axes, records: Sequence[ScanRecord], start: datetime) -> None:
    names = list(OUTCOME_COLORS)
    for name, color in OUTCOME_COLORS.items():
        times = [_minutes(r.arrived_at, start) for r in records if r.outcome == name]
        axes.plot(times, [names.index(name)] * len(times), "|", color=color, ms=12, mew=1.6)
    explored = [_minutes(r.arrived_at, start) for r in records if r.explored]
    axes.plot(explored, [0] * len(explored), "o", mfc="none", color=OUTCOME_COLORS["analysed"])
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(2.6, -0.6)
    axes.set_title("Scans (circles: new explorations)", loc="left", fontsize=10)


def _draw_types(axes: Axes, records: Sequence[ScanRecord], start: datetime) -> None:
    """A column for each scan: the shares of its types."""
    seen = [r for r in records if r.types]
    kinds = sorted({k for r in seen for k in r.types})
    counts = np.array([[r.types.get(k, 0) for k in kinds] for r in seen], dtype=float)
    if len(counts):
        tops = np.cumsum(counts, axis=1) / counts.sum(axis=1, keepdims=True)
        bottoms = np.column_stack([np.zeros(len(tops)), tops[:, :-1]])
        times = [_minutes(r.arrived_at, start) for r in seen]
        for i, kind in enumerate(kinds):
            axes.vlines(times, bottoms[:, i], tops[:, i], color=type_color(kind), lw=3,
                        label=f"type {kind}")  # fmt: skip
        axes.legend(frameon=False, ncols=len(kinds), fontsize=8, loc="lower right",
                    bbox_to_anchor=(1.0, 1.0))  # fmt: skip
    axes.set(ylim=(0, 1), ylabel="share")
    axes.set_title("Types", loc="left", fontsize=10)


def _draw_novelty(axes: Axes, records: Sequence[ScanRecord], start: datetime) -> None:
    seen = [r for r in records if r.novel_share is not None]
    times = [_minutes(r.arrived_at, start) for r in seen]
    axes.plot(times, [r.novel_share or 0.0 for r in seen], ".-", color="#444", lw=0.8)
    axes.axhline(0.05, color="#999", lw=0.8, ls="--")
    axes.set(ylim=(0, None), ylabel="share")
    axes.set_title("Novel points (dashed: expected of the same material)", loc="left", fontsize=10)


def _draw_tip_and_drift(axes: Axes, records: Sequence[ScanRecord], start: datetime) -> None:
    read = [(_minutes(r.arrived_at, start), *r.tip) for r in records if r.tip is not None]
    times, widths, amplitudes = zip(*read, strict=True) if read else ((), (), ())
    axes.plot(times, widths, ".-", color="#7a3b8f", lw=0.8, label="edge width")
    axes.plot(times, amplitudes, ".-", color="#c28a2b", lw=0.8, label="edge amplitude")
    warned = [r for r in records if r.tip is not None and any(w[:4] == "tip:" for w in r.warnings)]
    axes.plot(
        [_minutes(r.arrived_at, start) for r in warned], [r.tip[0] for r in warned if r.tip],
        "o", mfc="none", color="#b3412f", label="warned",
    )  # fmt: skip
    axes.set_ylabel("to the first")
    right = axes.twinx()
    moved = [(_minutes(r.arrived_at, start), r.drift_m) for r in records if r.drift_m is not None]
    lengths = [1e9 * math.hypot(*d) for _, d in moved]
    right.plot([t for t, _ in moved], lengths, "x", ms=4, color="#2b6cb0", label="drift")
    right.set_ylabel("nm per scan", color="#2b6cb0")
    right.set_ylim(0, max([*lengths, 1.0]) * 1.3)
    axes.legend(frameon=False, ncols=3, fontsize=8, loc="lower right", bbox_to_anchor=(1.0, 1.0))
    axes.set_title("Tip and drift (crosses: since the scan before)", loc="left", fontsize=10)

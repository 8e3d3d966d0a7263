"""The report of a day: a timeline, every scan with its types, what was measured, what was odd."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from corescout.colors import type_color
from corescout.data import Measurement
from corescout.instruments import read_journal
from corescout.live.states import ScanRecord, Snapshot
from corescout.report.drawing import png_bytes

PAGE, JOURNAL, PICTURES = "day.html", "journal.jsonl", "pictures"
_OUTCOME_COLORS = {"analysed": "#2a7f62", "superseded": "#9a9a9a", "set aside": "#b3412f"}
# entries of the journal that a reader of the day wants to know of
_TOLD = {
    "watch": "watching {source}",
    "connected": "connected to {source}",
    "connection lost": "connection lost: {reason}",
    "policy signed": "policy signed by {signed_by}: {most_plans} plans, {most_targets} targets",
    "policy taken back": "policy taken back",
    "policy": "left to a person: {refused}",
    "approved": "plan {digest:.8} approved by {by}",
    "declined": "plan {digest:.8} declined by {by}",
    "withdrawn": "plan {digest:.8} withdrawn: {why}",
    "run held": "run held: {reason}",
    "released": "released by {by}",
    "not previewed": "not previewed: {reason}",
    "watch ended": "watch ended after {scans} scans",
}
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:1150px;margin:2rem auto;padding:0 1rem;"
    "color:#222}table{border-collapse:collapse;width:100%}td,th{padding:.3rem .6rem;"
    "text-align:left;border-bottom:1px solid #ddd;vertical-align:top}td.n{text-align:right}"
    "img.s{width:96px;image-rendering:pixelated}img.f{max-width:100%}.w{color:#9a3412}.o{color:#777}"
    ".b{display:inline-block;height:10px}.k{display:flex;gap:2.5rem;flex-wrap:wrap}"
    ".k div{font-size:13px;color:#666}.k b{display:block;font-size:24px;color:#222}"
)


def write_day_page(folder: Path, snapshot: Snapshot) -> Path:
    """Write `day.html` into the folder of a day; return its path."""
    entries = read_journal(folder / JOURNAL)
    page = folder / PAGE
    building = page.with_suffix(".part")
    building.write_text(_page(folder, snapshot, entries), encoding="utf-8")
    building.replace(page)
    return page


def timeline(snapshot: Snapshot) -> Figure:
    """Draw the day: outcomes, types, novelty, drift and the tip's edges over time."""
    records = [r for r in snapshot.records if r.arrived_at is not None]
    figure = Figure(figsize=(11, 7.2), layout="constrained")
    axes = figure.subplots(4, 1, sharex=True, height_ratios=(1.0, 1.6, 1.3, 1.3))
    if not records:
        return figure
    start = min(r.arrived_at for r in records if r.arrived_at)
    _draw_outcomes(axes[0], records, start)
    _draw_types(axes[1], records, start)
    _draw_novelty(axes[2], records, start)
    _draw_tip_and_drift(axes[3], snapshot, records, start)
    axes[3].set_xlabel(f"minutes since {start:%Y-%m-%d %H:%M} UTC")
    return figure


def loops_by_type(snapshot: Snapshot) -> Figure | None:
    """Draw what was measured, mean and spread by type; None if nothing was."""
    curves: dict[int, list[Measurement]] = {}
    for uid, came in snapshot.measurements.items():
        if isinstance(came, Measurement):
            curves.setdefault(snapshot.type_of_target.get(uid, 0), []).append(came)
    if not curves:
        return None
    figure = Figure(figsize=(6.5, 3.8), layout="constrained")
    axes = figure.subplots()
    for kind, found in sorted(curves.items()):
        name = next(iter(found[0].channels))
        same = [m for m in found if np.array_equal(m.axis, found[0].axis)]
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


# -- the figure -----------------------------------------------------------------------------


def _minutes(at: datetime | None, start: datetime) -> float:
    return math.nan if at is None else (at - start).total_seconds() / 60


def _draw_outcomes(axes: Axes, records: Sequence[ScanRecord], start: datetime) -> None:
    names = list(_OUTCOME_COLORS)
    for name, color in _OUTCOME_COLORS.items():
        times = [_minutes(r.arrived_at, start) for r in records if r.outcome == name]
        axes.plot(times, [names.index(name)] * len(times), "|", color=color, ms=12, mew=1.6)
    explored = [_minutes(r.arrived_at, start) for r in records if r.explored]
    axes.plot(explored, [0] * len(explored), "o", mfc="none", color=_OUTCOME_COLORS["analysed"])
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(2.6, -0.6)
    axes.set_title("Scans (circles: explored anew)", loc="left", fontsize=10)


def _draw_types(axes: Axes, records: Sequence[ScanRecord], start: datetime) -> None:
    kinds = sorted({k for r in records for k in r.types})
    for record in records:
        total, bottom = sum(record.types.values()), 0.0
        for kind in kinds:
            share = record.types.get(kind, 0) / total if total else 0.0
            x = _minutes(record.arrived_at, start)
            axes.plot([x, x], [bottom, bottom + share], color=type_color(kind), lw=3)
            bottom += share
    for kind in kinds:
        axes.plot([], [], color=type_color(kind), lw=3, label=f"type {kind}")
    if kinds:
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


def _draw_tip_and_drift(
    axes: Axes, snapshot: Snapshot, records: Sequence[ScanRecord], start: datetime
) -> None:
    at = {r.uid: _minutes(r.arrived_at, start) for r in records}
    tips = [t for t in snapshot.tip if t.uid in at]
    times = [at[t.uid] for t in tips]
    axes.plot(times, [t.width_ratio for t in tips], ".-", color="#7a3b8f", lw=0.8,
              label="edge width")  # fmt: skip
    axes.plot(times, [t.amplitude_ratio for t in tips], ".-", color="#c28a2b", lw=0.8,
              label="edge amplitude")  # fmt: skip
    warned = [t for t in tips if t.warning]
    axes.plot([at[t.uid] for t in warned], [t.width_ratio for t in warned], "o", mfc="none",
              color="#b3412f", label="warned")  # fmt: skip
    axes.set_ylabel("to the first")
    right = axes.twinx()
    drifts = [(at[r.uid], r.drift_m) for r in records if r.drift_m is not None and r.uid in at]
    lengths = [1e9 * math.hypot(*d) for _, d in drifts]
    right.plot([t for t, _ in drifts], lengths, "x", ms=4, color="#2b6cb0", label="drift")
    right.set_ylabel("nm per scan", color="#2b6cb0")
    right.set_ylim(0, max([*lengths, 1.0]) * 1.3)
    axes.legend(frameon=False, ncols=3, fontsize=8, loc="lower right", bbox_to_anchor=(1.0, 1.0))
    axes.set_title("Tip and drift (crosses: since the scan before)", loc="left", fontsize=10)


# -- the page -------------------------------------------------------------------------------


def _page(folder: Path, snapshot: Snapshot, entries: Sequence[Mapping[str, Any]]) -> str:
    records = snapshot.records
    counts = {name: sum(r.outcome == name for r in records) for name in _OUTCOME_COLORS}
    measured = len(snapshot.measurements)
    seconds = [r.seconds for r in records if r.outcome == "analysed" and not r.explored]
    figures = [
        (len(records), "scans"),
        *((count, name) for name, count in counts.items()),
        (sum(r.explored for r in records), "explored anew"),
        (measured, "targets measured"),
        (f"{np.median(seconds):.1f} s" if seconds else "-", "scan to targets, median"),
        (sum(e["what"] == "connection lost" for e in entries), "connections lost"),
    ]
    head = "".join(f"<div><b>{escape(str(v))}</b>{escape(name)}</div>" for v, name in figures)
    loops = loops_by_type(snapshot)
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Corescout: the day</title>"
        f"<style>{_STYLE}</style><h1>Report of the day</h1>"
        f"<p class='o'>{escape(snapshot.source)}</p>"
        f"<div class='k'>{head}</div>"
        f"<h2>Timeline</h2>{_img(timeline(snapshot), 'Timeline')}"
        f"<h2>Warnings</h2>{_warnings(records)}"
        + (f"<h2>Measured</h2>{_img(loops, 'Loops by type')}" if loops is not None else "")
        + f"<h2>What happened</h2>{_events(entries)}"
        f"<h2>Scans</h2><table><tr><th><th>scan<th>outcome<th>types<th>new<th>drift<th>targets"
        f"<th>s</tr>{''.join(_row(folder, r) for r in records)}</table></html>"
    )


def _img(figure: Figure, alt: str) -> str:
    data = base64.b64encode(png_bytes(figure)).decode()
    return f"<img class='f' alt='{alt}' src='data:image/png;base64,{data}'>"


def _warnings(records: Sequence[ScanRecord]) -> str:
    """Each warning once, with the scans that it was given on."""
    given: dict[str, list[ScanRecord]] = {}
    for record in records:
        for warning in record.warnings:
            given.setdefault(warning.split(":")[0], []).append(record)
    if not given:
        return "<p>None.</p>"
    rows = []
    for kind, scans in given.items():
        text = next(w for w in scans[0].warnings if w.startswith(kind))
        numbers = ", ".join(str(s.number) for s in scans[:12]) + (
            ", ..." if len(scans) > 12 else ""
        )
        rows.append(
            f"<li class='w'>{escape(text)} <span class='o'>({len(scans)} scans: {numbers})</span>"
        )
    return f"<ul>{''.join(rows)}</ul>"


def _events(entries: Sequence[Mapping[str, Any]]) -> str:
    rows = []
    for entry in entries:
        if entry["what"] not in _TOLD:
            continue
        text = _TOLD[entry["what"]].format_map(entry)
        rows.append(f"<tr><td class='o'>{escape(entry['at'][11:19])}<td>{escape(text)}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _row(folder: Path, record: ScanRecord) -> str:
    picture = folder / PICTURES / f"{record.folder}.png"
    image = ""
    if record.folder and picture.exists():
        place = quote(f"{PICTURES}/{record.folder}.png")
        image = f"<img class='s' loading='lazy' alt='scan {record.number}' src='{place}'>"
    color = _OUTCOME_COLORS[record.outcome]
    said = escape(record.reason)
    if record.outcome == "analysed":
        how = f"explored anew: {said}" if record.explored else said
        said = escape(record.kind) + (f"<br>{how}" if how else "")
    warned = "".join(f"<br><span class='w'>{escape(w)}</span>" for w in record.warnings)
    new = "" if record.novel_share is None else f"{record.novel_share:.0%}"
    drift = "" if record.drift_m is None else f"{1e9 * math.hypot(*record.drift_m):.0f} nm"
    took = f"{record.seconds:.1f}" if record.outcome == "analysed" else ""
    return (
        f"<tr><td>{image}<td>{record.number}<br>{escape(record.uid)}"
        f"<td><span style='color:{color}'>{record.outcome}</span><br>{said}{warned}"
        f"<td>{_bar(record.types)}<td class='n'>{new}<td class='n'>{drift}"
        f"<td class='n'>{record.targets or ''}<td class='n'>{took}</tr>"
    )


def _bar(types: Mapping[int, int]) -> str:
    """A bar of the shares of the types, in their colours."""
    total = sum(types.values())
    parts = "".join(
        f"<span class='b' title='type {kind}: {count}'"
        f" style='width:{140 * count / total:.0f}px;background:{type_color(kind)}'></span>"
        for kind, count in types.items()
    )
    return f"<div style='width:150px'>{parts}</div>" if total else ""

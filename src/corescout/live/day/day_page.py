"""The report of a day: a timeline, every scan with its types, what was measured, what was odd."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from matplotlib.figure import Figure

from corescout.colors import type_color
from corescout.instruments import read_journal
from corescout.live.day.day_timeline import OUTCOME_COLORS, loops_by_type, timeline
from corescout.live.day.measured_table import MEASUREMENTS, read_curves
from corescout.live.day.records import records_of
from corescout.live.states import ScanRecord
from corescout.report.drawing import png_bytes

PAGE, JOURNAL, PICTURES = "day.html", "journal.jsonl", "pictures"
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


def write_day_page(folder: Path, source: str) -> Path:
    """Write `day.html` into the folder of a day from what stands there; return its path."""
    entries = read_journal(folder / JOURNAL)
    page = folder / PAGE
    building = page.with_suffix(".part")
    building.write_text(_page(folder, source, entries), encoding="utf-8")
    building.replace(page)
    return page


# -- the page -------------------------------------------------------------------------------


def _page(folder: Path, source: str, entries: Sequence[Mapping[str, Any]]) -> str:
    records, curves = records_of(entries), read_curves(folder / MEASUREMENTS)
    counts = {name: sum(r.outcome == name for r in records) for name in OUTCOME_COLORS}
    measured = len({e["target_uid"] for e in entries if e["what"] == "measured"})
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
    loops = loops_by_type(curves)
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Corescout: the day</title>"
        f"<style>{_STYLE}</style><h1>Report of the day</h1>"
        f"<p class='o'>{escape(source)}</p>"
        f"<div class='k'>{head}</div>"
        f"<h2>Timeline</h2>{_img(timeline(records), 'Timeline')}"
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
    color = OUTCOME_COLORS[record.outcome]
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

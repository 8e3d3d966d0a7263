"""The report of a day: a timeline, every scan with its types, what was measured, what was odd."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from matplotlib.figure import Figure

from corescout.data.printable import one_line
from corescout.instruments import read_journal
from corescout.live.day.day_timeline import OUTCOME_COLORS, loops_by_type, timeline
from corescout.live.day.measured_table import MEASUREMENTS, read_curves
from corescout.live.day.records import records_of
from corescout.live.states import ScanRecord
from corescout.pages import picture, render
from corescout.report.drawing import png_bytes
from corescout.whole import write_whole

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
    "stop": "{said}",
    "released": "released by {by}",
    "not previewed": "not previewed: {reason}",
    "watch ended": "watch ended after {scans} scans",
    "died": "the part {part!r} of the watch died and was begun again: {reason}",
}


def write_day_page(folder: Path, source: str) -> Path:
    """Write `day.html` into the folder of a day from what stands there; return its path."""
    entries = read_journal(folder / JOURNAL)
    page = folder / PAGE
    write_whole(page, _page(folder, source, entries))
    return page


def _page(folder: Path, source: str, entries: Sequence[Mapping[str, Any]]) -> str:
    records, curves = records_of(entries), read_curves(folder / MEASUREMENTS)
    loops = loops_by_type(curves)
    return render(
        "day.html",
        source=source,
        counts=_counts(records, entries),
        timeline=_source_of(timeline(records)),
        warnings=_warnings(records),
        loops=None if loops is None else _source_of(loops),
        events=_events(entries),
        scans=[_scan(folder, record) for record in records],
    )


def _counts(
    records: Sequence[ScanRecord], entries: Sequence[Mapping[str, Any]]
) -> list[tuple[int | str, str]]:
    outcomes = {name: sum(r.outcome == name for r in records) for name in OUTCOME_COLORS}
    measured = len({str(e.get("target_uid")) for e in entries if e["what"] == "measured"})
    seconds = [r.seconds for r in records if r.outcome == "analysed" and not r.explored]
    return [
        (len(records), "scans"),
        *((count, name) for name, count in outcomes.items()),
        (sum(r.explored for r in records), "explored anew"),
        (measured, "targets measured"),
        (f"{np.median(seconds):.1f} s" if seconds else "-", "scan to targets, median"),
        (sum(e["what"] == "connection lost" for e in entries), "connections lost"),
    ]


def _source_of(figure: Figure) -> str:
    return picture(png_bytes(figure))


def _warnings(records: Sequence[ScanRecord]) -> list[dict[str, Any]]:
    """Each warning once, with the scans that it was given on."""
    given: dict[str, dict[str, Any]] = {}
    for record in records:
        for text in record.warnings:
            kind = given.setdefault(text.split(":")[0], {"text": text, "scans": []})
            kind["scans"].append(record.number)
    return list(given.values())


def _events(entries: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [
        (str(entry.get("at", ""))[11:19], _in_words(entry))
        for entry in entries
        if entry["what"] in _TOLD
    ]


def _in_words(entry: Mapping[str, Any]) -> str:
    """Say an entry; one that lacks something is said as far as it goes."""
    try:
        return one_line(_TOLD[entry["what"]].format_map(entry))
    except (KeyError, ValueError, TypeError):
        return f"{entry['what']} (the entry in the journal is not complete)"


def _scan(folder: Path, record: ScanRecord) -> dict[str, Any]:
    picture_file = folder / PICTURES / f"{record.folder}.png"
    there = record.folder and picture_file.exists()
    lines = [record.reason]
    if record.outcome == "analysed":
        how = f"explored anew: {record.reason}" if record.explored else record.reason
        lines = [record.kind, how]
    return {
        "number": record.number,
        "uid": record.uid,
        "picture": quote(f"{PICTURES}/{picture_file.name}") if there else "",
        "color": OUTCOME_COLORS.get(record.outcome, "#777777"),
        "outcome": record.outcome,
        "lines": [line for line in lines if line],
        "warnings": record.warnings,
        "types": _bars(record.types),
        "new": "" if record.novel_share is None else f"{record.novel_share:.0%}",
        "drift": "" if record.drift_m is None else f"{1e9 * math.hypot(*record.drift_m):.0f} nm",
        "targets": record.targets or "",
        "seconds": f"{record.seconds:.1f}" if record.outcome == "analysed" else "",
    }


def _bars(types: Mapping[int, int]) -> list[dict[str, int]]:
    """Shares of the types of a scan as widths of coloured bars."""
    total = sum(types.values())
    return [
        {"number": number, "count": count, "width_px": round(140 * count / total)}
        for number, count in types.items()
        if total
    ]

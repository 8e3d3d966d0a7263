"""The report of a day: a timeline, every scan with its types, what was measured, what was odd."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from matplotlib.figure import Figure

from corescout.instruments.entries import ConnectionLost, Entry, TargetMeasured, said
from corescout.instruments.journal import read_entries
from corescout.live.day.day import SCANS
from corescout.live.day.day_timeline import OUTCOME_COLORS, loops_by_type, timeline
from corescout.live.day.measured_table import MEASUREMENTS, read_curves
from corescout.live.day.records import records_of
from corescout.live.day.run_report import run_of
from corescout.live.states import ScanRecord
from corescout.pages import picture, render
from corescout.report.drawing import png_bytes
from corescout.whole import write_whole

PAGE, JOURNAL, PICTURES = "day.html", "journal.jsonl", "pictures"


def write_day_page(folder: Path, source: str) -> Path:
    """Write `day.html` into the folder of a day from what stands there; return its path."""
    entries = read_entries(folder / JOURNAL)
    page = folder / PAGE
    write_whole(page, _page(folder, source, entries))
    return page


def _page(folder: Path, source: str, entries: Sequence[Entry]) -> str:
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


def _counts(records: Sequence[ScanRecord], entries: Sequence[Entry]) -> list[tuple[int | str, str]]:
    outcomes = {name: sum(r.outcome == name for r in records) for name in OUTCOME_COLORS}
    measured = len({str(e.target_uid) for e in entries if isinstance(e, TargetMeasured)})
    seconds = [r.seconds for r in records if r.outcome == "analysed" and not r.explored]
    return [
        (len(records), "scans"),
        *((count, name) for name, count in outcomes.items()),
        (sum(r.explored for r in records), "new explorations"),
        (measured, "targets measured"),
        (f"{np.median(seconds):.1f} s" if seconds else "-", "scan to targets, median"),
        (sum(isinstance(e, ConnectionLost) for e in entries), "connections lost"),
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


def _events(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """Time and words of what a reader of the day wants to know of."""
    return [(entry.at[11:19], said(entry)) for entry in entries if entry.told]


def _scan(folder: Path, record: ScanRecord) -> dict[str, Any]:
    picture_file = folder / PICTURES / f"{record.folder}.png"
    there = record.folder and picture_file.exists()
    lines = [record.reason]
    if record.outcome == "analysed":
        how = f"new exploration: {record.reason}" if record.explored else record.reason
        lines = [record.worth, record.kind, how, *record.evidence_lines]
    return {
        "number": record.number,
        "uid": record.called,
        "run": quote(f"{SCANS}/{run.name}/") if (run := run_of(folder, record)) else "",
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

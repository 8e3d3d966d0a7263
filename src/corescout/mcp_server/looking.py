"""Tools that read: files, scans, verdicts, types, comparisons and days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from corescout.data import InputError, Result, Scan, Trial
from corescout.derived import derived_channels, with_derived
from corescout.instruments.entries import Entry, entry_of, said
from corescout.instruments.journal import last_state
from corescout.mcp_server.answers import ToolAnswer, notes_of, target_row, type_rows, verdict_values
from corescout.mcp_server.arguments import (
    CompareScans,
    ExplainType,
    ExplainVerdict,
    ListFiles,
    ReadDay,
    ReadScan,
)
from corescout.mcp_server.desk import Desk
from corescout.mcp_server.lanes import Call
from corescout.mcp_server.pictures import png_of, scan_figure, type_figure
from corescout.mcp_server.places import JOURNAL
from corescout.mcp_server.words import bounded, bounded_values
from corescout.quality import assess
from corescout.whole import read_journal

if TYPE_CHECKING:
    from corescout.live.states import ScanRecord

_PAGE = 100  # entries of one answer
_MOST_CANDIDATES = 60
_MOST_EXAMPLES = 10


def list_files(desk: Desk, asked: ListFiles, _call: Call) -> ToolAnswer:
    """Name what can be read."""
    found = desk.places.all(asked.folder)
    shown = found[asked.start : asked.start + _PAGE]
    more = len(found) - asked.start - len(shown)
    return ToolAnswer(
        {
            "folders": list(desk.places.folders),
            "files": [
                {"kind": f.kind, "name": f.name}
                | ({"size_kib": f.size_bytes / 1024} if f.kind == "scan" else {})
                for f in shown
            ],
            **({"more": more, "next_start": asked.start + len(shown)} if more > 0 else {}),
        }
    )


def read_a_scan(desk: Desk, asked: ReadScan, _call: Call) -> ToolAnswer:
    """Say what a scan is, and what is in doubt about it."""
    scan = desk.scan(asked.scan, asked.channel, asked.pixel_size_nm)
    name = channel_of(scan, asked.channel)
    derived = derived_channels(scan)
    drawn = with_derived(scan, [name]) if name in derived and name not in scan.channels else scan
    doubts = [{"kind": f.kind, "doubt": bounded(f.message)} for f in assess(scan, name)]
    values = {
        "scan": asked.scan,
        "channel": name,
        "doubts": doubts or "none: the channel looks fit for a decision",
        "place": _place(scan),
        "from_the_file": {
            "channels": [
                {"name": n, "unit": scan.units[n], "role": bounded(scan.roles.get(n, ""), 40)}
                for n in scan.channels
            ],
            "how_it_was_read": [bounded(w) for w in scan.warnings[:20]],
            "metadata": bounded_values(scan.metadata),
        },
        "derived_channels": list(derived),
        "next": "explore_scan finds its types",
    }
    picture = png_of(desk, lambda: scan_figure(drawn, name)) if asked.picture else None
    return ToolAnswer(values, picture)


def channel_of(scan: Scan, channel: str | None) -> str:
    """Return the channel that is asked for.

    Raises
    ------
    InputError
        If the scan has none of that name.
    """
    name = scan.default_channel if channel is None else channel
    if name not in scan.channels and name not in derived_channels(scan):
        raise InputError(
            f"one of the channels {', '.join(map(repr, scan.channels))}", repr(bounded(name, 80)),
            "take one of read_scan",
        )  # fmt: skip
    return name


def explain_verdict(desk: Desk, asked: ExplainVerdict, _call: Call) -> ToolAnswer:
    """Say what was found, why, and what was tried."""
    return verdict_answer(desk, asked.run, desk.run(asked.run), picture=asked.picture)


def verdict_answer(desk: Desk, name: str, result: Result, *, picture: bool) -> ToolAnswer:
    """Return the answer that says what a result is."""
    from corescout.report.figures import f5_types

    tried = [t for t in result.trials if t.state != "not_tried"]
    values = {
        "run": name,
        "verdict": verdict_values(result),
        "evidence": {
            **asdict(result.evidence),
            "null_gains": len(result.evidence.null_gains),
        },
        "winner": result.winner.label,
        "tied_with": [r.candidate.label for r in result.tied[:20]],
        "types": type_rows(result),
        "candidates": [_candidate(t) for t in tried[:_MOST_CANDIDATES]],
        "counts": {
            "key_points": len(result.keypoints),
            "core_points": len(result.core_points),
            "candidates_tried": len(tried),
            "candidates_not_tried": len(result.trials) - len(tried),
        },
        "notes": notes_of(result),
        "next": "explain_type shows a type; propose_targets writes a plan for a person to approve",
    }
    return ToolAnswer(values, png_of(desk, lambda: f5_types(result)) if picture else None)


def explain_type(desk: Desk, asked: ExplainType, _call: Call) -> ToolAnswer:
    """Say what a type is made of, and where it is."""
    result = desk.run(asked.run)
    number = result.type_number(asked.type)
    examples = [t for t in result.targets if t.type == number][:_MOST_EXAMPLES]
    values = {
        "run": asked.run,
        "verdict": verdict_values(result),
        **next(row for row in type_rows(result) if row["type"] == number),
        "clearest_examples": [target_row(result, t) for t in examples],
        "mean_typicality_of_core_points": _typicality(result, number),
        "all_types": [{"type": n, "name": k.name} for n, k in result.types.looks.items()],
    }
    picture = png_of(desk, lambda: type_figure(result, number)) if asked.picture else None
    return ToolAnswer(values, picture)


def compare_scans(desk: Desk, asked: CompareScans, _call: Call) -> ToolAnswer:
    """Compare two scans by their types."""
    from corescout.interactive.calls import apply
    from corescout.library import compare

    first = desk.run(asked.run)
    second: Result
    if desk.places.is_run(asked.other):
        second, how = desk.run(asked.other), "two explorations"
    else:
        scan = desk.scan(asked.other, first.channels[0], asked.pixel_size_nm)
        second, how = apply(first, scan), "the types of the run, found on the scan by its network"
    compared = compare(first, second)
    found = asdict(compared)
    found["places"]["p_value"] = compared.places.p_value
    return ToolAnswer(
        {
            "run": asked.run,
            "other": asked.other,
            "how": how,
            "verdict": verdict_values(first),
            "verdict_of_other": verdict_values(second),
            "types": found.pop("rows"),
            **found,
            "notes": notes_of(second),
            "reading": "same_representation false: types of one name need not be the same. places:"
            " agreement (ami) where the scans overlap, 0 by chance, 1 for the same; null: unknown,"
            " and why_none says why; elsewhere: the same at wrong places",
        }
    )


def read_day(desk: Desk, asked: ReadDay, _call: Call) -> ToolAnswer:
    """Say what a watch has seen and done; its journal is read and nothing else is touched."""
    from corescout.live.day.records import records_of

    lines = read_journal(desk.places.day(asked.day) / JOURNAL)
    entries = [entry_of(line) for line in lines]
    records, state = records_of(entries), last_state(lines)
    return ToolAnswer(
        {
            "day": asked.day,
            "session_state": bounded(state.state, 40),
            "targets_begun": len(state.begun),
            "targets_finished": len(state.finished),
            "scans": {"seen": len(records), **Counter(bounded(r.outcome, 40) for r in records)},
            "last_scans": [_record(r) for r in records[-asked.last :]],
            "last_entries": _told(entries, asked.last),
            "reading": "the journal as it was written; only a person at the instrument changes"
            " what the session does",
        }
    )


def _place(scan: Scan) -> dict[str, Any]:
    height, width = scan.shape_px
    frame = scan.frame
    if frame is None:
        return {"pixels": f"{width} x {height}", "scale": "none: ask the person for pixel_size_nm"}
    return {
        "pixels": f"{width} x {height}",
        "size_um": [v * 1e6 for v in frame.size_m],
        "pitch_nm": [v * 1e9 for v in frame.pitch_m],
        "center_x_y_um": [v * 1e6 for v in frame.center_m],
        "angle_deg": float(np.rad2deg(frame.angle_rad)),
        "assumed": [bounded(a) for a in frame.assumed],
        "acquired": None if scan.acquired_at is None else scan.acquired_at.isoformat(),
        "lines_scanned": height if scan.rows_done is None else scan.rows_done,
    }


def _candidate(trial: Trial) -> dict[str, Any]:
    kept = ("gain", "context_retention", "icl")
    return {
        "candidate": trial.candidate.label,
        "state": trial.state,
        **{name: trial.rewards[name].value for name in kept if name in trial.rewards},
        **({"reason": bounded(trial.reason, 120)} if trial.reason else {}),
    }


def _typicality(result: Result, number: int) -> float | None:
    mine = np.asarray(result.core_points.type) == number
    return float(np.asarray(result.core_points.typicality)[mine].mean()) if mine.any() else None


def _record(record: ScanRecord) -> dict[str, Any]:
    return {
        "number": record.number,
        "uid": bounded(record.uid, 80),
        "outcome": bounded(record.outcome, 40),
        "explored_anew": record.explored,
        "kind": bounded(record.kind, 120),
        "reason": bounded(record.reason),
        "points_of_types": {str(k): n for k, n in list(record.types.items())[:20]},
        "new_share": record.novel_share,
        "targets": record.targets,
        "doubts": [bounded(w) for w in record.warnings[:10]],
        "arrived": None if record.arrived_at is None else record.arrived_at.isoformat(),
    }


def _told(entries: Sequence[Entry], last: int) -> list[dict[str, str]]:
    told = [e for e in entries if e.what != "scan outcome"][-last:]
    return [{"at": bounded(e.at, 40), "said": bounded(said(e), 200)} for e in told]

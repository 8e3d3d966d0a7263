"""The tables of a run for people and scripts: JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from corescout.colors import type_color
from corescout.consensus_arrays import consensus_table
from corescout.data import Result, Reward, RunnerUp, Scan, Target, Trial, Types
from corescout.data.printable import defused
from corescout.runs.digits import PLACE_PX, place_decimals, rounded
from corescout.runs.key_points import key_point_table
from corescout.runs.layout import FORMAT_VERSION

_VERSIONED = ("napari-corescout", "torch", "numpy", "scikit-learn", "scikit-image", "scipy")


def to_json(value: object) -> bytes:
    """Encode plain values; numbers that JSON has no word for (NaN, infinity) become null."""
    return (json.dumps(_plain(value), indent=2, ensure_ascii=False) + "\n").encode()


def decision_table(result: Result) -> dict[str, object]:
    """What was decided and why, as JSON values."""
    pitch = result.analysis_pitch_m
    winner = next((t for t in result.trials if t.candidate == result.winner), None)
    return {
        "format_version": FORMAT_VERSION,
        "why": result.why,
        "source": result.scan.source,
        "scan_uid": result.scan.uid,
        "scan_sha256": result.scan.file_sha256,
        "content_sha256": result.scan.content_sha256,
        "channels": list(result.channels),
        "window_px": result.winner.window_px,
        "window_nm": None if pitch is None else result.winner.window_px * pitch * 1e9,
        "analysis_pitch_m": pitch,
        "invariances": result.winner.invariances,
        "winner": asdict(result.winner),
        "n_types": result.n_types,
        "types": _types(result),
        "n_keypoints": len(result.keypoints),
        "evidence": asdict(result.evidence),
        "rewards": {} if winner is None else _rewards(winner.rewards),
        "tied": [_runner_up(r) for r in result.tied],
        "runners_up": [_runner_up(r) for r in result.runners_up],
        "consensus": None if result.votes is None else consensus_table(result.votes.consensus),
        "notes": list(result.notes),
        "seconds": round(result.seconds, 3),
        "versions": versions(),
        "python": platform.python_version(),
        "machine": machine(),
    }


def trial_table(trials: Sequence[Trial]) -> list[dict[str, object]]:
    """Every trial with its rewards and their parts, as JSON values."""
    return [
        {
            "number": t.number,
            "candidate": asdict(t.candidate),
            "state": t.state,
            "reason": t.reason,
            "seconds": round(t.seconds, 3),
            "rewards": _rewards(t.rewards),
        }
        for t in trials
    ]


def target_table(
    targets: Sequence[Target],
    scan: Scan,
    types: Types | None = None,
    path_m: float | None = None,
) -> dict[str, object]:
    """Targets with the scan that they lie on, as JSON values: the one shape of ``targets.json``.

    Parameters
    ----------
    types : Types, optional
        For the names of the types.
    path_m : float, optional
        Length of the way through them, where they stand in the order of their visits.
    """
    frame = scan.frame
    return {
        "format_version": FORMAT_VERSION,
        "scan_uid": scan.uid,
        "frame": None if frame is None else asdict(frame),
        "path_m": path_m,
        "targets": [_target(t, types) for t in targets],
    }


def targets_csv(
    targets: Sequence[Target], types: Types | None = None, pitch_m: float | None = None
) -> bytes:
    """Columns y_px, x_px, x_m, y_m, type, type_name, number; metres empty without a scale.

    With a column of reasons where measurements chose them.

    Parameters
    ----------
    types : Types, optional
        For the names of the types.
    pitch_m : float, optional
        The smaller one of the scan, see `digits.place_decimals`.
    """
    columns: tuple[str, ...] = ("y_px", "x_px", "x_m", "y_m", "type", "type_name", "number")
    if any(t.reason for t in targets):  # chosen by what was measured
        columns = (*columns, "reason")
    rows = [_target(t, types) | _place(t, pitch_m) for t in targets]
    return _csv(columns, [[_cell(row.get(c)) for c in columns] for row in rows])


def key_points_csv(result: Result) -> bytes:
    """Every key point, see `runs.key_points.MEANINGS`; what is not known is empty."""
    table = key_point_table(result)
    pitch_m = finest_pitch_m(result.scan)
    columns = (_cells(rounded(name, column, pitch_m)) for name, column in table.items())
    rows = zip(*columns, strict=True)
    return _csv(tuple(table), list(rows))


def core_points_csv(result: Result) -> bytes:
    """The rows of ``key_points.csv`` that are core points, in fewer columns."""
    columns = ("key_point", "y_px", "x_px", "x_m", "y_m", "type", "type_name", "typicality")
    table, index = key_point_table(result), result.core_points.index
    pitch_m = finest_pitch_m(result.scan)
    cells = [_cells(rounded(name, table[name], pitch_m)) for name in columns]
    return _csv(columns, [[column[i] for column in cells] for i in index])


def finest_pitch_m(scan: Scan) -> float | None:
    """Return the smaller pitch of a scan; None without a scale."""
    return None if scan.frame is None else min(scan.frame.pitch_m)


def _target(t: Target, types: Types | None) -> dict[str, object]:
    return {
        "uid": t.uid,
        "scan_uid": t.scan_uid,
        "y_px": t.yx_px[0],
        "x_px": t.yx_px[1],
        "x_m": None if t.xy_m is None else t.xy_m[0],
        "y_m": None if t.xy_m is None else t.xy_m[1],
        "type": t.type,
        "type_name": None if types is None else types.name(t.type),
        "number": t.number,
        "action": t.action,
        "settings": dict(t.settings),
        **({"reason": t.reason} if t.reason else {}),
    }


def _place(t: Target, pitch_m: float | None) -> dict[str, object]:
    """The place of a target with the digits of a table; JSON has all of them."""
    y_px, x_px = (round(float(v), PLACE_PX) for v in t.yx_px)
    decimals = place_decimals(pitch_m)
    x_m, y_m = (None, None) if t.xy_m is None else (round(float(v), decimals) for v in t.xy_m)
    return {"y_px": y_px, "x_px": x_px, "x_m": x_m, "y_m": y_m}


def _cells(values: Sequence[object]) -> list[object]:
    """Values of a column as a CSV has them, empty where not known."""
    return [_cell(None if v != v else v) for v in values]


def _csv(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, str):
        return defused(value)
    return repr(value) if isinstance(value, float) else value


def _types(result: Result) -> list[dict[str, object]]:
    types = result.types
    return [
        {
            "number": n,
            "name": look.name,
            "color": type_color(n, types.colors),
            "hidden": look.hidden,
            "patches": types.count(n),
            "by_hand": int(types.by_hand[types.rows(n)].sum()),
        }
        for n, look in types.looks.items()
    ]


def _rewards(rewards: Mapping[str, Reward]) -> dict[str, object]:
    return {
        name: {
            "value": r.value,
            "better": r.direction,
            "parts": dict(r.parts),
            "void_because": r.void_because,
        }
        for name, r in rewards.items()
    }


def _runner_up(runner_up: RunnerUp) -> dict[str, object]:
    return {
        "label": runner_up.candidate.label,
        "candidate": asdict(runner_up.candidate),
        "score": runner_up.score,
        "reason": runner_up.reason,
    }


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    found = {}
    for name in _VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def machine() -> dict[str, object]:
    """What the numbers depend on beside the versions: the kind of machine, not whose it is."""
    return {
        "system": platform.system(),
        "release": platform.release(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (str, int, bool)) or value is None:
        return value
    if hasattr(value, "item"):
        return _plain(value.item())
    return str(value)

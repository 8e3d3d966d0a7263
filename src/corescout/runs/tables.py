"""The tables of a run for people and scripts: JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from corescout.colors import type_color
from corescout.data import Result, Reward, RunnerUp, Target, Trial
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
        "scan_sha256": result.scan.content_sha256,
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
        "notes": list(result.notes),
        "seconds": round(result.seconds, 3),
        "versions": _versions(),
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


def target_table(targets: Sequence[Target]) -> list[dict[str, object]]:
    """The targets, as JSON values."""
    return [
        {
            "uid": t.uid,
            "scan_uid": t.scan_uid,
            "y_px": t.yx_px[0],
            "x_px": t.yx_px[1],
            "x_m": None if t.xy_m is None else t.xy_m[0],
            "y_m": None if t.xy_m is None else t.xy_m[1],
            "type": t.type,
            "priority": t.priority,
            "action": t.action,
            "settings": dict(t.settings),
        }
        for t in targets
    ]


def targets_csv(targets: Sequence[Target]) -> bytes:
    """Columns y_px, x_px, x_m, y_m, type, priority; metres empty without a scale."""
    columns = ("y_px", "x_px", "x_m", "y_m", "type", "priority")
    rows = [[_cell(row[c]) for c in columns] for row in target_table(targets)]
    return _csv(columns, rows)


def core_points_csv(result: Result) -> bytes:
    """Columns y_px, x_px, type, typicality."""
    core = result.core_points
    places = result.patches.center_yx_px[core.index]
    rows = [
        [_cell(float(y)), _cell(float(x)), int(kind), f"{typicality:.6g}"]
        for (y, x), kind, typicality in zip(places, core.type, core.typicality, strict=True)
    ]
    return _csv(("y_px", "x_px", "type", "typicality"), rows)


def _csv(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if value is None:
        return ""
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


def _versions() -> dict[str, str]:
    found = {}
    for name in _VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


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

"""What a tool answers: values as JSON, and a picture where one was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from corescout.colors import type_color
from corescout.data import Result, Target
from corescout.mcp_server.words import bounded, plain
from corescout.wall_lengths import wall_lengths

LONGEST = 60_000  # characters of the text of an answer


@dataclass(frozen=True)
class ToolAnswer:
    """The answer of a tool.

    Attributes
    ----------
    values : mapping
        JSON values.
    picture : bytes or None
        PNG.
    """

    values: Mapping[str, Any]
    picture: bytes | None = None

    @property
    def text(self) -> str:
        """The values as JSON text of bounded length."""
        text = json.dumps(plain(self.values), ensure_ascii=False, allow_nan=False, indent=1)
        if len(text) <= LONGEST:
            return text
        said = {"shortened": "the answer is too long and was cut", "begins": text[: LONGEST // 2]}
        return json.dumps(said, ensure_ascii=False)


def verdict_values(result: Result) -> dict[str, Any]:
    """Return the verdict in the words that window, report and command line use."""
    return {**asdict(result.verdict), "text": str(result.verdict)}


def type_rows(result: Result) -> list[dict[str, Any]]:
    """Return number, name, counts, share, length of wall and colour of each type."""
    types, lengths = result.types, wall_lengths(result)
    walls = {n: None if lengths is None else lengths.of_type_m(types, n) for n in types.numbers}
    return [
        {
            "type": n,
            "name": look.name,
            "key_points": types.count(n),
            "share": types.count(n) / max(1, len(types.of_point)),
            "core_points": int(np.count_nonzero(np.asarray(result.core_points.type) == n)),
            "wall_um": None if walls[n] is None else float(walls[n] or 0.0) * 1e6,
            "color": type_color(n, types.colors),
            "hidden": look.hidden,
        }
        for n, look in types.looks.items()
    ]


def target_row(result: Result, target: Target) -> dict[str, Any]:
    """Return a target with its place in pixels and, where there is a scale, in micrometres."""
    x_um, y_um = (None, None) if target.xy_m is None else (v * 1e6 for v in target.xy_m)
    return {
        "number": target.number,
        "type": target.type,
        "type_name": result.types.name(target.type),
        "y_px": target.yx_px[0],
        "x_px": target.yx_px[1],
        "x_um": x_um,
        "y_um": y_um,
    }


def notes_of(result: Result) -> list[str]:
    """Return what was skipped, masked or assumed."""
    return [bounded(note) for note in result.notes[:40]]

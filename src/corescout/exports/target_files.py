"""Targets as files for others: a table, JSON with the frame, commands for Igor."""

from __future__ import annotations

from collections.abc import Callable

from corescout.data import Result
from corescout.exports.arcmd import arcmd_text
from corescout.runs.tables import finest_pitch_m, target_table, targets_csv, to_json
from corescout.targets import Way


def _csv(result: Result, way: Way) -> str:
    return targets_csv(way.targets, result.types, finest_pitch_m(result.scan)).decode()


def _json(result: Result, way: Way) -> str:
    return to_json(target_table(way.targets, result.scan, result.types, way.length_m)).decode()


def _arcmd(result: Result, way: Way) -> str:
    return arcmd_text(way.targets, result.scan.frame)


FORMATS: dict[str, Callable[[Result, Way], str]] = {"csv": _csv, "json": _json, "arcmd": _arcmd}

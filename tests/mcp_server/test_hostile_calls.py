"""The bench of hostile calls in small, while a plan runs at the twin's server."""

import pytest

pytest.importorskip("mcp")

from benchmarks.outcome import Bar
from benchmarks.reliability import door


def test_nothing_leaks_or_leaves_while_a_plan_runs(tmp_path, typed_result):
    found = door.measure(tmp_path, typed_result, 40)
    report = door.report(found)
    assert [f"{b.key}: {found[b.key]}" for b in report.bars if not report.met(b)] == []
    assert found["refused"] > 15
    assert found["plans_run_meanwhile"] >= 1
    assert Bar("plan_not_as_planned", "<=", 0) in report.bars

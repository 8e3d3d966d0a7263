"""Spectra find their targets by name, place or order; what is not certain is a doubt."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corescout.data import Measurement
from corescout.instruments.folder.tying import ArrivedFile, Expected, tie_spectra

TARGETS = [Expected(f"t{i}", (i * 200e-9, 0.0)) for i in range(4)]
START = datetime(2026, 5, 4, 12, 0, 0)


def curve(number, xy_m=None, taken=None, name="curve"):
    axis = np.linspace(-1, 1, 5)
    made = Measurement(None, axis, "bias", "V", {"response": axis}, xy_m=xy_m, acquired_at=taken)
    return ArrivedFile(Path(f"{name}{number}.dat"), made, 10**9 * number)


def by_target(tied):
    return {t.measurement.target_uid: (t.path.name, t.how) for t in tied.ties}


def tie(arrived, **others):
    return tie_spectra(TARGETS, arrived, 50e-9, **others)


def test_by_place_in_any_order():
    tied = tie([curve(0, (401e-9, 3e-9)), curve(1, (-2e-9, 0.0))])
    assert by_target(tied) == {"t2": ("curve0.dat", "position"), "t0": ("curve1.dat", "position")}
    assert tied.doubts == ()
    assert tied.missing == ("t1", "t3")


def test_by_order_when_all_have_come_and_not_before():
    some = tie([curve(i) for i in range(3)])
    assert some.ties == ()
    assert [d.reason for d in some.doubts] == [
        "3 files for 4 targets: the order does not tell"
    ] * 3  # fmt: skip
    assert some.doubts[0].candidates == ("t0", "t1", "t2", "t3")
    every = tie([curve(i) for i in reversed(range(4))])
    assert by_target(every) == {f"t{i}": (f"curve{i}.dat", "order") for i in range(4)}
    assert every.missing == ()


def test_by_order_between_files_that_have_a_place():
    tied = tie([curve(0, (0.0, 0.0)), curve(1), curve(2, (400e-9, 0.0)), curve(3)])
    assert by_target(tied)["t1"] == ("curve1.dat", "order")
    assert by_target(tied)["t3"] == ("curve3.dat", "order")


def test_one_file_too_many_is_a_doubt_for_all_of_its_run():
    tied = tie([curve(0, (0.0, 0.0)), curve(1), curve(2), curve(3, (400e-9, 0.0)), curve(4)])
    assert set(by_target(tied)) == {"t0", "t2", "t3"}
    assert {d.path.name for d in tied.doubts} == {"curve1.dat", "curve2.dat"}
    assert tied.missing == ("t1",)


def test_by_name_and_against_its_place():
    tied = tie([ArrivedFile(Path("loop-t2.dat"), curve(0).measurement, 1)])
    assert by_target(tied) == {"t2": ("loop-t2.dat", "name")}
    elsewhere = ArrivedFile(Path("loop-t2.dat"), curve(0, (0.0, 0.0)).measurement, 1)
    assert "lies elsewhere" in tie([elsewhere]).doubts[0].reason
    longer = ArrivedFile(Path("loop-t21.dat"), curve(0).measurement, 1)
    assert by_target(tie([longer])) == {}


DOUBTS = {
    "far from all": ([curve(0, (1e-6, 1e-6))], "nearest target, t3"),
    "two for one": ([curve(0, (0.0, 0.0)), curve(1, (1e-9, 0.0))], "2 files belong to t0"),
    "taken before": ([curve(0, (0.0, 0.0), START - timedelta(hours=1))], "before the plan"),
    "same time": ([curve(1), curve(1, name="b"), curve(2), curve(3)], "at the same time"),
    "times contradict": (
        [curve(i, taken=START - timedelta(seconds=10 * i)) for i in range(4)], "contradict"
    ),
    "another order": (
        [curve(0, (600e-9, 0.0)), curve(1, (0.0, 0.0)), curve(2), curve(3)], "another order"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DOUBTS)
def test_what_is_not_certain_is_a_doubt(case):
    arrived, words = DOUBTS[case]
    tied = tie(arrived, since=START)
    assert any(words in d.reason for d in tied.doubts)
    doubted = {d.path for d in tied.doubts}
    assert doubted.isdisjoint(t.path for t in tied.ties)
    assert doubted | {t.path for t in tied.ties} == {a.path for a in arrived}


def test_two_targets_within_the_tolerance():
    tied = tie_spectra(TARGETS, [curve(0, (100e-9, 0.0))], 150e-9)
    assert tied.doubts[0].candidates == ("t0", "t1")


def test_a_person_decides():
    arrived = [curve(0, (0.0, 0.0)), curve(1, (1e-9, 0.0))]
    tied = tie(arrived, by_hand={Path("curve1.dat"): "t0"})
    assert by_target(tied) == {"t0": ("curve1.dat", "by hand")}
    assert [d.path.name for d in tied.doubts] == ["curve0.dat"]


@given(
    n=st.integers(1, 6),
    skipped=st.sets(st.integers(0, 5)),
    placed=st.sets(st.integers(0, 5)),
    foreign=st.integers(0, 6),
)
@settings(max_examples=200, deadline=None)
def test_a_tie_is_never_wrong_where_nothing_is_foreign(n, skipped, placed, foreign):
    """Some targets are skipped, some files say their place; one file may belong to none of them."""
    targets = [Expected(f"t{i}", (i * 200e-9, 0.0)) for i in range(n)]
    truth = {
        Path(f"curve{i}.dat"): t.uid for i, t in enumerate(targets) if i not in skipped
    }  # fmt: skip
    files = [
        curve(i, t.xy_m if i in placed else None) for i, t in enumerate(targets) if i not in skipped
    ]
    if foreign < n:
        files.append(
            ArrivedFile(Path("other.dat"), curve(0, (5e-6, 5e-6)).measurement, 500_000_000)
        )
    tied = tie_spectra(targets, files, 50e-9)
    assert all(truth.get(t.path) == t.measurement.target_uid for t in tied.ties)
    told = {t.path for t in tied.ties} | {d.path for d in tied.doubts}
    assert told == {f.path for f in files}
    known = {t.measurement.target_uid for t in tied.ties}
    assert set(tied.missing) == {t.uid for t in targets} - known

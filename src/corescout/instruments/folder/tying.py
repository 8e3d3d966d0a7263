"""Which target does a spectrum belong to? By its name, its place or its order, and never a guess.

What cannot be told is a doubt with the targets that come into question; a person decides.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from corescout.data import Measurement

_CLOCKS_APART = timedelta(minutes=2)  # of two computers


@dataclass(frozen=True)
class Expected:
    """A target that a spectrum is awaited from."""

    uid: str
    xy_m: tuple[float, float]


@dataclass(frozen=True, eq=False)
class ArrivedFile:
    """A spectrum that came as a file.

    Attributes
    ----------
    path : Path
    measurement : Measurement
    written_ns : int
        Time of the file.
    """

    path: Path
    measurement: Measurement
    written_ns: int


@dataclass(frozen=True, eq=False)
class Tie:
    """A spectrum and its target, and how that is known."""

    path: Path
    measurement: Measurement
    how: Literal["by hand", "name", "position", "order"]


@dataclass(frozen=True)
class Doubt:
    """A spectrum whose target is not known."""

    path: Path
    reason: str
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Tied:
    """What is known of the spectra of a plan."""

    ties: tuple[Tie, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    missing: tuple[str, ...] = field(default=())


def tie_spectra(
    targets: Sequence[Expected],
    arrived: Sequence[ArrivedFile],
    tolerance_m: float,
    *,
    since: datetime | None = None,
    by_hand: Mapping[Path, str] | None = None,
) -> Tied:
    """Tie spectra to the targets of one plan.

    Parameters
    ----------
    targets : sequence of Expected
        In the order of their visits.
    arrived : sequence of ArrivedFile
        That came after the plan was handed over.
    tolerance_m : float
        Between a target and the place that a file names.
    since : datetime, optional
        Local time of the hand-over: what was taken clearly before it is none of the plan's.
    by_hand : mapping of Path to str, optional
        What a person has decided.
    """
    files = sorted(arrived, key=lambda a: a.written_ns)
    found: dict[Path, tuple[str, Literal["by hand", "name", "position", "order"]]] = {}
    doubts: dict[Path, Doubt] = {}
    for file in files:
        _by_itself(file, targets, tolerance_m, since, by_hand or {}, found, doubts)
    _twice(found, doubts)
    _by_order(targets, files, found, doubts)
    ties = [
        Tie(f.path, replace(f.measurement, target_uid=found[f.path][0]), found[f.path][1])
        for f in files
        if f.path in found
    ]
    known = {uid for uid, _ in found.values()}
    return Tied(
        tuple(ties), tuple(doubts.values()), tuple(t.uid for t in targets if t.uid not in known)
    )


Found = dict[Path, tuple[str, Literal["by hand", "name", "position", "order"]]]


def _by_itself(
    file: ArrivedFile,
    targets: Sequence[Expected],
    tolerance_m: float,
    since: datetime | None,
    by_hand: Mapping[Path, str],
    found: Found,
    doubts: dict[Path, Doubt],
) -> None:
    """What a file says of itself: its name, its place, its time."""
    path, place, taken = file.path, file.measurement.xy_m, file.measurement.acquired_at
    if path in by_hand:
        found[path] = (by_hand[path], "by hand")
        return
    if since is not None and taken is not None and _local(taken) < _local(since) - _CLOCKS_APART:
        doubts[path] = Doubt(path, f"it was taken before the plan, {taken:%Y-%m-%d %H:%M:%S}")
        return
    named = [t for t in targets if _names(path.stem, t.uid)]
    near = (
        named[:1]
        if place is None
        else [t for t in targets if math.dist(t.xy_m, place) <= tolerance_m]
    )
    if len(named) == 1 and named[0] in near:
        found[path] = (named[0].uid, "name")
    elif len(named) == 1:
        doubts[path] = Doubt(path, f"it is named after {named[0].uid} and lies elsewhere", ())
    elif place is not None and len(near) == 1:
        found[path] = (near[0].uid, "position")
    elif place is not None and near:
        uids = tuple(t.uid for t in near)
        reason = f"{len(near)} targets lie within {tolerance_m * 1e9:.0f} nm of it"
        doubts[path] = Doubt(path, reason, uids)
    elif place is not None and targets:
        nearest = min(targets, key=lambda t: math.dist(t.xy_m, place))
        off_nm = math.dist(nearest.xy_m, place) * 1e9
        doubts[path] = Doubt(path, f"the nearest target, {nearest.uid}, is {off_nm:.0f} nm away")


def _twice(found: Found, doubts: dict[Path, Doubt]) -> None:
    """Two files for one target: none of them is taken, unless a person has said so."""
    counts = Counter(uid for uid, _ in found.values())
    for path, (uid, how) in list(found.items()):
        if counts[uid] > 1 and how != "by hand":
            del found[path]
            doubts[path] = Doubt(path, f"{counts[uid]} files belong to {uid}", (uid,))


def _by_order(
    targets: Sequence[Expected],
    files: Sequence[ArrivedFile],
    found: Found,
    doubts: dict[Path, Doubt],
) -> None:
    """Between files that are tied, as many others as targets are theirs, in order."""
    place_of = {t.uid: i for i, t in enumerate(targets)}
    anchors = [place_of.get(found[f.path][0], -1) for f in files if f.path in found]
    why_not = _why_no_order(files, anchors)
    run: list[ArrivedFile] = []
    first = 0  # target after the last anchor
    for file in [*files, None]:
        if file is not None and file.path not in found:
            run.append(file)
            continue
        last = len(targets) if file is None else place_of.get(found[file.path][0], first)
        _run_in_order(run, [t.uid for t in targets[first:last]], why_not, found, doubts)
        run, first = [], last + 1


def _run_in_order(
    run: Sequence[ArrivedFile],
    uids: Sequence[str],
    why_not: str,
    found: Found,
    doubts: dict[Path, Doubt],
) -> None:
    unknown = sum(f.path in doubts for f in run)
    reason = why_not
    if unknown and len(run) > unknown:
        reason = reason or "other files that came with it are in doubt"
    elif len(run) != len(uids):
        reason = reason or f"{len(run)} files for {len(uids)} targets: the order does not tell"
    for number, file in enumerate(run):
        if file.path in doubts:
            continue
        if reason:
            doubts[file.path] = Doubt(file.path, reason, tuple(uids))
        else:
            found[file.path] = (uids[number], "order")


def _why_no_order(files: Sequence[ArrivedFile], anchors: Sequence[int]) -> str:
    """Say why the order of the files is no order of visits; empty if it is one."""
    if list(anchors) != sorted(anchors):
        return "the targets were visited in another order"
    written = [f.written_ns for f in files]
    if len(set(written)) != len(written):
        return "files were written at the same time"
    taken = [_local(t) for f in files if (t := f.measurement.acquired_at) is not None]
    if taken != sorted(taken):
        return "the times in the files contradict the times of the files"
    return ""


def _names(stem: str, uid: str) -> bool:
    """Whether a file is named after a target, as a word of its own."""
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(uid)}(?![A-Za-z0-9])", stem) is not None


def _local(time: datetime) -> datetime:
    """Local time without its zone: files of instruments name none."""
    return time.astimezone().replace(tzinfo=None) if time.tzinfo else time

"""`corescout explore --resume RUN`: go on where one was killed, stopped or out of room."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from corescout.cli.running import (
    further_scans,
    go_on,
    kept_further_scans,
    print_answer,
    print_place,
)
from corescout.cli.where import Where
from corescout.data import InputError

if TYPE_CHECKING:
    from corescout.runs import Record

_MAY_CHANGE = frozenset(
    {
        "resume",
        "files",
        "workers",
        "processes",
        "cluster",
        "as_json",
        "verbose",
        "allow_code",
        "repeat",
        "reversed_repeat",
    }
)


def resume_run(
    given: Iterable[str],
    run: Path,
    file: Path | None,
    where: Where,
    as_json: bool,
    verbose: bool,
    allow_code: bool,
    repeats: Sequence[Path] = (),
    reversed_repeats: Sequence[Path] = (),
) -> None:
    """Bring an exploration to its end with the plan that it was begun with.

    Parameters
    ----------
    given : iterable of str
        Names of the options that stand on the command line.
    file : Path, optional
        The scan, where it has been moved since.
    repeats, reversed_repeats : sequence of Path
        Further scans: more of them, or those that it was begun with where they have been moved.

    Raises
    ------
    InputError
        If there is nothing to go on with, the scan is another one, or an option would change the
        plan.
    """
    from corescout.readers import read_scan
    from corescout.runs import Record, is_run, is_unfinished
    from corescout.runs.unfinished import remove_unfinished

    changed = sorted(set(given) - _MAY_CHANGE)
    if changed:
        raise InputError(
            "--resume with the plan of the run alone",
            ", ".join(f"--{name.replace('_', '-')}" for name in changed),
            "leave it out, or explore again with --from to reuse what was finished",
        )
    remove_unfinished(run)
    if is_run(run) and not is_unfinished(run):
        raise InputError(
            "an exploration that was not finished", f"{run}, which is", "open it: it is whole"
        )
    record = Record(run)
    try:
        plan = record.plan
        _load_rewards(record, allow_code=allow_code)
        source = file or Path(record.source)
        channel = plan.channels[0] if plan.channels else None
        scan = read_scan(source, pixel_size_m=plan.pixel_size_m, channel=channel)
        record.check_scan(scan)
        named = further_scans(plan, repeats, reversed_repeats)
        further = kept_further_scans(record, named)
        _say(record)
        record.note("resumed")
    except BaseException:
        record.close()
        raise
    tell = None if as_json else print_answer
    result = go_on(record, scan, where=where, verbose=verbose, further=further, tell=tell)
    print_place(result, run, as_json)


def source_and_plan(
    run: Path, file: Path | None, plan: Path | None, preset: object | None
) -> tuple[Path, Path | None]:
    """Return scan and plan file of a run that another exploration starts from.

    Raises
    ------
    InputError
        If it has no record.
    """
    from corescout.runs import layout

    about = run / layout.RECORD / layout.ABOUT
    if not about.is_file():
        raise InputError(
            "a run with the record of its trials",
            f"{run}",
            "explore the scan again, without --from",
        )
    source = file or Path(json.loads(about.read_text("utf-8"))["source"])
    own = plan is None and preset is None
    return source, run / layout.RECORD / layout.PLAN if own else plan


def _load_rewards(record: Record, *, allow_code: bool) -> None:
    from corescout.cli.options import load_rewards

    load_rewards(record.plan.wanted_rewards, set(), allow_code=allow_code)


def _say(record: Record) -> None:
    changed = record.changed_versions()
    text = f"{record.n_trials} finished trials are taken from {record.folder}"
    if changed:
        text = f"{changed} since the run was begun: finished trials are computed again"
    sys.stderr.write(f"{text}\n")

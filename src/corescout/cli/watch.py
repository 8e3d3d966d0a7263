"""`corescout watch SOURCE`: every new scan is understood as it arrives."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corescout.cli import options
from corescout.cli.journal_tail import JournalTail
from corescout.cli.settings import Settings
from corescout.data import InputError
from corescout.data.counted import counted

if TYPE_CHECKING:
    from corescout.instruments import Instrument, Limits, StopReport
    from corescout.live import Analyst, Day, KnownRepresentation, Runner
    from corescout.live.loop.sources import Source
    from corescout.live.policy import Policy
    from corescout.live.settings import LiveSettings, Steering

_NOT_CONFIRMED = 4  # exit code: a stop whose effect was not seen
_KEYS = "a: approve, d: decline, s: STOP the instrument, r: release, w: withdraw the tip, q: quit"


def watch(
    source: Annotated[
        str | None, typer.Argument(help="A folder that scans are saved to, or 'twin'.")
    ] = None,
    instrument: Annotated[
        str | None, typer.Option(help="An instrument of the profiles instead.")
    ] = None,
    profiles: Annotated[
        Path | None, typer.Option(help="File of instrument profiles; your own by default.")
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="Begin with the representation of a finished run.")
    ] = None,
    existing: Annotated[
        bool, typer.Option("--existing", help="Analyse files already in the folder too.")
    ] = False,
    polling: Annotated[
        bool, typer.Option("--polling", help="For folders on network shares.")
    ] = False,
    signed_by: Annotated[
        str | None,
        typer.Option(
            help="Allow automatic runs in your name: plans within the policy are not asked."
        ),
    ] = None,
    most_plans: Annotated[int, typer.Option(min=1, help="Plans that may run unattended.")] = 5,
    most_targets: Annotated[
        int, typer.Option(min=1, help="Targets that may be measured unattended.")
    ] = 100,
    most_scans: Annotated[
        int | None,
        typer.Option(
            min=1, help="Scans to decide before the watch ends; Ctrl-C ends it by default."
        ),
    ] = None,
    goal: Annotated[
        str | None,
        typer.Option(
            help="After the first loops, plan by what they showed: map, types, extremes or"
            " surprise; several as map=1,types=0.5."
        ),
    ] = None,
    measured: Annotated[
        str, typer.Option("--property", help="Property of the loops that --goal asks for.")
    ] = "coercive_bias_v",
    batch: Annotated[int, typer.Option(min=1, help="Targets of a plan of --goal.")] = 10,
    error: Annotated[
        float | None, typer.Option(help="That --goal asks for; a tenth of the range by default.")
    ] = None,
    reference_every: Annotated[
        int, typer.Option(min=0, help="Loops of --goal between two at the reference area; 0: none.")
    ] = 0,
    look_at_written: Annotated[
        bool,
        typer.Option(
            "--look-at-written",
            help="Scan a frame before and after each spectrum: what it wrote sets the distance.",
        ),
    ] = False,
    preset: options.PresetOption = None,
    plan_file: options.PlanFile = None,
    allow_code: options.AllowCode = False,
    settings: Settings = None,
    channel: options.Channel = None,
    windows: options.Windows = None,
    invariances: options.Invariances = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the day; corescout-DATE in the current folder by default."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each entry of the journal as a line of JSON.")
    ] = False,
) -> None:
    """Watch a source: understand each scan as it arrives.

    Each is analysed, targets are suggested, and what is approved is measured.
    """
    from corescout.live import Analyst, Day
    from corescout.live.day.day import JOURNAL
    from corescout.live.policy import Policy
    from corescout.live.settings import LiveSettings

    plan = options.make_plan(
        preset,
        plan_file,
        settings,
        channel=channel,
        windows=windows,
        invariances=invariances,
        seed=seed,
        allow_code=allow_code,
    )
    steering = None if goal is None else _steering(goal, measured, batch, error, reference_every)
    policy = Policy(signed_by, most_plans, most_targets) if signed_by else None
    day = Day(out or Path(f"corescout-{datetime.now():%Y-%m-%d}"))
    tail = JournalTail(day.folder / JOURNAL) if as_json else None
    say = partial(typer.echo, err=as_json)  # with --json stdout holds entries alone
    try:
        analyst = Analyst(plan, _known(run), workers)
        how = LiveSettings(
            most_scans=most_scans, steering=steering, look_at_written=look_at_written
        )
        if source is None or source == "twin":
            opened, limits = _instrument(source, instrument, profiles, plan.seed)
            runner = _at_instrument(opened, limits, day, analyst, policy, how)
        elif instrument is not None:
            raise InputError("a source or --instrument", "both", "give one of them")
        else:
            runner = _on_folder(Path(source), day, analyst, how, existing, polling)
        _watch(runner, say, tail)
    finally:
        day.close()
        if tail is not None:
            tail.print_new()
    say(f"the day: {day.folder / 'day.html'}")
    if day.problem:
        typer.echo(f"NOT WRITTEN: {day.problem}", err=True)
        raise typer.Exit(1)


def _steering(
    goal: str, measured: str, batch: int, error: float | None, reference_every: int
) -> Steering:
    from corescout.live.settings import Steering
    from corescout.loop_properties import PROPERTIES
    from corescout.steering import goals_of

    if measured not in PROPERTIES:
        raise InputError(
            f"a property among {', '.join(PROPERTIES)}", repr(measured), "choose one of these"
        )
    return Steering(measured, goals_of(goal), batch, error, reference_every)


def _known(run: Path | None) -> KnownRepresentation | None:
    from corescout.live import trained
    from corescout.runs import read_run

    return None if run is None else trained(read_run(run))


def _instrument(
    source: str | None, name: str | None, profiles: Path | None, seed: int
) -> tuple[Instrument, Limits | None]:
    from corescout.instruments.profiles import open_instrument
    from corescout.instruments.twin_demo import demo_twin

    if name is not None:
        return open_instrument(name, profiles)
    if source is None:
        raise InputError(
            "something to watch", "nothing", "give a folder, 'twin', or --instrument NAME"
        )
    return demo_twin(seed)


def _at_instrument(
    instrument: Instrument,
    limits: Limits | None,
    day: Day,
    analyst: Analyst,
    policy: Policy | None,
    how: LiveSettings,
) -> Runner:
    from corescout.instruments import Session
    from corescout.live import Runner
    from corescout.live.loop.sources import InstrumentSource

    session = Session(instrument, limits, day.journal)
    return Runner(InstrumentSource(instrument), day, analyst, session, instrument, policy, how)


def _on_folder(
    folder: Path,
    day: Day,
    analyst: Analyst,
    how: LiveSettings,
    existing: bool,
    polling: bool,
) -> Runner:
    from corescout.live import Runner
    from corescout.live.loop.sources import FolderSource

    if not folder.is_dir():
        raise InputError("a folder to watch", f"none at {folder}", "create it, or give another")
    source: Source = FolderSource(
        folder,
        existing=existing,
        known=day.known_files(),
        before=day.left_undecided(str(folder.absolute())),
        polling=polling,
    )
    return Runner(source, day, analyst, settings=how)


def _watch(runner: Runner, say: Callable[..., None], tail: JournalTail | None) -> None:
    """Print a line for each scan, listen to keys, and end at Ctrl-C."""
    from corescout.interactive.progress import stop_on_interrupt

    runner.signals.said.connect(lambda text: say(text))
    shown, told = "", None
    with stop_on_interrupt() as stop:
        runner.start()
        if sys.stdin.isatty():
            typer.echo(_KEYS, err=True)
            threading.Thread(target=_listen, args=(runner, stop), daemon=True).start()
        while not runner.wait(0.3):
            plan, check = runner.snapshot.plan, runner.snapshot.check
            if plan is not None and check is not None and plan.digest != shown:
                shown = plan.digest
                say(
                    f"plan {shown[:8]}: {counted(len(plan.targets), 'target')},"
                    f" {check.path_m * 1e6:.1f} µm"
                )
                for line in (*check.errors, *check.warnings):
                    say(f"  {line}")
            if tail is not None:
                tail.print_new()
            told = _say_stop(runner, told, say)
            if stop.is_set():
                runner.stop()
    _say_stop(runner, told, say)
    report = runner.stop_report
    if report is not None and not report.confirmed:
        raise typer.Exit(_NOT_CONFIRMED)
    if runner.gave_up or runner.undecided:
        n = runner.undecided
        left = f"; {n} scan{' has' if n == 1 else 's have'} no outcome" if n else ""
        typer.echo(
            f"the watch ended by itself: {runner.gave_up or 'some of the work was not done'}{left}",
            err=True,
        )
        raise typer.Exit(1)


def _say_stop(
    runner: Runner, told: StopReport | None, say: Callable[..., None]
) -> StopReport | None:
    """Say what is known of a stop, each time that it changes."""
    report = runner.stop_report
    if report is not None and report is not told:
        (say if report.confirmed else partial(typer.echo, err=True))(str(report))
    return report


def _listen(runner: Runner, stop: threading.Event) -> None:
    """Take keys from the terminal."""
    from corescout.data.errors import CorescoutError

    by = "the person at the terminal"
    for line in sys.stdin:
        key = line.strip().lower()
        plan = runner.snapshot.plan
        try:
            if key == "a" and plan is not None:
                runner.approve(plan.digest, by)
            elif key == "d":
                runner.decline(by)
            elif key == "s":
                runner.halt("STOP at the terminal")
            elif key == "r":
                runner.release(by)
            elif key == "w":
                runner.withdraw_tip(by)
            elif key == "q":
                stop.set()
            else:
                typer.echo(_KEYS, err=True)
        except (CorescoutError, OSError) as error:
            typer.echo(str(error), err=True)

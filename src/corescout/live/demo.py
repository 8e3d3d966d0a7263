"""`corescout demo --live`: the digital twin from its first scan to loops at core points."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from corescout.data import InputError
from corescout.instruments import Journal, Limits, Session
from corescout.instruments.twin import DigitalTwin
from corescout.live.experiment import Experiment, run_experiment
from corescout.live.report import write_experiment
from corescout.plan import Plan, TargetPlan
from corescout.surfaces import generate_surface

DRIFT_M_PER_S = (0.02e-9, 0.01e-9)  # of a settled instrument: about 1 nm a minute
SPEED = 60.0
JOURNAL = "journal.jsonl"
FILES = ("experiment.html", "loops.csv", "curves.csv", JOURNAL)


def prepare_folder(folder: Path, *, overwrite: bool = False) -> None:
    """Make room for an experiment on the twin; checked before any work.

    What an earlier one left is removed, a journal of one that was killed too: there is no
    instrument that a person would have to look at.

    Raises
    ------
    InputError
        If the folder is there and `overwrite` is not set, or it is none of these.
    """
    if not folder.exists():
        return
    if not overwrite:
        raise InputError(
            "a new folder", f"{folder} exists", "give another with --out, or --overwrite"
        )
    if not folder.is_dir() or not {path.name for path in folder.iterdir()} <= set(FILES):
        raise InputError(
            "a folder of such an experiment to overwrite",
            f"{folder}, which holds something else",
            "give another with --out",
        )
    for name in FILES:
        (folder / name).unlink(missing_ok=True)


def live_demo(
    folder: Path, plan: Plan, say: Callable[[str], None]
) -> tuple[Experiment, DigitalTwin]:
    """Run the twin's experiment; writes `experiment.html`, `loops.csv` and `journal.jsonl`."""
    twin = DigitalTwin(generate_surface(seed=plan.seed), SPEED, DRIFT_M_PER_S, seed=plan.seed)
    twin.connect()
    plan = plan.model_copy(update={"targets": TargetPlan(per_type=6)})
    journal = Journal(folder / JOURNAL)
    session = Session(twin, limits_of(twin), journal)
    try:
        if session.state == "HOLD":  # said before a minute of work, not after it
            raise InputError(
                "a folder without the journal of a run that was killed",
                f"{journal.path}: {session.hold_reason}",
                "give another folder, or remove that one",
            )
        experiment = run_experiment(twin, session, plan, "policy: demo", say)
    finally:
        journal.close()
        twin.close()
    write_experiment(experiment, folder)
    return experiment, twin


def limits_of(twin: DigitalTwin) -> Limits:
    """Limits that hold the tip on the twin's surface."""
    frame = twin.surface.scan.frame
    if frame is None:
        raise ValueError("limits_of: expected a surface with a scale")
    (width, height), (x, y) = frame.size_m, frame.center_m
    return Limits(
        x_m=(x - width / 2, x + width / 2),
        y_m=(y - height / 2, y + height / 2),
        largest_step_m=2 * max(width, height),
        largest_speed_m_per_s=1e-6,
        largest_bias_v=6.0,
        longest_spectrum_s=2.0,
        most_targets=100,
        readback_tolerance_m=20e-9,
        rotation_verified=True,
        emergency="halt_and_zero_bias",
    )

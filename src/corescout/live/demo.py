"""`corescout demo --live`: the digital twin from its first scan to loops at core points."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from corescout.instruments import Journal, Limits, Session
from corescout.instruments.twin import DigitalTwin
from corescout.live.experiment import Experiment, run_experiment
from corescout.live.report import write_experiment
from corescout.plan import Plan, TargetPlan
from corescout.surfaces import generate_surface

DRIFT_M_PER_S = (0.02e-9, 0.01e-9)  # of a settled instrument: about 1 nm a minute
SPEED = 60.0


def live_demo(
    folder: Path, plan: Plan, say: Callable[[str], None]
) -> tuple[Experiment, DigitalTwin]:
    """Run the twin's experiment; writes `experiment.html`, `loops.csv` and `journal.jsonl`."""
    twin = DigitalTwin(generate_surface(seed=plan.seed), SPEED, DRIFT_M_PER_S, seed=plan.seed)
    twin.connect()
    plan = plan.model_copy(update={"targets": TargetPlan(per_type=6)})
    journal = Journal(folder / "journal.jsonl")
    session = Session(twin, limits_of(twin), journal)
    try:
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

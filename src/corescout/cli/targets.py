"""`corescout targets RUN`: choose targets of a finished run anew."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from corescout.cli.quantities import length_m


class Choice(StrEnum):
    """Which points are wanted."""

    core = "core"
    boundary = "boundary"
    novel = "novel"


def targets(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    per_type: Annotated[int, typer.Option(min=1, help="Targets of each type.")] = 5,
    spacing: Annotated[str | None, typer.Option(help="Least distance, such as 100nm.")] = None,
    choice: Annotated[
        Choice, typer.Option(help="Clearest examples, least certain ones, or least known ones.")
    ] = Choice.core,
) -> None:
    """Print targets as CSV (y_px,x_px,x_m,y_m,type,priority) in the order of their priority."""
    import numpy as np

    from corescout.plan import TargetPlan
    from corescout.runs import read_run
    from corescout.runs.tables import targets_csv
    from corescout.targets import choose_targets

    result = read_run(run)
    plan = TargetPlan(
        per_type=per_type,
        spacing_m=length_m(spacing, "--spacing") if spacing else None,
        choice=choice.value,
    )
    chosen = choose_targets(
        result.scan,
        np.asarray(result.patches.center_yx_px),
        np.asarray(result.fit.latents.mean),
        result.mixture,
        np.asarray(result.type_of_component),
        result.core_points,
        plan,
    )
    sys.stdout.write(targets_csv(chosen).decode())

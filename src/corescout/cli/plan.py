"""`corescout plan PRESET > plan.json`: a plan as a file, to be changed and given back."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from corescout.cli import options
from corescout.cli.settings import Settings
from corescout.vocabulary import Preset


def plan(
    preset: Annotated[
        Preset | None, typer.Argument(help="live (the default), standard or paper.")
    ] = None,
    plan_file: options.PlanFile = None,
    settings: Settings = None,
) -> None:
    """Print a plan as JSON: a preset, or a plan file, with settings changed."""
    made = options.make_plan(preset, plan_file, settings)
    sys.stdout.write(made.model_dump_json(indent=2) + "\n")

"""The options that several commands share, and the plan that they make."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corescout.cli.quantities import integers, length_m, names, time_s
from corescout.data import InputError

if TYPE_CHECKING:
    from corescout.plan import Plan


class PresetName(StrEnum):
    """The presets of the plan."""

    live = "live"
    standard = "standard"
    paper = "paper"


class DetectorName(StrEnum):
    """The detectors of key points."""

    canny = "canny"
    sato = "sato"
    grid = "grid"
    orb = "orb"
    sift = "sift"


class DeviceName(StrEnum):
    """Where models are trained."""

    cpu = "cpu"
    cuda = "cuda"


Channel = Annotated[
    str | None, typer.Option(help="Channel to analyse; the first PFM amplitude by default.")
]
Preset = Annotated[PresetName, typer.Option(help="live decides within a minute or two.")]
PlanFile = Annotated[
    Path | None, typer.Option("--plan", help="A plan.json of a run; other options change it.")
]
Windows = Annotated[str | None, typer.Option(help="Window sizes in px, such as 9,13.")]
Invariances = Annotated[str | None, typer.Option(help="Any of none,r,rt,t,rs,rts.")]
Detector = Annotated[DetectorName | None, typer.Option(help="How key points are found.")]
Reward = Annotated[
    str | None, typer.Option(help="What is optimised: a reward's name or module:function.")
]
Seed = Annotated[int | None, typer.Option(min=0, help="The same seed gives the same numbers.")]
Budget = Annotated[str | None, typer.Option(help="Time to decide in, such as 60s.")]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Threads; all cores by default. Changes no number.")
]
Device = Annotated[DeviceName | None, typer.Option(help="Where models are trained.")]
PixelSize = Annotated[
    str | None, typer.Option(help="Pixel pitch, such as 10nm, where the file has no scale.")
]
Out = Annotated[Path | None, typer.Option(help="Run folder; NAME.corescout beside the file.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a run that is there.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Say more on stderr.")]


def make_plan(
    preset: PresetName,
    plan_file: Path | None = None,
    *,
    channel: str | None = None,
    windows: str | None = None,
    invariances: str | None = None,
    detector: DetectorName | None = None,
    reward: str | None = None,
    seed: int | None = None,
    budget: str | None = None,
    pixel_size: str | None = None,
    device: DeviceName | None = None,
) -> Plan:
    """Return the plan of a command line.

    Raises
    ------
    InputError
        If a value cannot be used.
    """
    from pydantic import ValidationError

    from corescout.plan import Plan
    from corescout.rewards import load_reward

    changes: dict[str, object] = {
        "channels": (channel,) if channel else None,
        "windows_px": integers(windows, "--windows") if windows is not None else None,
        "invariances": names(invariances) if invariances is not None else None,
        "seed": seed,
        "budget_s": time_s(budget, "--budget") if budget else None,
        "pixel_size_m": length_m(pixel_size, "--pixel-size") if pixel_size else None,
    }
    changes = {name: value for name, value in changes.items() if value is not None}
    try:
        plan = _read_plan(plan_file) if plan_file else Plan.preset(preset.value)
        values = plan.model_dump()
        if device is not None:
            values["training"]["device"] = device.value
        if detector is not None:
            values["keypoints"]["detector"] = detector.value
        if reward is not None:
            load_reward(reward)
            values["decision"]["reward"] = reward
        return Plan.model_validate({**values, **changes})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "plan"
        raise InputError(
            f"a valid {place}",
            f"{first['input']!r} ({first['msg']})",
            "see 'corescout explore --help'",
        ) from error


def _read_plan(path: Path) -> Plan:
    from corescout.plan import Plan

    try:
        return Plan.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(
            "a plan file", f"{path} ({error.strerror})", "give the plan.json of a run"
        ) from error

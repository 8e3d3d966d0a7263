"""The options that several commands share, and the plan that they make."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corescout.data import InputError
from corescout.data.bounds import why_no_file
from corescout.quantities import integers, length_m, names, time_s
from corescout.quantities import weights as read_weights

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


class MergingName(StrEnum):
    """What makes components one type."""

    none = "none"
    entropy = "entropy"
    places = "places"


Channel = Annotated[
    str | None, typer.Option(help="Channel to analyse; the first PFM amplitude by default.")
]
Channels = Annotated[
    list[str] | None,
    typer.Option(
        "--channel",
        help="Channel to analyse, several times for several; ACosPhase and ASinPhase are"
        " derived. The first PFM amplitude by default.",
    ),
]
Preset = Annotated[PresetName, typer.Option(help="live decides within a minute or two.")]
PlanFile = Annotated[
    Path | None, typer.Option("--plan", help="A plan.json of a run; other options change it.")
]
AllowCode = Annotated[
    bool,
    typer.Option("--allow-code", help="Run the rewards of one's own that the plan file names."),
]
Windows = Annotated[str | None, typer.Option(help="Window sizes in px, such as 9,13.")]
Invariances = Annotated[str | None, typer.Option(help="Any of none,r,rt,t,rs,rts.")]
Detector = Annotated[DetectorName | None, typer.Option(help="How key points are found.")]
Reward = Annotated[
    str | None, typer.Option(help="What is optimised: a reward's name or module:function.")
]
Weights = Annotated[
    str | None, typer.Option(help="A weighted sum instead, such as gain=1,context_retention=0.5.")
]
Objectives = Annotated[
    str | None,
    typer.Option(help="Rewards whose Pareto front is sought, such as gain,context_retention."),
]
Also = Annotated[
    str | None,
    typer.Option(
        help="Rewards to compute as well, such as held_out_gain,neg_elbo_plus_h or your own."
    ),
]
LatentDims = Annotated[str | None, typer.Option(help="Latent dimensions, such as 1,2,3.")]
Baselines = Annotated[
    str | None, typer.Option(help="Candidates that are no autoencoders: any of pca,nmf,fft.")
]
Merging = Annotated[
    MergingName | None, typer.Option(help="Which components of a mixture become one type.")
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
    channel: str | Sequence[str] | None = None,
    windows: str | None = None,
    invariances: str | None = None,
    detector: DetectorName | None = None,
    reward: str | None = None,
    weights: str | None = None,
    objectives: str | None = None,
    also: str | None = None,
    latent_dims: str | None = None,
    baselines: str | None = None,
    merging: MergingName | None = None,
    seed: int | None = None,
    budget: str | None = None,
    pixel_size: str | None = None,
    device: DeviceName | None = None,
    allow_code: bool = False,
) -> Plan:
    """Return the plan of a command line.

    Parameters
    ----------
    allow_code : bool
        Whether a reward `module:function` that only the plan file names may be imported, which runs
        its code. One that was typed on the command line always may.

    Raises
    ------
    InputError
        If a value cannot be used.
    """
    from pydantic import ValidationError

    from corescout.plan import Plan

    changes: dict[str, object] = {
        "channels": _channels(channel),
        "latent_dims": integers(latent_dims, "--latent-dims") if latent_dims is not None else None,
        "baselines": names(baselines) if baselines is not None else None,
        "extra_rewards": names(also) if also is not None else None,
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
        values["decision"] |= _decision(reward, weights, objectives)
        if merging is not None:
            values["decision"]["merging"] = merging.value
        made = Plan.model_validate({**values, **changes})
        typed = _typed_rewards(reward, weights, objectives, also)
        _load_rewards(made.wanted_rewards, typed, allow_code=allow_code)
        return made
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "plan"
        raise InputError(
            f"a valid {place}",
            f"{repr(first['input'])[:100]} ({first['msg'].removeprefix('Value error, ')[:200]})",
            "see 'corescout explore --help'",
        ) from error


def _channels(channel: str | Sequence[str] | None) -> tuple[str, ...] | None:
    given = (channel,) if isinstance(channel, str) else tuple(channel or ())
    return given or None


def _decision(reward: str | None, weights: str | None, objectives: str | None) -> dict[str, object]:
    """Return the fields of the decision that one of three options sets."""
    given = {"--reward": reward, "--weights": weights, "--objectives": objectives}
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise InputError(
            "one of --reward, --weights and --objectives", " and ".join(named), "leave one out"
        )
    if not named:
        return {}
    chosen: dict[str, object] = {"weights": None, "objectives": None}
    if reward is not None:
        chosen["reward"] = reward
    elif weights is not None:
        chosen["weights"] = read_weights(weights, "--weights")
    elif objectives is not None:
        chosen["objectives"] = names(objectives)
    return chosen


def _typed_rewards(
    reward: str | None, weights: str | None, objectives: str | None, also: str | None
) -> set[str]:
    """Names of the rewards that stand on the command line itself."""
    weighted = read_weights(weights, "--weights") if weights is not None else {}
    listed = [name for text in (objectives, also) if text is not None for name in names(text)]
    return {*weighted, *listed, *([reward] if reward is not None else [])}


def _load_rewards(wanted: Sequence[str], typed: set[str], *, allow_code: bool) -> None:
    """Look up every reward; one of a plan file that is code is not, unless that was allowed."""
    from corescout.rewards import load_reward, look_in_current_folder, own_rewards

    own = own_rewards(wanted)
    strange = [name for name in own if name not in typed]
    if strange and not allow_code:
        raise InputError(
            "a plan file that runs no code",
            f"the reward{'' if len(strange) == 1 else 's'} {', '.join(strange)} in it",
            "if you trust who wrote it, give --allow-code; else leave it out of the file",
        )
    if own:
        look_in_current_folder()
    for name in wanted:
        load_reward(name)


def _read_plan(path: Path) -> Plan:
    from corescout.plan import Plan

    try:
        if (why := why_no_file(path.stat())) is not None:
            raise InputError("a plan file", f"{path}: {why}", "give the plan.json of a run")
        return Plan.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(
            "a plan file", f"{path} ({error.strerror})", "give the plan.json of a run"
        ) from error

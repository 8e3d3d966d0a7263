"""The options that several commands share, and the plan that they make."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from corescout.data import InputError
from corescout.data.bounds import regular_file
from corescout.quantities import integers, length_m, names, time_s
from corescout.quantities import weights as read_weights
from corescout.quantities import windows as read_windows
from corescout.vocabulary import (
    Device,
    FindingDetector,
    Merging,
    PooledLevels,
    Preset,
    SearchMethod,
)

if TYPE_CHECKING:
    from corescout.plan import Plan


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
PresetOption = Annotated[
    Preset | None,
    typer.Option(help="Preset of the settings; live, the default, decides within a minute or two."),
]
PlanFile = Annotated[
    Path | None,
    typer.Option(
        "--plan",
        help="A plan file instead of a preset, such as plan.json of a run; other options"
        " change it.",
    ),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Show the candidates and what they cost; nothing is trained."),
]
AllowCode = Annotated[
    bool,
    typer.Option("--allow-code", help="Run the rewards of one's own that the plan file names."),
]
Windows = Annotated[
    str | None, typer.Option(help="Window sizes in px, such as 9,13, 7-31, or 80nm-300nm.")
]
SearchOption = Annotated[
    SearchMethod | None,
    typer.Option("--search", help="All candidates (grid), or those that Optuna proposes."),
]
Trials = Annotated[
    int | None, typer.Option(min=4, help="Candidates that --search tpe or nsga2 try.")
]
Invariances = Annotated[
    str | None, typer.Option(help="Invariances to try: any of none,r,rt,t,rs,rts.")
]
DetectorOption = Annotated[FindingDetector | None, typer.Option(help="Detector of key points.")]
Reward = Annotated[
    str | None, typer.Option(help="Reward to optimise: its name or module:function.")
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
    str | None,
    typer.Option(
        help="Candidates that are no autoencoders: any of pca,nmf,fft,descriptors,scattering."
    ),
]
MergingOption = Annotated[
    Merging | None, typer.Option(help="Rule that makes components of a mixture one type.")
]
Seed = Annotated[
    int | None, typer.Option(min=0, help="Random seed; the same one gives the same numbers.")
]
Budget = Annotated[str | None, typer.Option(help="Time to decide in, such as 60s.")]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Threads; all cores by default. Changes no number.")
]
ProcessesOption = Annotated[
    bool,
    typer.Option("--processes", help="Processes instead of threads. Changes no number."),
]
DeviceOption = Annotated[Device | None, typer.Option(help="Device that trains the models.")]
PixelSize = Annotated[
    str | None, typer.Option(help="Pixel pitch, such as 10nm, where the file has no scale.")
]
ChannelMap = Annotated[
    list[str] | None,
    typer.Option(
        metavar="OURS=THEIRS",
        help="The run's channel and what it is called in the file, where two vendors differ.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(help="Run folder to write; NAME.corescout beside the file by default."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an existing run.")]
Resume = Annotated[
    Path | None,
    typer.Option(
        "--resume",
        metavar="RUN",
        help="Go on with an exploration that was killed or stopped, with the plan it has.",
    ),
]
From = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="RUN",
        help="Take scan, plan and finished trials of a run; what other options change is"
        " computed again.",
    ),
]
Match = Annotated[
    str | None, typer.Option(help="Of a folder only files of such names, as '*T*.ibw'.")
]
PooledOption = Annotated[
    bool,
    typer.Option("--pooled", help="One representation and one set of types for all scans."),
]
LevelsOption = Annotated[
    PooledLevels | None,
    typer.Option("--levels", help="With --pooled: grey levels common, each scan's own, or both."),
]
SeriesValues = Annotated[
    Path | None,
    typer.Option("--series", help="CSV with file and value of each, such as its temperature."),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Trials run on the workers of this Dask scheduler: tcp://host:8786, or its"
        " scheduler file.",
    ),
]
Measurements = Annotated[
    Path | None,
    typer.Option(help="What was measured: measurements.csv of a day, or a table of your own."),
]
Measured = Annotated[
    str | None,
    typer.Option(
        "--property",
        help="Property of the loops (coercive_bias_v, ...), or a column of the table.",
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", help="More messages on stderr.")]


def make_plan(
    preset: Preset | None = None,
    plan_file: Path | None = None,
    settings: Sequence[str] | None = None,
    *,
    channel: str | Sequence[str] | None = None,
    windows: str | None = None,
    search: SearchMethod | None = None,
    trials: int | None = None,
    invariances: str | None = None,
    detector: FindingDetector | None = None,
    reward: str | None = None,
    weights: str | None = None,
    objectives: str | None = None,
    also: str | None = None,
    latent_dims: str | None = None,
    baselines: str | None = None,
    merging: Merging | None = None,
    seed: int | None = None,
    budget: str | None = None,
    pixel_size: str | None = None,
    device: Device | None = None,
    measurements: Path | None = None,
    measured: str | None = None,
    allow_code: bool = False,
) -> Plan:
    """Return the plan of a command line: a preset or a file, and what the options change of it.

    Parameters
    ----------
    allow_code : bool
        Whether a reward `module:function` that only the plan file names may be imported, which runs
        its code. One that was typed on the command line always may.

    Raises
    ------
    InputError
        If a value cannot be used, or two options say the same.
    """
    from pydantic import ValidationError

    from corescout.cli.settings import measured_setting, with_settings
    from corescout.plan import Plan
    from corescout.plan_changes import laid_over, nested, plan_error

    if preset is not None and plan_file is not None:
        raise InputError(
            "--preset or --plan", "both", "give one; --set and the other options change a plan file"
        )
    options: dict[str, tuple[str, object]] = {
        "--channel": ("channels", _channels(channel)),
        "--latent-dims": ("latent_dims", _each(integers, latent_dims, "--latent-dims")),
        "--baselines": ("baselines", None if baselines is None else names(baselines)),
        "--also": ("extra_rewards", None if also is None else names(also)),
        "--windows": _windows(windows),
        "--search": ("search.method", search),
        "--trials": ("search.trials", trials),
        "--invariances": ("invariances", None if invariances is None else names(invariances)),
        "--seed": ("seed", seed),
        "--budget": ("budget_s", _each(time_s, budget, "--budget")),
        "--pixel-size": ("pixel_size_m", _each(length_m, pixel_size, "--pixel-size")),
        "--device": ("training.device", device),
        "--detector": ("keypoints.detector", detector),
        "--merging": ("decision.merging", merging),
        "--reward": ("decision", _decision(reward, weights, objectives)),
        "--measurements": ("measured", measured_setting(measurements, measured)),
    }
    given = {name: said for name, said in options.items() if said[1] is not None}
    _refuse_twice(given, settings or ())
    try:
        plan = _read_plan(plan_file) if plan_file else Plan.preset(preset or "live")
        values = plan.model_dump()
        for path, value in given.values():
            values = laid_over(Plan, values, nested(path, value))
        made = with_settings(Plan.model_validate(values), list(settings or ()))
    except ValidationError as error:
        wrong = plan_error(error)
        raise InputError(
            wrong.expected, wrong.found, f"{wrong.remedy}, or 'corescout explore --help'"
        ) from error
    typed = _typed_rewards(reward, weights, objectives, also)
    typed |= {name for name in made.wanted_rewards if any(name in s for s in settings or ())}
    load_rewards(made.wanted_rewards, typed, allow_code=allow_code)
    if made.measured is None and "property" in made.wanted_rewards:
        raise InputError(
            "--measurements FILE for the reward 'property'", "none", "say what was measured"
        )
    return made


def read_channel_map(given: Sequence[str] | None) -> dict[str, str]:
    """Read OURS=THEIRS of --channel-map.

    Raises
    ------
    InputError
        If one is no pair, or a channel of the run is named twice.
    """
    found: dict[str, str] = {}
    for text in given or ():
        ours, equals, theirs = (part.strip() for part in text.partition("="))
        if not (ours and equals and theirs) or ours in found:
            raise InputError(
                "OURS=THEIRS for --channel-map, each channel once", repr(text),
                "such as Amplitude=AmplitudeRetrace",
            )  # fmt: skip
        found[ours] = theirs
    return found


_T = TypeVar("_T")


def _each(read: Callable[[str, str], _T], text: str | None, option: str) -> _T | None:
    return None if text is None else read(text, option)


def _refuse_twice(given: Mapping[str, tuple[str, object]], settings: Sequence[str]) -> None:
    """An option and --set for one setting: one of them would be lost."""
    named = {text.partition("=")[0].strip() for text in settings}
    for option, (path, value) in given.items():
        paths = {f"{path}.{k}" for k in value} if isinstance(value, dict) else {path}
        twice = sorted(named & paths)
        if twice:
            raise InputError(
                f"one value of {twice[0]}", f"{option} and --set {twice[0]}", "leave one out"
            )


def _channels(channel: str | Sequence[str] | None) -> tuple[str, ...] | None:
    given = (channel,) if isinstance(channel, str) else tuple(channel or ())
    return given or None


def _windows(text: str | None) -> tuple[str, object]:
    """Return the field that --windows sets, in pixels or in metres, and its value."""
    found = _each(read_windows, text, "--windows")
    in_metres = found is not None and any(isinstance(side, float) for side in found)
    return ("search.windows_m" if in_metres else "windows_px"), found


def _decision(
    reward: str | None, weights: str | None, objectives: str | None
) -> dict[str, object] | None:
    """Return the fields of the decision that one of three options sets."""
    given = {"--reward": reward, "--weights": weights, "--objectives": objectives}
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise InputError(
            "one of --reward, --weights and --objectives", " and ".join(named), "leave one out"
        )
    if not named:
        return None
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


def load_rewards(wanted: Sequence[str], typed: set[str], *, allow_code: bool) -> None:
    """Look up every reward; one of a plan file that is code is not, unless that was allowed."""
    from corescout.rewards import load_reward, look_in_current_folder, own_rewards

    own = own_rewards(wanted)
    strange = [name for name in own if name not in typed]
    if strange and not allow_code:
        raise InputError(
            "a plan file that runs no code",
            f"the reward{'' if len(strange) == 1 else 's'} {', '.join(strange)} in it",
            "if you trust who wrote it, give --allow-code; otherwise remove it from the file",
        )
    if own:
        look_in_current_folder()
    for name in wanted:
        load_reward(name)


def _read_plan(path: Path) -> Plan:
    """Read a plan, whole or what it changes of a preset, in any encoding that a shell writes."""
    from corescout.plan import Plan

    try:
        content = regular_file(path).read_bytes()
        is_utf16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")  # `>` of PowerShell 5
        text = content.decode("utf-16" if is_utf16 else "utf-8-sig")
        values = json.loads(text, object_pairs_hook=_once)
    except OSError as error:
        raise InputError(
            "a plan file", f"{path} ({error.strerror})", "give the plan.json of a run"
        ) from error
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(
            "a plan file", f"{path.name} ({error})"[:200], "write one with 'corescout plan'"
        ) from error
    return Plan.model_validate(values)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object, each of whose names stands in it once: of two one would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        doubled = next(name for name, _ in pairs if [n for n, _ in pairs].count(name) > 1)
        raise ValueError(f"{doubled!r} is given twice")
    return found

"""The report of a run: one self-contained page."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from corescout.data import Result, Trial
from corescout.pages import picture, render
from corescout.plan import Plan
from corescout.report.drawing import png_bytes
from corescout.report.figures import FIGURES
from corescout.rewards.words import reward_words

REPORT = "report.html"
_USUAL = (
    "gain",
    "context_retention",
    "icl",
    "bic",
    "total_variance",
    "stability",
    "neg_elbo",
    "bayesian_h",
    "neg_elbo_plus_h",
    "effective_components",
    "held_out_log_likelihood",
    "held_out_gain",
)


def write_report(result: Result, folder: str | Path) -> Path:
    """Write `report.html` with all figures embedded; return its path.

    It needs no other file and no network. A result that was applied to another scan has no
    candidates and leaves their figures out.
    """
    path = Path(folder) / REPORT
    path.write_text(report_html(result), encoding="utf-8")
    return path


def report_html(result: Result) -> str:
    """Return the report as one page."""
    with _nothing_old_collected():
        return _page(result)


@contextmanager
def _nothing_old_collected() -> Iterator[None]:
    """Keep Python's collector off what was there before.

    Figures are many small objects: it would look through all of torch and napari a dozen times,
    which took three tenths of a report.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _page(result: Result) -> str:
    names = _shown_rewards(result)
    return render(
        "report.html",
        title=Path(result.scan.source).name or result.scan.uid,
        facts=_header(result),
        verdict=result.verdict,
        edited=result.edited_types is not None,
        types=result.types,
        type_rows=list(_type_rows(result)),
        figures=list(_figures(result)),
        targets=result.targets,
        reward_heads=[reward_words(name) for name in names],
        candidates=[_candidate(result, trial, names) for trial in result.trials],
        notes=result.notes,
    )


def _header(result: Result) -> str:
    height, width = result.scan.shape_px
    parts = [f"channel {', '.join(result.channels)}", f"{width} x {height} px"]
    if result.scan.frame is not None:
        size = [f"{s * 1e6:.3g}" for s in result.scan.frame.size_m]
        parts.append(f"{size[0]} x {size[1]} µm")
    if result.scan.acquired_at is not None:
        parts.append(f"{result.scan.acquired_at:%Y-%m-%d %H:%M}")
    parts.append(f"{len(result.keypoints)} key points ({result.keypoints.source})")
    parts.append(f"analysed in {result.seconds:.0f} s")
    return " · ".join(parts)


def _type_rows(result: Result) -> Iterator[dict[str, Any]]:
    types, core = result.types, result.core_points
    for number, look in types.looks.items():
        yield {
            "number": number,
            "name": look.name,
            "hidden": look.hidden,
            "patches": types.count(number),
            "share": types.count(number) / max(1, len(types.of_point)),
            "core_points": int((core.type == number).sum()),
            "by_hand": int(types.by_hand[types.rows(number)].sum()),
        }


def _figures(result: Result) -> Iterator[dict[str, str]]:
    for name, (caption, draw) in FIGURES.items():
        figure = draw(result)
        if figure is not None:
            label = f"{name} · " if name[1:].isdigit() else ""
            source = picture(png_bytes(figure))
            yield {"name": name, "caption": caption, "label": label, "source": source}


def _candidate(result: Result, trial: Trial, names: list[str]) -> dict[str, Any]:
    mark = "" if trial.state == "done" else "void"
    return {
        "mark": "winner" if trial.candidate == result.winner else mark,
        "label": trial.candidate.label,
        "seed": trial.candidate.seed,
        "state": trial.state.replace("_", " "),
        "rewards": [_value(trial, name) for name in names],
        "active_units": _active_units(trial),
        "n_components": _n_components(trial),
        "seconds": trial.seconds,
        "reason": trial.reason or "",
    }


def _shown_rewards(result: Result) -> list[str]:
    """The usual ones that were computed, those that decided, and all that were asked for."""
    names = dict.fromkeys(_USUAL)
    if result.plan:
        names |= dict.fromkeys(Plan.model_validate(result.plan).wanted_rewards)
    there = {name for trial in result.trials for name in trial.rewards}
    return [name for name in names if name in there]


def _active_units(trial: Trial) -> str:
    reward = trial.rewards.get("total_variance")
    active = reward.parts.get("active_units") if reward else None
    return "" if active is None else f"{active:.0f} of {trial.candidate.latent_dim}"


def _value(trial: Trial, name: str) -> dict[str, str | None]:
    """Text of a reward, or why it is void."""
    reward = trial.rewards.get(name)
    if reward is None:
        return {"text": "", "void_because": None}
    if reward.value != reward.value:
        return {"text": "void", "void_because": reward.void_because or ""}
    text = f"{reward.value:.0f}" if abs(reward.value) >= 100 else f"{reward.value:.2f}"
    return {"text": text, "void_because": None}


def _n_components(trial: Trial) -> str:
    gain = trial.rewards.get("gain")
    k = gain.parts.get("n_components") if gain else None
    return "" if k is None else f"{k:.0f}"

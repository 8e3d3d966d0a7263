"""The report of a run: one self-contained page."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from corescout.colors import type_color
from corescout.data import Result, Trial
from corescout.plan import Plan
from corescout.report.drawing import png_bytes
from corescout.report.figures import FIGURES

REPORT = "report.html"
_HEADS = {
    "gain": "gain",
    "context_retention": "context",
    "icl": "ICL",
    "bic": "BIC",
    "total_variance": "total variance",
    "stability": "seed ARI",
    "neg_elbo": "-ELBO",
    "bayesian_h": "H",
    "neg_elbo_plus_h": "-ELBO + H",
    "effective_components": "effective K",
    "held_out_log_likelihood": "held-out log L",
    "held_out_gain": "held-out gain",
}

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 1180px; margin: 2rem auto;
       padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin-top: 2.2rem; }
.verdict { background: #f3f6fa; border-left: 5px solid #0072B2; padding: .8rem 1rem; }
.none { border-left-color: #D55E00; }
.source { color: #666; margin-top: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; font-size: 13px; }
th, td { padding: .22rem .6rem; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child, td.text { text-align: left; }
tr.winner td { font-weight: 600; background: #fff4dc; } tr.void td { color: #999; }
img { max-width: 100%; } figure { margin: 1.4rem 0; }
figcaption { font-size: 13px; color: #444; } .wide { overflow-x: auto; }
.dot { display: inline-block; width: .8em; height: .8em; border-radius: 50%;
       border: 1px solid #333; margin-right: .4em; vertical-align: -.05em; }
"""


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
    title = Path(result.scan.source).name or result.scan.uid
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        f"<title>Corescout: {escape(title)}</title><style>{_STYLE}</style>",
        f"<h1>{escape(title)}</h1><p class='source'>{escape(_header(result))}</p>",
        f"<p class='verdict{'' if result.evidence.has_types else ' none'}'>"
        f"{escape(result.why)}</p>",
        _types(result),
        *_figures(result),
        _targets(result),
        _candidates(result),
        _notes(result),
    ]
    return "\n".join(part for part in parts if part)


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


def _types(result: Result) -> str:
    types, core = result.types, result.core_points
    rows = [
        [
            f"{_dot(result, number)}{escape(look.name)}{' (hidden)' if look.hidden else ''}",
            str(types.count(number)),
            f"{types.count(number) / max(1, len(types.of_point)):.0%}",
            str(int((core.type == number).sum())),
            str(int(types.by_hand[types.rows(number)].sum()) or ""),
        ]
        for number, look in types.looks.items()
    ]
    edited = "" if result.edited_types is None else "<p>Types as edited by a person.</p>"
    columns = ("type", "patches", "share", "core points", "by hand")
    return f"<h2>Types</h2>{edited}" + _table(columns, rows)


def _dot(result: Result, number: int) -> str:
    color = type_color(number, result.types.colors)
    return f"<span class='dot' style='background:{color}'></span>"


def _figures(result: Result) -> Iterable[str]:
    for name, (caption, draw) in FIGURES.items():
        figure = draw(result)
        if figure is None:
            continue
        data = base64.b64encode(png_bytes(figure)).decode("ascii")
        label = f"{name} · " if name[1:].isdigit() else ""
        yield (
            f"<figure id='{name}'><img alt='{escape(caption)}' src='data:image/png;base64,{data}'>"
            f"<figcaption>{label}{escape(caption)}</figcaption></figure>"
        )


def _targets(result: Result) -> str:
    rows = [
        [
            str(t.priority),
            f"{_dot(result, t.type)}{escape(result.types.name(t.type))}",
            f"{t.yx_px[1]:.1f}",
            f"{t.yx_px[0]:.1f}",
            "" if t.xy_m is None else f"{t.xy_m[0] * 1e6:.4f}",
            "" if t.xy_m is None else f"{t.xy_m[1] * 1e6:.4f}",
        ]
        for t in result.targets
    ]
    columns = ("priority", "type", "column (px)", "row (px)", "X (µm)", "Y (µm)")
    note = "<p>X and Y are the instrument's coordinates, Y up.</p>"
    return "<h2>Targets</h2>" + note + _table(columns, rows)


def _candidates(result: Result) -> str:
    if not result.trials:
        return ""
    names = _shown_rewards(result)
    rows, classes = [], []
    for trial in result.trials:
        rows.append(
            [
                escape(trial.candidate.label),
                str(trial.candidate.seed),
                trial.state.replace("_", " "),
                *(_value(trial, name) for name in names),
                _active_units(trial),
                _n_components(trial),
                f"{trial.seconds:.1f}",
                escape(trial.reason or ""),
            ]
        )
        is_winner = trial.candidate == result.winner
        classes.append("winner" if is_winner else "" if trial.state == "done" else "void")
    heads = [escape(_HEADS.get(name, name)) for name in names]
    columns = ("candidate", "seed", "state", *heads, "active units", "K", "s", "why")
    return "<h2>Candidates</h2><div class='wide'>" + _table(columns, rows, classes) + "</div>"


def _shown_rewards(result: Result) -> list[str]:
    """The usual ones that were computed, those that decided, and all that were asked for."""
    names = dict.fromkeys(_HEADS)
    if result.plan:
        names |= dict.fromkeys(Plan.model_validate(result.plan).wanted_rewards)
    there = {name for trial in result.trials for name in trial.rewards}
    return [name for name in names if name in there]


def _active_units(trial: Trial) -> str:
    reward = trial.rewards.get("total_variance")
    active = reward.parts.get("active_units") if reward else None
    return "" if active is None else f"{active:.0f} of {trial.candidate.latent_dim}"


def _value(trial: Trial, name: str) -> str:
    reward = trial.rewards.get(name)
    if reward is None:
        return ""
    if reward.value != reward.value:
        return f"<span title='{escape(reward.void_because or '', quote=True)}'>void</span>"
    return f"{reward.value:.0f}" if abs(reward.value) >= 100 else f"{reward.value:.2f}"


def _n_components(trial: Trial) -> str:
    gain = trial.rewards.get("gain")
    k = gain.parts.get("n_components") if gain else None
    return "" if k is None else f"{k:.0f}"


def _notes(result: Result) -> str:
    if not result.notes:
        return ""
    items = "".join(f"<li>{escape(note)}</li>" for note in result.notes)
    return f"<h2>Notes</h2><ul>{items}</ul>"


def _table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], classes: Sequence[str] = ()
) -> str:
    head = "".join(f"<th>{escape(c)}</th>" for c in columns)
    body = []
    for i, row in enumerate(rows):
        cells = "".join(f"<td>{cell}</td>" for cell in row)
        body.append(f"<tr class='{classes[i] if classes else ''}'>{cells}</tr>")
    return f"<table><tr>{head}</tr>{''.join(body)}</table>"

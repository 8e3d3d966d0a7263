"""The page of an experiment: types, way, and loops by type."""

from __future__ import annotations

import base64
import math
from html import escape
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from corescout.colors import type_color
from corescout.data import Measurement, Target
from corescout.data.printable import defused
from corescout.live.experiment import Experiment
from corescout.report.drawing import draw_scan, png_bytes


def write_experiment(experiment: Experiment, folder: str | Path) -> Path:
    """Write the page, `loops.csv` and `curves.csv` into a folder; return the page's path."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "loops.csv").write_text(_loops_csv(experiment), encoding="utf-8")
    (folder / "curves.csv").write_text(_curves_csv(experiment), encoding="utf-8")
    page = folder / "experiment.html"
    page.write_text(_page(experiment), encoding="utf-8")
    return page


def loops_figure(experiment: Experiment) -> Figure:
    """Draw the route on the scan beside the loops, mean and spread by type."""
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    draw_scan(left, experiment.result, colorbar=False)
    _draw_route(left, experiment)
    for kind in range(1, experiment.result.n_types + 1):
        curves = [m for t, m in _measured(experiment) if t.type == kind]
        if curves:
            _draw_loops(right, kind, curves)
    right.set(xlabel="bias (V)", ylabel="piezoresponse (pm)", title="Loops: mean and spread")
    right.legend(frameon=False)
    return figure


def _measured(experiment: Experiment) -> list[tuple[Target, Measurement]]:
    """Targets that came back, in the order of their visits."""
    came = experiment.measurements
    return [(t, came[t.uid]) for t in experiment.targets if t.uid in came]


def _draw_loops(axes: Axes, kind: int, curves: list[Measurement]) -> None:
    """The mean with a band of one standard deviation; each branch has a band of its own."""
    values = np.array([c.channels["response"] for c in curves]) * 1e12
    mean, spread, bias = values.mean(axis=0), values.std(axis=0), curves[0].axis
    color, turn = type_color(kind), int(np.argmax(bias)) + 1
    count = f"{len(curves)} loop{'' if len(curves) == 1 else 's'}"
    axes.plot(bias, mean, color=color, lw=1.8, label=f"type {kind} ({count})")
    for branch in (slice(0, turn), slice(turn, None)):
        low, high = (mean - spread)[branch], (mean + spread)[branch]
        axes.fill_between(bias[branch], low, high, color=color, alpha=0.25, lw=0)


def _draw_route(axes: Axes, experiment: Experiment) -> None:
    places = np.array([t.yx_px for t in experiment.targets])
    outline = [withStroke(linewidth=2.5, foreground="black")]
    axes.plot(places[:, 1], places[:, 0], color="white", lw=1.0, path_effects=outline)
    colors = [type_color(t.type) for t in experiment.targets]
    axes.scatter(places[:, 1], places[:, 0], c=colors, s=90, edgecolors="white", zorder=3)
    for number, (y, x) in enumerate(places, start=1):
        axes.annotate(str(number), (x, y), ha="center", va="center", fontsize=6, zorder=4)
    axes.set_title(f"Targets in their order ({experiment.path_m * 1e6:.1f} \u00b5m)")


def _page(experiment: Experiment) -> str:
    picture = base64.b64encode(png_bytes(loops_figure(experiment))).decode()
    rows = "".join(_row(experiment, k) for k in range(1, experiment.result.n_types + 1))
    visits = "".join(_visit(experiment, i, t) for i, t in enumerate(experiment.targets, start=1))
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Corescout: experiment</title>"
        "<style>body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2rem auto;"
        "padding:0 1rem}td,th{padding:.2rem .8rem;text-align:right;border-bottom:1px solid #ddd}"
        "img{max-width:100%}.chip{display:inline-block;width:.8em;height:.8em;border-radius:50%}"
        "</style>"
        f"<h1>From the first scan to loops</h1><p>{escape(experiment.result.why)}</p>"
        f"<p>{escape(_facts(experiment))}</p>"
        f"<img alt='Route and loops' src='data:image/png;base64,{picture}'>"
        "<h2>Loops by type</h2><p>Mean \u00b1 standard deviation of the loops of a type.</p>"
        "<table><tr><th>type<th>loops<th>coercive bias (V)<th>imprint (V)<th>amplitude (pm)</tr>"
        f"{rows}</table>"
        "<h2>Targets in their order</h2><p>The curves stand in curves.csv, what was fitted in"
        " loops.csv, every message, decision and event in journal.jsonl.</p>"
        "<table><tr><th>no.<th>type<th>X (\u00b5m)<th>Y (\u00b5m)<th>coercive bias (V)"
        f"<th>imprint (V)</tr>{visits}</table>"
    )


def _facts(experiment: Experiment) -> str:
    """The scan, the way and who approved, in words."""
    scan = experiment.result.scan
    height, width = scan.shape_px
    size = ""
    if scan.frame is not None:
        size = " of " + " x ".join(f"{v * 1e6:.2f}" for v in scan.frame.size_m) + " \u00b5m"
    drift_nm = math.hypot(*experiment.drift_m) * 1e9
    return (
        f"Scan {scan.uid}: {width} x {height} pixels{size}. The sample had drifted by"
        f" {drift_nm:.1f} nm before the plan was made, and the targets with it."
        f" {len(experiment.targets)} targets, {len(experiment.measurements)} measured; way"
        f" {experiment.path_m * 1e6:.1f} \u00b5m. Approved by {experiment.approved_by}."
    )


def _row(experiment: Experiment, kind: int) -> str:
    loops = experiment.loops_of(kind)
    if not loops:
        return f"<tr><td>{_chip(kind)}<td>0<td><td><td></tr>"
    cells = [
        f"{np.mean(values):.2f} \u00b1 {np.std(values):.2f}"
        for values in (
            [x.coercive_v for x in loops],
            [x.imprint_v for x in loops],
            [x.amplitude_m * 1e12 for x in loops],
        )
    ]
    return f"<tr><td>{_chip(kind)}<td>{len(loops)}<td>" + "<td>".join(cells) + "</tr>"


def _visit(experiment: Experiment, number: int, target: Target) -> str:
    x_m, y_m = target.xy_m or (math.nan, math.nan)
    loop = experiment.loops.get(target.uid)
    found = f"<td>{loop.coercive_v:.2f}<td>{loop.imprint_v:+.2f}" if loop else "<td><td>"
    place = f"<td>{x_m * 1e6:+.3f}<td>{y_m * 1e6:+.3f}"
    return f"<tr><td>{number}<td>{_chip(target.type)}{place}{found}</tr>"


def _chip(kind: int) -> str:
    return f"<span class='chip' style='background:{type_color(kind)}'></span> {kind}"


def _loops_csv(experiment: Experiment) -> str:
    rows = ["target,type,x_m,y_m,amplitude_m,coercive_v,imprint_v"]
    for target in experiment.targets:
        if target.uid in experiment.loops and target.xy_m is not None:
            loop = experiment.loops[target.uid]
            values = (*target.xy_m, loop.amplitude_m, loop.coercive_v, loop.imprint_v)
            rows.append(
                f"{_cell(target.uid)},{target.type}," + ",".join(f"{v:.6g}" for v in values)
            )
    return "\n".join(rows) + "\n"


def _curves_csv(experiment: Experiment) -> str:
    """Every curve as it came: one row for each of its points."""
    rows = ["target,type,bias_v,response_m"]
    for target, curve in _measured(experiment):
        for bias, value in zip(curve.axis, curve.channels["response"], strict=True):
            rows.append(f"{_cell(target.uid)},{target.type},{bias:.6g},{value:.6g}")
    return "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    """A name as a cell: no formula, and quoted where it must be."""
    shown = defused(text)
    quoted = '"' + shown.replace('"', '""') + '"'
    return quoted if any(c in shown for c in ',"') else shown

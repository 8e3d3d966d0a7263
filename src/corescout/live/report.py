"""The page of an experiment: types, way, and loops by type."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from corescout.colors import type_color
from corescout.live.experiment import Experiment
from corescout.report.drawing import draw_scan, png_bytes


def write_experiment(experiment: Experiment, folder: str | Path) -> Path:
    """Write `experiment.html` and `loops.csv` into a folder; return the page's path."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["target,type,x_m,y_m,amplitude_m,coercive_v,imprint_v"]
    for target in experiment.targets:
        if target.uid in experiment.loops and target.xy_m is not None:
            loop = experiment.loops[target.uid]
            values = (*target.xy_m, loop.amplitude_m, loop.coercive_v, loop.imprint_v)
            rows.append(f"{target.uid},{target.type}," + ",".join(f"{v:.6g}" for v in values))
    (folder / "loops.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
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
        curves = [
            experiment.measurements[t.uid]
            for t in experiment.targets
            if t.type == kind and t.uid in experiment.measurements
        ]
        if not curves:
            continue
        values = np.array([c.channels["response"] for c in curves]) * 1e12
        mean, spread, bias = values.mean(axis=0), values.std(axis=0), curves[0].axis
        label = f"type {kind} ({len(curves)} loops)"
        right.plot(bias, mean, color=type_color(kind), lw=1.8, label=label)
        right.plot(bias, mean - spread, color=type_color(kind), lw=0.5)
        right.plot(bias, mean + spread, color=type_color(kind), lw=0.5)
    right.set(xlabel="bias (V)", ylabel="piezoresponse (pm)", title="Loops: mean and spread")
    right.legend(frameon=False)
    return figure


def _draw_route(axes: Axes, experiment: Experiment) -> None:
    places = np.array([t.yx_px for t in experiment.targets])
    axes.plot(places[:, 1], places[:, 0], color="white", lw=0.8, alpha=0.7)
    colors = [type_color(t.type) for t in experiment.targets]
    axes.scatter(places[:, 1], places[:, 0], c=colors, s=42, edgecolors="white", zorder=3)
    axes.set_title(f"Targets and way ({experiment.path_m * 1e6:.1f} \u00b5m)")


def _page(experiment: Experiment) -> str:
    picture = base64.b64encode(png_bytes(loops_figure(experiment))).decode()
    rows = "".join(_row(experiment, k) for k in range(1, experiment.result.n_types + 1))
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Corescout: experiment</title>"
        "<style>body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2rem auto;"
        "padding:0 1rem}td,th{padding:.2rem .8rem;text-align:right;border-bottom:1px solid #ddd}"
        "img{max-width:100%}</style>"
        f"<h1>From the first scan to loops</h1><p>{escape(experiment.result.why)}</p>"
        f"<img alt='Route and loops' src='data:image/png;base64,{picture}'>"
        "<table><tr><th>type<th>loops<th>coercive bias (V)<th>imprint (V)<th>amplitude (pm)</tr>"
        f"{rows}</table>"
    )


def _row(experiment: Experiment, kind: int) -> str:
    loops = experiment.loops_of(kind)
    if not loops:
        return f"<tr><td>{kind}<td>0<td><td><td></tr>"
    cells = [
        f"{np.mean(values):.2f} \u00b1 {np.std(values):.2f}"
        for values in (
            [x.coercive_v for x in loops],
            [x.imprint_v for x in loops],
            [x.amplitude_m * 1e12 for x in loops],
        )
    ]
    return f"<tr><td>{kind}<td>{len(loops)}<td>" + "<td>".join(cells) + "</tr>"

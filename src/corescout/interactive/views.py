"""What a result shows of itself: a summary in words, a page in a notebook, the latent space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from corescout.colors import type_color
from corescout.data import Result
from corescout.data.counted import counted
from corescout.pages import picture, render

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 72  # of the picture in a notebook: a page of results stays below 2 MB
_MOST_TARGETS = 12  # rows that are shown; the table of all is `targets`


def summary(result: Result) -> str:
    """Return verdict, types, counts and notes as text."""
    types = result.types
    width = max(len(look.name) for look in types.looks.values())
    lines = [str(result.verdict), ""]
    lines += [
        f"{look.name:<{width}}  {types.count(n):>5} key points  {_share(result, n):>4.0%}"
        f"{'  hidden' if look.hidden else ''}"
        for n, look in types.looks.items()
    ]
    lines += ["", *(f"note: {note}" for note in result.notes), counts(result)]
    return "\n".join(lines)


def counts(result: Result) -> str:
    """Return the line that counts core points, targets and key points."""
    return (
        f"{counted(len(result.core_points), 'core point')} of {result.types_in_words}"
        f" and {counted(len(result.targets), 'target')}"
        f" from {counted(len(result.keypoints), 'key point')} in {result.seconds:.0f} s"
    )


def result_html(result: Result) -> str:
    """Return scan and latent space, verdict, types and targets as a fragment of HTML."""
    from corescout.report.drawing import png_bytes
    from corescout.report.figures import f5_types

    figure = f5_types(result)
    figure.set_dpi(_DPI)
    return render(
        "result.html",
        verdict=result.verdict,
        result=result,
        picture=picture(png_bytes(figure)),
        types=[_type_row(result, n) for n in result.types.numbers],
        targets=[_target_row(result, t) for t in result.targets[:_MOST_TARGETS]],
        n_more=max(0, len(result.targets) - _MOST_TARGETS),
        counts=counts(result),
    )


def latent_figure(result: Result) -> Figure:
    """Draw the codes in the colours of their types, with the ellipses of the mixture."""
    from corescout.report.drawing import draw_ellipses, draw_latents, new_figure, type_colors
    from corescout.report.figures import plane_title

    figure = new_figure(5.6, 4.9)
    axes = figure.subplots()
    shown = result.in_latent_space
    draw_latents(axes, shown.z, type_colors(result))
    chosen = result.types.colors
    draw_ellipses(axes, shown.mixture, np.asarray(shown.type_of_component), chosen)
    for n, look in result.types.looks.items():
        label = f"{look.name} ({result.types.count(n)})"
        axes.scatter([], [], s=22, c=type_color(n, chosen), label=label)
    axes.set_title(plane_title(result), fontsize=10)
    axes.legend(fontsize=7, loc="best", framealpha=0.85)
    return figure


def _share(result: Result, number: int) -> float:
    return result.types.count(number) / max(1, len(result.types.of_point))


def _type_row(result: Result, number: int) -> dict[str, Any]:
    look = result.types.looks[number]
    return {
        "name": look.name,
        "color": type_color(number, result.types.colors),
        "count": result.types.count(number),
        "share": f"{_share(result, number):.0%}",
        "core": int((np.asarray(result.core_points.type) == number).sum()),
        "hidden": look.hidden,
    }


def _target_row(result: Result, target: Any) -> dict[str, Any]:
    x, y = ("", "") if target.xy_m is None else (f"{v * 1e6:.3f}" for v in target.xy_m)
    return {
        "number": target.number,
        "type": result.types.name(target.type),
        "color": type_color(target.type, result.types.colors),
        "y_px": f"{target.yx_px[0]:.1f}",
        "x_px": f"{target.yx_px[1]:.1f}",
        "x_um": x,
        "y_um": y,
    }

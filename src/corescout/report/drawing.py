"""What the figures share: size, colours, scale bars, the scan as a background, PNG bytes."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from corescout.colors import PALE, UNASSIGNED_COLOR, type_color, type_shape
from corescout.data import Mixture, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 110
_COMPRESSION = 3  # of PNG: as small as with zlib's usual 6, in two thirds of the time
_EDGE_IN, _TITLE_IN = 0.05, 0.26
_SI = {
    "m": [(1e-12, "pm"), (1e-9, "nm"), (1e-6, "µm"), (1e-3, "mm"), (1.0, "m")],
    "V": [(1e-6, "µV"), (1e-3, "mV"), (1.0, "V")],
}
_OPACITY = 0.6  # of codes: where many lie is seen
_MARKERS = {"disc": "o", "square": "s", "triangle": "^", "diamond": "D"}
ELLIPSE_SIGMAS = 2.0
ELLIPSE_SHARE = 1 - math.exp(-(ELLIPSE_SIGMAS**2) / 2)  # of a 2-D Gaussian: 86.5 %


def new_figure(
    width_in: float, height_in: float, layout: Literal["constrained"] | None = "constrained"
) -> Figure:
    """Return an empty figure that needs no display, and shows itself in a notebook.

    Panels that have their places (`panels`) need no layout made to measure, which takes a third of
    the time that a figure is drawn in.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    class ShownFigure(Figure):
        def _repr_png_(self) -> bytes:
            return png_bytes(self)

    figure = ShownFigure(figsize=(width_in, height_in), dpi=DPI, layout=layout)
    FigureCanvasAgg(figure)
    return figure


def panels(
    height_in: float,
    widths_in: Sequence[float],
    *,
    between_in: float,
    after_in: float,
    bottom_in: float = _EDGE_IN,
    top_in: float = _TITLE_IN,
) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels of these widths side by side, and so much room around them."""
    count = len(widths_in)
    width_in = _EDGE_IN + sum(widths_in) + between_in * (count - 1) + after_in
    figure = new_figure(width_in, height_in, layout=None)
    lefts = [_EDGE_IN + sum(widths_in[:i]) + between_in * i for i in range(count)]
    bottom, high = bottom_in / height_in, 1 - (bottom_in + top_in) / height_in
    rows = [
        figure.add_axes((left / width_in, bottom, width / width_in, high))
        for left, width in zip(lefts, widths_in, strict=True)
    ]
    return figure, rows


def scan_beside_codes() -> tuple[Figure, list[Axes]]:
    """Return a figure with room for a scan with its colours and, beside it, a latent space."""
    return panels(4.9, (5.0, 4.35), between_in=1.55, after_in=0.05, bottom_in=0.5, top_in=0.42)


def scan_beside_scan() -> tuple[Figure, list[Axes]]:
    """Return a figure with room for a scan twice, without its colours."""
    return panels(4.9, (5.4, 5.4), between_in=0.1, after_in=_EDGE_IN)


def set_title(axes: Axes, text: str, size: float = 10) -> None:
    """Write a title right above the axes; matplotlib would first look for ticks in its way."""
    axes.set_title(text, fontsize=size, y=1.0)


def png_bytes(figure: Figure) -> bytes:
    """Return a figure as PNG; the same figure gives the same bytes.

    Its canvas draws it once; `Figure.savefig` draws it twice.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = figure.canvas
    agg = canvas if isinstance(canvas, FigureCanvasAgg) else FigureCanvasAgg(figure)
    memory = io.BytesIO()
    agg.print_png(memory, metadata={"Software": None}, pil_kwargs={"compress_level": _COMPRESSION})
    return memory.getvalue()


def scaled_unit(values: NDArray[np.floating], unit: str) -> tuple[float, str]:
    """Return (factor, name) of the SI prefix in which values read best."""
    finite = np.abs(values[np.isfinite(values)])
    steps = _SI.get(unit)
    if steps is None or finite.size == 0:
        return 1.0, unit
    size = float(np.percentile(finite, 99))
    for factor, name in reversed(steps):
        if size >= factor:
            return factor, name
    return steps[0]


def draw_scan(axes: Axes, result: Result, *, colorbar: bool = True) -> None:
    """Draw the analysed channel in grey, row 0 on top, with a scale bar."""
    name = result.channels[0]
    image = np.asarray(result.scan.channel(name))
    factor, unit = scaled_unit(image, result.scan.units[name])
    low, high = np.nanpercentile(image, [1, 99])
    shown = axes.imshow(
        image / factor,
        cmap="gray",
        vmin=low / factor,
        vmax=high / factor,
        aspect=_pixel_aspect(result),
        interpolation="nearest",
    )
    axes.set_xticks([])
    axes.set_yticks([])
    if colorbar:
        bar = axes.figure.colorbar(shown, cax=axes.inset_axes((1.02, 0, 0.04, 1)))
        bar.set_label(f"{name} ({unit})" if unit else name, fontsize=8)
        bar.ax.tick_params(labelsize=7)
    _scale_bar(axes, result)


def draw_places(axes: Axes, result: Result) -> None:
    """Draw all patch centres small and grey, the core points larger in the colour of their type."""
    places = np.asarray(result.patches.center_yx_px)
    axes.scatter(places[:, 1], places[:, 0], s=4, c="white", alpha=0.55, linewidths=0)
    core = result.core_points
    for kind, look in result.types.looks.items():
        if look.hidden:
            continue
        at = places[core.index[core.type == kind]]
        axes.scatter(
            at[:, 1],
            at[:, 0],
            s=22,
            c=type_color(kind, result.types.colors),
            marker=_MARKERS[type_shape(kind)],
            edgecolors="black",
            linewidths=0.5,
            label=f"{look.name} ({len(at)})",
        )


def draw_latents(
    axes: Axes,
    z: NDArray[np.float64],
    colors: list[str] | str = UNASSIGNED_COLOR,
    size: float = 7,
    letter: str = "z",
) -> None:
    """Draw codes z (N, L): its first two dimensions, or against 0 where there is but one."""
    from matplotlib.colors import to_rgba_array

    second = z[:, 1] if z.shape[1] > 1 else np.zeros(len(z))
    shown = to_rgba_array(colors)
    shown[:, 3] *= _OPACITY
    axes.scatter(z[:, 0], second, s=size, c=shown, linewidths=0)
    axes.set_xlabel(f"${letter}_1$")
    axes.set_ylabel(f"${letter}_2$" if z.shape[1] > 1 else "")


def draw_ellipses(
    axes: Axes,
    mixture: Mixture,
    type_of_component: NDArray[np.int64],
    chosen: Mapping[int, str] | None = None,
) -> None:
    """Draw the 2-sigma ellipse of each component in the colour of its type."""
    from matplotlib.patches import Ellipse

    if mixture.means.shape[1] < 2:
        return
    for mean, covariance, kind in zip(
        mixture.means, mixture.covariances, type_of_component, strict=True
    ):
        values, vectors = np.linalg.eigh(covariance[:2, :2])
        width, height = 2 * ELLIPSE_SIGMAS * np.sqrt(values[::-1])
        angle = math.degrees(math.atan2(vectors[1, 1], vectors[0, 1]))
        axes.add_patch(
            Ellipse(
                mean[:2],
                width,
                height,
                angle=angle,
                fill=False,
                linewidth=1.8,
                edgecolor=type_color(int(kind), chosen),
            )
        )


def type_colors(result: Result) -> list[str]:
    """Colour of every patch: that of its type, pale ("#rrggbbaa") where it lies between two."""
    chosen, pale = result.types.colors, f"{round(255 * PALE):02x}"
    return [
        type_color(int(t), chosen) + ("" if sure else pale)
        for t, sure in zip(result.types.of_point, result.typed.likely, strict=True)
    ]


def _pixel_aspect(result: Result) -> float:
    frame = result.scan.frame
    return 1.0 if frame is None else frame.pitch_m[1] / frame.pitch_m[0]


def _scale_bar(axes: Axes, result: Result) -> None:
    """A bar of a round length, or of pixels where the file has no scale."""
    height, width = result.scan.shape_px
    pitch_m = result.scan.frame.pitch_m[0] if result.scan.frame is not None else None
    length = _round_length(0.3 * width * (pitch_m or 1.0))
    length_px = length / (pitch_m or 1.0)
    if pitch_m is None:
        text = f"{length:.0f} px"
    elif length >= 1e-6:
        text = f"{length * 1e6:g} µm"
    else:
        text = f"{length * 1e9:g} nm"
    x, y = 0.05 * width, 0.95 * height
    axes.plot([x, x + length_px], [y, y], color="black", linewidth=5, solid_capstyle="butt")
    axes.plot([x, x + length_px], [y, y], color="white", linewidth=3, solid_capstyle="butt")
    axes.text(
        x + length_px / 2,
        y - 0.02 * height,
        text,
        color="white",
        ha="center",
        va="bottom",
        fontsize=8,
        bbox={"facecolor": "black", "alpha": 0.6, "pad": 1.5, "linewidth": 0},
    )


def _round_length(longest: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not longer."""
    power = 10.0 ** math.floor(math.log10(longest))
    return power * max(step for step in (1, 2, 5) if step * power <= longest * (1 + 1e-9))

"""What points can be coloured by: type, motif, probability, density, loss, angle, channel, ..."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.colors import PALE, motif_colors, type_color
from corescout.gui.look import PALETTE_STEPS, cyclic_palette, rgba, sequential_palette
from corescout.gui.model.candidate_view import CandidateView
from corescout.gui.plots.descriptor_colors import (
    DESCRIPTOR,
    descriptor_choices,
    descriptor_values,
)
from corescout.gui.plots.profile_colors import (
    DIRECTION,
    KIND,
    kind_colors,
    profile_choices,
    profile_values,
)
from corescout.report.drawing import scaled_unit

_BINS = 128  # of the density


@dataclass(frozen=True)
class ColorChoice:
    """One thing to colour by: a key, and what it is called."""

    key: str
    label: str


@dataclass(frozen=True, eq=False)
class PointColors:
    """Colours of N points as indices into a palette.

    Attributes
    ----------
    palette : (P, 4) float in [0, 1]
    index : (N,) int64
    low, high : str
        Ends of the scale in words; empty for types.
    """

    palette: NDArray[np.float64]
    index: NDArray[np.int64]
    low: str = ""
    high: str = ""

    @property
    def rgba(self) -> NDArray[np.float64]:
        """Colours (N, 4)."""
        return np.asarray(self.palette[self.index])


def color_choices(view: CandidateView | None) -> list[ColorChoice]:
    """Return what the points of a view can be coloured by; the result's alone have losses."""
    found = [
        ColorChoice("type", "type"),
        ColorChoice("motif", "motif (of the patch alone)"),
        ColorChoice("probability", "probability of the type"),
        ColorChoice("density", "density"),
    ]
    if view is None or view.result is None:
        return found
    found += [
        ColorChoice("misfit", "misfit (nats/px)"),
        ColorChoice("kl", "KL (nats)"),
        ColorChoice("typicality", "typicality"),
    ]
    if view.result.fit.latents.angle_rad is not None:
        found.append(ColorChoice("angle", "angle (deg)"))
    found += [ColorChoice(key, label) for key, label in profile_choices(view)]
    found += [ColorChoice(key, label) for key, label in descriptor_choices(view)]
    units = view.result.scan.units
    for name in view.result.scan.channels:
        unit = units.get(name, "")
        found.append(ColorChoice(f"channel:{name}", f"{name} ({unit})" if unit else name))
    return found


def color_points(view: CandidateView, key: str, dims: tuple[int, int] = (0, 1)) -> PointColors:
    """Return the colours of a view's points by one of its `color_choices`."""
    if key == "type":
        return _by_type(view)
    if key == "motif":
        return _by_motif(view)
    if key == "angle":
        return _by_angle(view)
    if key.startswith("profile:"):
        return _by_profile(view, key)
    if key.startswith(DESCRIPTOR):
        return _by_descriptor(view, key)
    values, unit = _values(view, key, dims), ""
    if key.startswith("channel:") and view.result is not None:
        factor, unit = scaled_unit(values, view.result.scan.units.get(key[8:], ""))
        values = values / factor
    return _on_scale(values, unit)


def _by_type(view: CandidateView) -> PointColors:
    """The colours of the types; pale for a point between two."""
    numbers = np.array(view.types.numbers)
    colors = [type_color(int(n), view.types.colors) for n in numbers]
    palette = np.array([rgba(c, alpha) for alpha in (1.0, PALE) for c in colors])
    index = np.searchsorted(numbers, view.types.of_point)
    return PointColors(palette, index + len(numbers) * ~view.sure.likely)


def _by_motif(view: CandidateView) -> PointColors:
    """What each patch is by itself: the component it is likeliest of, whatever is near."""
    typed = view.sure
    colors = motif_colors(typed.type_of_component.tolist(), view.types.colors)
    return PointColors(np.array([rgba(color) for color in colors]), typed.motif)


def _by_profile(view: CandidateView, key: str) -> PointColors:
    if key == KIND:
        palette, kind, words = kind_colors(view)
        return PointColors(palette, kind, words)
    values, unit = profile_values(view, key)
    if key == DIRECTION:  # half a turn is the same wall again
        share = np.nan_to_num(np.mod(values, np.pi) / np.pi)
        index = np.minimum((share * PALETTE_STEPS).astype(np.int64), PALETTE_STEPS - 1)
        return PointColors(cyclic_palette(), index, "0°", "180°")
    factor, unit = scaled_unit(values, unit)
    return _on_scale(values / factor, unit)


def _by_descriptor(view: CandidateView, key: str) -> PointColors:
    """Of one colour until they are computed."""
    found = descriptor_values(view, key)
    if found is None:
        none = np.zeros(len(view.z), np.int64)
        return PointColors(sequential_palette(), none, "...", "is computed")
    factor, unit = scaled_unit(*found)
    return _on_scale(found[0] / factor, unit)


def _by_angle(view: CandidateView) -> PointColors:
    result = view.result
    angle = None if result is None else result.fit.latents.angle_rad
    if angle is None:
        return _by_type(view)
    turn = np.mod(np.asarray(angle), 2 * np.pi) / (2 * np.pi)
    index = np.minimum((turn * PALETTE_STEPS).astype(np.int64), PALETTE_STEPS - 1)
    return PointColors(cyclic_palette(), index, "0°", "360°")


def _values(view: CandidateView, key: str, dims: tuple[int, int]) -> NDArray[np.float64]:
    result = view.result
    if key == "probability":
        return view.sure.probability
    if key == "density" or result is None:
        return _density(view.z, dims)
    if key == "misfit":
        return np.asarray(result.fit.misfit_per_px)
    if key == "kl":
        return np.asarray(result.fit.kl_nats)
    if key == "typicality":
        from scipy.stats import chi2

        nearest = result.mixture.mahalanobis2(result.codes).min(axis=1)
        return np.asarray(chi2.sf(nearest, result.codes.shape[1]))
    image = np.asarray(result.scan.channel(key.removeprefix("channel:")))
    y, x = np.rint(view.yx_px).astype(int).T
    last_y, last_x = np.asarray(image.shape) - 1
    return np.asarray(image[np.clip(y, 0, last_y), np.clip(x, 0, last_x)], dtype=np.float64)


def _density(z: NDArray[np.float64], dims: tuple[int, int]) -> NDArray[np.float64]:
    """Smoothed share of the points in the plane that is shown: cost O(N), unlike a kernel's."""
    from scipy.ndimage import gaussian_filter

    x, y = z[:, dims[0]], z[:, min(dims[1], z.shape[1] - 1)]
    counts, x_edges, y_edges = np.histogram2d(x, y, _BINS)
    smooth = gaussian_filter(counts, _BINS / 30)
    i = np.clip(np.searchsorted(x_edges, x, "right") - 1, 0, _BINS - 1)
    j = np.clip(np.searchsorted(y_edges, y, "right") - 1, 0, _BINS - 1)
    return np.asarray(smooth[i, j] / smooth.max())


def _on_scale(values: NDArray[np.float64], unit: str) -> PointColors:
    """The 2nd to the 98th percentile over a scale from dark to bright; what is missing is dark."""
    finite = values[np.isfinite(values)]
    low, high = np.percentile(finite, [2, 98]) if finite.size else (0.0, 1.0)
    share = (np.nan_to_num(values, nan=low) - low) / max(high - low, 1e-300)
    index = np.clip((share * PALETTE_STEPS).astype(np.int64), 0, PALETTE_STEPS - 1)
    return PointColors(sequential_palette(), index, f"{low:.3g}", f"{high:.3g} {unit}".strip())

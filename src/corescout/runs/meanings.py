"""What each dataset of `result.h5` is, in its unit and one sentence, as attributes of the file."""

from __future__ import annotations

import re

import h5py

# pattern of a dataset's path -> unit ("" for none) and meaning; the first that fits counts
_MEANINGS: tuple[tuple[str, str, str], ...] = (
    (r"scan/.*", "*", "Analysed channel as it was read, row 0 at the +Y edge."),
    (r"keypoints/yx_px", "px", "Row and column of each key point on the scan."),
    (r"keypoints/score", "1", "Strength of the detector's response at each key point."),
    (r"keypoints/profiles/kind", "1", "Kind of each: 0 unknown, 1 step, 2 bright, 3 dark line."),
    (r"keypoints/profiles/contrast", "channel", "Height of the step or line at each key point."),
    (r"keypoints/profiles/width_px", "px", "Width of the step or line, on the analysed grid."),
    (r"keypoints/profiles/phase_step_deg", "deg", "Difference of the phase between the sides."),
    (r"keypoints/profiles/direction_rad", "rad", "Direction of the wall in [0, pi)."),
    (r"patches/values", "1", "Patches (N, C, w, w), 0 and 1 being low and high of the channel."),
    (r"patches/index", "1", "Key point that each patch is cut around."),
    (r"patches/center_yx_px", "px", "Row and column of each patch's true centre on the scan."),
    (r"patches/low", "channel", "Channel values that became 0."),
    (r"patches/high", "channel", "Channel values that became 1."),
    (r"fit/log_likelihood_per_px", "nat/px", "Expected log-likelihood of each patch, per pixel."),
    (r"fit/target_entropy_per_px", "nat/px", "Entropy of each patch's grey values, per pixel."),
    (r"fit/kl_nats", "nat", "Divergence of each patch's posterior from the prior."),
    (r"fit/kept", "1", "Points that the density filter kept for the mixtures."),
    (r"fit/center_yx_px", "px", "Row and column of each patch on the grid of the analysis."),
    (
        r"fit/walls",
        "1, channel's unit, px, deg, rad",
        "Kind, contrast, width, phase step and direction of the wall at each patch.",
    ),
    (r"fit/context", "1", "Rotation-invariant descriptor of each patch's surroundings."),
    (r"fit/block", "1", "Spatial block of each patch, for cross-validation."),
    (r"fit/held_out_nats/\d+", "nat", "Log density of each code without its block, for K parts."),
    (r"fit/latents/mean", "1", "Latent code z of each patch."),
    (r"fit/latents/std", "1", "Posterior standard deviation of z."),
    (r"fit/latents/angle_rad", "rad", "Direction of each patch, counter-clockwise as shown."),
    (r"fit/latents/shift_px", "px", "Row and column by which the pattern is off the centre."),
    (r"fit/latents/scale", "1", "Magnification of the pattern in each patch."),
    (r"fit/latents/one_turn", "1", "The encoder's mean for the patch as it lies."),
    (r"line_faults/masked", "1", "Lines on which no key point is sought."),
    (r"line_faults/lost", "1", "Lines without usable values."),
    (r"line_faults/jump", "1", "Lines from which on the level is another one."),
    (r"line_faults/level", "", "What was taken off each line: log of a gain, or an offset."),
    (r".*/weights", "1", "Share of each component of the mixture."),
    (r".*/means", "1", "Centre of each component, in latent units."),
    (r".*/covariances", "1", "Covariance of each component, in latent units."),
    (r".*/responsibilities", "1", "Posterior probability of each component for the points seen."),
    (r".*/seen", "1", "Points that the mixture was fitted on."),
    (r"core_points/index", "1", "Patches that are core points."),
    (r"core_points/type", "1", "Type of each core point, from 1."),
    (r"core_points/typicality", "1", "Chi-square tail of the distance to the centre: 1 at it."),
    (r"type_of_component", "1", "Type, from 1, that each component of the mixture belongs to."),
    (r"votes/codes", "1", "Codes of the voters together, of which the mixture of the types is."),
    (r"votes/yx_px", "px", "Row and column of each patch on the grid of the analysis."),
    (r"types/of_point", "1", "Type of each patch as a person left it."),
    (r"types/by_hand", "1", "Patches that a person put where they are."),
    (r"latents_by_trial/\d+", "1", "Codes of one candidate, by its number in trials.json."),
)  # fmt: skip


def meaning_of(path: str) -> tuple[str, str] | None:
    """Return unit and meaning of a dataset by its path in the file; None if nobody wrote it down.

    A run is not lost for a missing sentence; a test holds that none is.
    """
    for pattern, unit, meaning in _MEANINGS:
        if re.fullmatch(pattern, path):
            return unit, meaning
    return None


def describe_datasets(file: h5py.File, units: dict[str, str], channels: tuple[str, ...]) -> None:
    """Give every dataset of an open file its attributes ``units`` and ``description``.

    Parameters
    ----------
    units : dict
        Of the scan's channels, by name.
    channels : tuple of str
        Those that were analysed, in the order of `patches`.
    """

    def describe(path: str, found: object) -> None:
        known = meaning_of(path)
        if not isinstance(found, h5py.Dataset) or known is None:
            return
        unit, meaning = known
        if unit == "*":
            unit = units.get(path.partition("/")[2], "")
        elif unit == "channel":
            unit = ", ".join(units.get(name, "") for name in channels)
        found.attrs["units"] = unit
        found.attrs["description"] = meaning

    file.visititems(describe)

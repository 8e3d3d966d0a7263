"""Colours of the types: one table for the scan, the latent space, the figures and the report."""

from __future__ import annotations

from collections.abc import Mapping

# Okabe and Ito (2008), told apart by colour-blind readers; ordered for contrast on a grey scan.
TYPE_COLORS: tuple[str, ...] = (
    "#E69F00",  # orange
    "#56B4E9",  # sky blue
    "#009E73",  # bluish green
    "#CC79A7",  # reddish purple
    "#F0E442",  # yellow
    "#D55E00",  # vermillion
    "#0072B2",  # blue
)
UNASSIGNED_COLOR = "#9A9A9A"


def type_color(type_number: int, chosen: Mapping[int, str] | None = None) -> str:
    """Return the colour of a type, counted from 1; 0 is no type. They repeat after seven.

    Parameters
    ----------
    chosen : mapping of int to str, optional
        Colours that a person chose for some of the types (`Types.colors`).
    """
    if chosen and type_number in chosen:
        return chosen[type_number]
    if type_number < 1:
        return UNASSIGNED_COLOR
    return TYPE_COLORS[(type_number - 1) % len(TYPE_COLORS)]

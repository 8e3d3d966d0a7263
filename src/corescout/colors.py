"""Colours of types and candidates: one table for window, figures and report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from corescout.data import Candidate

# Seven of Okabe and Ito (2008), ordered for contrast on a grey scan, and five that lie farthest
# from these, from each other and from grey, as the colour-blind see them too.
TYPE_COLORS: tuple[str, ...] = (
    "#E69F00",  # orange
    "#56B4E9",  # sky blue
    "#009E73",  # bluish green
    "#CC79A7",  # reddish purple
    "#F0E442",  # yellow
    "#D55E00",  # vermillion
    "#0072B2",  # blue
    "#800020",  # wine
    "#80FFDF",  # mint
    "#00209F",  # dark blue
    "#006060",  # dark teal
    "#BF0000",  # red
)
TypeShape = Literal["disc", "square", "triangle", "diamond"]
TYPE_SHAPES: tuple[TypeShape, ...] = get_args(TypeShape)
UNASSIGNED_COLOR = "#9A9A9A"
PALE = 0.35  # opacity of a point that lies between two types

# Of candidates, by their invariances or their baseline. A line of these is no type of
# microstructure, and differs in its symbol too.
CANDIDATE_COLORS: dict[str, str] = {
    "none": "#9A9A9A", "r": "#56B4E9", "t": "#009E73", "rt": "#E69F00",
    "pca": "#CC79A7", "nmf": "#D55E00", "fft": "#0072B2", "descriptors": "#7B3294",
    "scattering": "#8B6F00",
}  # fmt: skip
OTHER_CANDIDATE_COLOR = "#7F7F00"
BEST_COLOR = "#F0E442"  # of the star


def candidate_color(candidate: Candidate) -> str:
    """Return the colour of what a candidate is apart from its window."""
    key = candidate.invariances if candidate.kind == "vae" else candidate.kind
    return CANDIDATE_COLORS.get(key, OTHER_CANDIDATE_COLOR)


def type_color(type_number: int, chosen: Mapping[int, str] | None = None) -> str:
    """Return the colour of a type, counted from 1; 0 is no type.

    They repeat after twelve, with another shape (`type_shape`).

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


def type_shape(type_number: int) -> TypeShape:
    """Return the shape of the core points of a type: another one for every twelve colours."""
    rounds = max(type_number - 1, 0) // len(TYPE_COLORS)
    return TYPE_SHAPES[rounds % len(TYPE_SHAPES)]


def motif_colors(
    type_of_component: Sequence[int], chosen: Mapping[int, str] | None = None
) -> tuple[str, ...]:
    """Return a colour for each component of a mixture: a shade of the colour of its type.

    The first of a type has its colour, the others are lighter and darker in turn.

    Parameters
    ----------
    chosen : mapping of int to str, optional
        As of `type_color`.
    """
    found: list[str] = []
    for k, kind in enumerate(type_of_component):
        before = list(type_of_component[:k]).count(kind)
        found.append(_shade(type_color(kind, chosen), before))
    return tuple(found)


def _shade(color: str, number: int) -> str:
    """Mix a colour with white (1, 3, ...) or black (2, 4, ...), the more the higher the number."""
    share = 1 - 0.6 ** ((number + 1) // 2)
    toward = 255 if number % 2 else 0
    parts = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round((1 - share) * p + share * toward):02X}" for p in parts)

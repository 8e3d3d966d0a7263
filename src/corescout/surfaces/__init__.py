"""Generated ferroelectric surfaces with known truth, and surfaces without types."""

from corescout.surfaces.families import FAMILIES, generate_family
from corescout.surfaces.imaging import Imaging
from corescout.surfaces.nulls import NULLS, null_surface
from corescout.surfaces.places import PLACES
from corescout.surfaces.surface import Surface, generate_surface
from corescout.surfaces.surrogate import phase_randomised

__all__ = [
    "FAMILIES",
    "NULLS",
    "PLACES",
    "Imaging",
    "Surface",
    "generate_family",
    "generate_surface",
    "null_surface",
    "phase_randomised",
]

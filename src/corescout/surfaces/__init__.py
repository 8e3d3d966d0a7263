"""Generated ferroelectric surfaces with known truth, and surfaces without types."""

from corescout.surfaces.surface import Surface, generate_surface
from corescout.surfaces.surrogate import phase_randomised

__all__ = ["Surface", "generate_surface", "phase_randomised"]

"""What each descriptor is: its unit and its meaning."""

from __future__ import annotations

REACHES_M = (100e-9, 200e-9, 500e-9)
REACH_NAMES = ("100nm", "200nm", "500nm")
_RINGS = ("0 to 0.1 µm", "0.1 to 0.2 µm", "0.2 to 0.5 µm")

# name -> unit and meaning
DESCRIPTORS: dict[str, tuple[str, str]] = {
    **{
        f"wall_density_{name}_per_m": ("1/m", f"length of wall per area, {ring} from the key point")
        for name, ring in zip(REACH_NAMES, _RINGS, strict=True)
    },
    "junction_distance_m": ("m", "distance to the nearest place where three walls meet"),
    "tip_distance_m": ("m", "distance to the nearest end of a wall inside the scan"),
    "wall_distance_m": ("m", "distance to the nearest other wall"),
    "spacing_m": ("m", "spacing of the walls that run parallel, mean of both sides"),
    **{
        f"curvature_{name}_per_m": ("1/m", f"1/radius of the arc that the wall makes in +- {name}")
        for name in REACH_NAMES
    },
    **{
        f"tortuosity_{name}": (
            "m/m",
            f"way along the wall over its chord in +- {name}; 1 is straight",
        )
        for name in REACH_NAMES
    },
    "width_m": ("m", "width of the step or line, tip included"),
    "contrast": ("of the channel", "height of the step, or of the line against its nearer side"),
    "phase_step_deg": ("deg", "difference of the phase between the two sides"),
    "lower_side": ("of the channel", "level on the side of the wall where it is lower"),
    "higher_side": ("of the channel", "level on the side of the wall where it is higher"),
    "fast_axis_angle_rad": ("rad", "angle between the wall and the fast axis, 0 to pi/2"),
    "orientation_rad": ("rad", "direction of the wall in the instrument's coordinates, 0 to pi"),
    "height_m": ("m", "topography against its median within 0.2 µm"),
    "slope": ("m/m", "steepest slope of the topography, smoothed over 50 nm"),
    "frequency_shift_hz": ("Hz", "resonance frequency against its median within 0.2 µm"),
}

"""The digital twin as `corescout demo --live` and `corescout watch twin` start it."""

from __future__ import annotations

from corescout.instruments.limits import Limits
from corescout.instruments.twin import DigitalTwin

DRIFT_M_PER_S = (0.02e-9, 0.01e-9)  # of a settled instrument: about 1 nm a minute
SPEED = 60.0


def demo_twin(seed: int, speed: float = SPEED) -> tuple[DigitalTwin, Limits]:
    """Return a twin of a generated surface that drifts, not connected, and its limits."""
    from corescout.surfaces import generate_surface

    twin = DigitalTwin(generate_surface(seed=seed), speed, DRIFT_M_PER_S, seed=seed)
    return twin, limits_of(twin)


def limits_of(twin: DigitalTwin) -> Limits:
    """Return limits that hold the tip on the twin's surface."""
    frame = twin.surface.scan.frame
    if frame is None:
        raise ValueError("limits_of: expected a surface with a scale")
    (width, height), (x, y) = frame.size_m, frame.center_m
    return Limits(
        x_m=(x - width / 2, x + width / 2),
        y_m=(y - height / 2, y + height / 2),
        largest_step_m=2 * max(width, height),
        largest_speed_m_per_s=1e-6,
        largest_bias_v=6.0,
        longest_spectrum_s=2.0,
        most_targets=100,
        readback_tolerance_m=20e-9,
        rotation_verified=True,
        emergency="halt_and_zero_bias",
    )

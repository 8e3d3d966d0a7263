"""What there is to measure: the 128 signals, the 24 slots, and a sample that each scan sees."""

from __future__ import annotations

import numpy as np

CURRENT, DEFLECTION, BIAS, Z, AMPLITUDE, PHASE = 0, 8, 24, 30, 86, 87
NOISE = {Z: 1e-12, AMPLITUDE: 1e-13, PHASE: 0.05}  # standard deviation of a pixel
SLOTS = (CURRENT, DEFLECTION, BIAS, 14, Z, AMPLITUDE, PHASE, *range(90, 107))


def default_names() -> list[str]:
    """Names of the 128 signals, with their units in brackets."""
    names = [f"Input {i + 1} (V)" for i in range(128)]
    names[CURRENT], names[DEFLECTION], names[BIAS] = "Current (A)", "Deflection (V)", "Bias (V)"
    names[Z], names[AMPLITUDE], names[PHASE] = "Z (m)", "Amplitude (m)", "Phase (deg)"
    return names


def sample(index: int, x_m: np.ndarray, y_m: np.ndarray) -> np.ndarray:
    """What signal `index` reads at places of the sample; no two places of 3 um look alike."""
    x, y = np.asarray(x_m) * 1e6, np.asarray(y_m) * 1e6
    walls = np.sin(2 * np.pi * (0.9 * x + 0.35 * y) / 0.7 + 1.1 * np.sin(2 * np.pi * y / 1.7))
    if index == Z:
        waves = 2e-9 * np.sin(2 * np.pi * x / 1.3) + 1.2e-9 * np.cos(2 * np.pi * y / 0.9)
        return waves + 0.8e-9 * np.sin(2 * np.pi * (x + 2 * y) / 3.1)
    if index == AMPLITUDE:
        return 60e-12 * (0.35 + np.abs(np.tanh(4 * walls))) + 5e-12 * np.sin(
            2 * np.pi * (x - y) / 2.3
        )
    if index == PHASE:
        return 85.0 * np.tanh(6 * walls)
    if index == DEFLECTION:
        return 0.02 * np.cos(2 * np.pi * x / 1.3) - 0.01 * np.sin(2 * np.pi * y / 0.9)
    return 1e-3 * (index + 1) * np.cos(2 * np.pi * (x + 0.5 * y) / 2.9)

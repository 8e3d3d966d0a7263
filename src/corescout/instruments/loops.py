"""Hysteresis loops: their model on the twin, and what is read from a measured one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Measurement


@dataclass(frozen=True)
class Loop:
    """A switching loop, R(V) = amplitude tanh((V - imprint -+ coercive) / width).

    Attributes
    ----------
    amplitude_m : float
        Half the opening at saturation.
    coercive_v : float
        Half the distance of the two switching biases.
    imprint_v : float
        Their mean.
    width_v : float
        Of the switching.
    """

    amplitude_m: float
    coercive_v: float
    imprint_v: float
    width_v: float = 0.6

    def response_m(self, bias_v: NDArray[np.float64]) -> NDArray[np.float64]:
        """Response over a sweep: the rising branch lags behind, the falling one too."""
        rising = np.gradient(bias_v) >= 0
        lag = np.where(rising, self.coercive_v, -self.coercive_v)
        return np.asarray(
            self.amplitude_m * np.tanh((bias_v - self.imprint_v - lag) / self.width_v)
        )


def sweep_v(start_v: float, end_v: float, n_points: int) -> NDArray[np.float64]:
    """Bias of a loop: from start to end and back."""
    up = np.linspace(start_v, end_v, n_points // 2 + n_points % 2)
    return np.concatenate([up, np.linspace(end_v, start_v, n_points // 2)])


def fit_loop(measurement: Measurement, channel: str = "response") -> Loop:
    """Fit the loop model by least squares.

    Raises
    ------
    InputError
        If the measurement has no such channel or too few points.
    """
    from scipy.optimize import curve_fit

    if channel not in measurement.channels or len(measurement.axis) < 8:
        raise InputError(
            f"a loop of at least 8 points in {channel!r}",
            f"{len(measurement.axis)} points in {sorted(measurement.channels)}",
            "choose the channel that holds the piezoresponse",
        )
    bias, values = np.asarray(measurement.axis), np.asarray(measurement.channels[channel])
    scale = float(np.ptp(values)) / 2 or 1.0

    def model(
        v: NDArray[np.float64], a: float, c: float, i: float, w: float
    ) -> NDArray[np.float64]:
        return Loop(a, c, i, abs(w) + 1e-3).response_m(v)

    found, _ = curve_fit(model, bias, values / scale, (1.0, 0.3 * np.max(bias), 0.0, 0.6))
    return Loop(abs(found[0]) * scale, abs(float(found[1])), float(found[2]), abs(float(found[3])))

"""Bias spectra and pattern experiments: what they do to bias and tip, and their loops."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .microscope import Microscope

SLEW_V_S = 2000.0


@dataclass
class Spectrum:
    """One that runs or has run: where, from which bias, between which limits, when."""

    began: float
    ends: float
    at_m: tuple[float, float]
    start_bias_v: float
    limits_v: tuple[float, float]
    bias_set_since: bool = False
    stopped: bool = False
    ended: bool = False


class Spectroscopy:
    def __init__(self, microscope: Microscope) -> None:
        s = microscope.settings
        self.microscope = microscope
        self.limits_v, self.points, self.sweeps = s.limits_v, s.points, 1
        self.backward, self.reset_bias, self.z_hold = s.backward, s.reset_bias, s.z_hold
        self.settling_s, self.integration_s = s.settling_s, s.integration_s
        self.z_averaging_s = self.initial_settling_s = self.end_settling_s = self.z_control_s = (
            0.001
        )
        self.z_offset_m, self.slew_v_s = 0.0, SLEW_V_S
        self.record_final_z, self.lockin_run = False, True
        self.spectra: list[Spectrum] = []
        self.cloud_m: list[tuple[float, float]] = []
        self.open = self.pattern_open = False
        self.experiment, self.base_name = "Bias Spectroscopy", ""
        self._pattern_ends, self._pattern_bias_v = -math.inf, 0.0

    def duration_s(self) -> float:
        point_s = self.settling_s + self.integration_s
        sweep_s = self.points * point_s * (2 if self.backward else 1) * self.sweeps
        return (
            self.z_averaging_s
            + self.initial_settling_s
            + sweep_s
            + self.end_settling_s
            + self.z_control_s
        )

    def running(self, t: float) -> bool:
        return bool(self.spectra) and t < self.spectra[-1].ends

    def pattern_runs(self, t: float) -> bool:
        return t < self._pattern_ends

    def settle(self, t: float) -> None:
        """End the spectrum that is over; its starting bias may come back."""
        if not self.spectra or self.spectra[-1].ended or t < self.spectra[-1].ends:
            return
        last = self.spectra[-1]
        last.ended = True
        if self.microscope.settings.restores_start_bias or (
            self.reset_bias and not last.bias_set_since
        ):
            self.microscope.bias.jump(last.ends, (last.start_bias_v,))

    def bias_was_set(self, t: float) -> None:
        if self.running(t):
            self.spectra[-1].bias_set_since = True

    def start(self) -> Spectrum:
        """Begin a spectrum at the tip."""
        t, bias = self.microscope.clock.now(), self.microscope.bias
        start = bias.at(t)[0]
        spectrum = Spectrum(
            t, t + self.duration_s(), self.microscope.xy.at(t), start, self.limits_v
        )
        bias.cut(t)
        bias.append([(t, (start,)), *self._sweep(t)])
        self.spectra.append(spectrum)
        return spectrum

    def _sweep(self, t: float) -> list[tuple[float, tuple[float]]]:
        """The corners of the bias of one spectrum that begins at `t`."""
        low, high = self.limits_v
        t += self.z_averaging_s + self.initial_settling_s
        corners = [(t, (low,))]
        sweep_s = self.points * (self.settling_s + self.integration_s)
        for _ in range(self.sweeps):
            t += sweep_s
            corners.append((t, (high,)))
            if self.backward:
                t += sweep_s
                corners.append((t, (low,)))
        return corners

    def stop(self) -> None:
        """End a spectrum that runs; it takes a moment to do so."""
        t = self.microscope.clock.now()
        if self.running(t) and not self.spectra[-1].stopped:
            last = self.spectra[-1]
            last.stopped, last.ends = (
                True,
                min(last.ends, t + self.microscope.settings.stop_takes_s),
            )
            self.microscope.bias.cut(t)

    def data(self, spectrum: Spectrum) -> tuple[list[str], np.ndarray, list[float]]:
        """Names of the channels, their values (channels x points), and the parameters."""
        low, high = spectrum.limits_v
        up = np.linspace(low, high, self.points)
        columns = {"Bias calc (V)": up, "Bias (V)": up}
        for name, bias, coercive in (("", up, 0.35), (" [bwd]", up, -0.35)):
            if name and not self.backward:
                break
            loop = np.tanh((bias - coercive * high) / 0.6)
            columns[f"Amplitude{name} (m)"] = 60e-12 * np.abs(loop)
            columns[f"Phase{name} (deg)"] = 90.0 * np.sign(loop)
        x, y = spectrum.at_m
        return list(columns), np.stack(list(columns.values())), [x, y, self.microscope.z_m()]

    def start_pattern(self) -> None:
        """Visit the cloud: a move and a spectrum at each point."""
        t, tip = self.microscope.clock.now(), self.microscope
        self._pattern_bias_v = tip.bias.at(t)[0]
        xy, volts, here = [(t, tip.xy.at(t))], [(t, (self._pattern_bias_v,))], tip.xy.at(t)
        for place in self.cloud_m:
            t += math.dist(here, place) / tip.speed_m_s
            xy.append((t, place))
            volts += [(t, (self._pattern_bias_v,)), *self._sweep(t)]
            t += self.duration_s()
            xy.append((t, place))
            volts.append((t, (self._pattern_bias_v,)))
            here = place
        tip.xy.append(xy)
        tip.bias.append(volts)
        self._pattern_ends = t

    def stop_pattern(self) -> None:
        t = self.microscope.clock.now()
        if self.pattern_runs(t):
            self._pattern_ends = t
            self.microscope.xy.cut(t)
            self.microscope.bias.jump(t, (self._pattern_bias_v,))

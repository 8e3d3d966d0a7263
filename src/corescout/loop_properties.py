"""Properties of a hysteresis loop: coercive biases, imprint, remanence, work, nucleation biases.

The loop is fitted by two branches of one height,

    R(V) = c + A tanh((V - V_k) / w_k),    k = rising, falling,

and its properties are read from the fit as in Jesse, Lee and Kalinin, Rev. Sci. Instrum. 77, 073702
(2006): of the off-field loop where there are pulses, since on field the electrostatic force of the
bias adds to the response.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import InputError, Measurement
from corescout.data.short_repr import short_repr

_LEAST_POINTS = 8
_LEAST_R2 = 0.5  # of the fit; a worse one tells nothing
_LEAST_OPENING = 3.0  # of the loop, in standard deviations of the residuals
_NUCLEATED = 0.03  # share of the switching response that has switched at the nucleation bias
_LEAST_SHARE = 0.02  # of the loop's height that it must be opened by at least
_WILD = 6.0  # standard deviations; points beyond, at most a tenth, do not count in the R2
_OUTLIER = 1.0  # residuals beyond this many standard deviations count less (soft L1)

# name -> unit and meaning; "R" is the unit of the response
PROPERTIES: dict[str, tuple[str, str]] = {
    "coercive_bias_v": ("V", "half the distance of the two coercive biases, (V+ - V-) / 2"),
    "positive_coercive_bias_v": ("V", "V+: where the rising branch is half way up"),
    "negative_coercive_bias_v": ("V", "V-: where the falling branch is half way down"),
    "imprint_v": ("V", "mean of the two coercive biases, (V+ + V-) / 2"),
    "remanent_response": ("R", "half the opening of the loop at zero bias"),
    "saturation_response": ("R", "half the distance of the two saturated responses, |A|"),
    "work_of_switching": ("R V", "area inside the loop over the range of the bias"),
    "positive_nucleation_bias_v": ("V", "where 3 % have switched on the rising branch"),
    "negative_nucleation_bias_v": ("V", "where 3 % have switched on the falling branch"),
}


@dataclass(frozen=True, eq=False)
class LoopProperties:
    """What was read from one loop.

    Attributes
    ----------
    values : mapping of str to float
        By the names of `PROPERTIES`; empty for a fit that failed.
    fit_r2 : float
        1 - SS(residuals) / SS(response) without wild points; NaN where nothing could be fitted.
    failed : str
        Why the loop tells nothing; empty if it does.
    unit : str
        Of the response.
    """

    values: Mapping[str, float]
    fit_r2: float
    failed: str
    unit: str = ""

    __repr__ = short_repr


def loop_properties(loop: Measurement, channel: str | None = None) -> LoopProperties:
    """Fit a loop and read its properties; a loop that tells nothing says why.

    Parameters
    ----------
    loop : Measurement
        Over the bias, swept up and down, or one point for each pulse (`switching.loop_of`).
    channel : str, optional
        "response" if there is one, else the first.

    Raises
    ------
    InputError
        If there is no such channel.
    """
    name = channel or ("response" if "response" in loop.channels else next(iter(loop.channels), ""))
    if name not in loop.channels:
        raise InputError(
            f"one of the channels {', '.join(map(repr, loop.channels)) or '(none)'}",
            repr(name), "choose the channel that holds the piezoresponse",
        )  # fmt: skip
    bias, response = np.asarray(loop.axis), np.asarray(loop.channels[name])
    unit = loop.units.get(name, "")
    rising = np.gradient(bias) >= 0 if len(bias) > 1 else np.zeros(len(bias), bool)
    known = np.isfinite(bias) & np.isfinite(response)
    bias, response, rising = bias[known], response[known], rising[known]
    if min(rising.sum(), (~rising).sum()) < _LEAST_POINTS // 2 or len(bias) < _LEAST_POINTS:
        return LoopProperties({}, float("nan"), "too few points on a branch", unit)
    spread = float(response.std())
    if not spread > 0:
        return LoopProperties({}, float("nan"), "the response is constant", unit)
    fit = _fitted(bias, response, rising, spread)
    residual = response - _model(fit, bias, rising)
    noise = float(np.median(np.abs(residual))) * 1.4826
    tame = np.abs(residual) <= max(_WILD * noise, float(np.quantile(np.abs(residual), 0.9)))
    about = response[tame] - response[tame].mean()
    r2 = 1 - float((residual[tame] ** 2).sum() / max(float((about**2).sum()), 1e-300))
    failed = _why_failed(fit, bias, noise, r2)
    return LoopProperties({} if failed else _read(fit, bias), r2, failed, unit)


def _model(
    fit: NDArray[np.float64], bias: NDArray[np.float64], rising: NDArray[np.bool_]
) -> NDArray[np.float64]:
    centre, height, up_v, down_v, up_width, down_width = fit
    up = np.tanh((bias - up_v) / up_width)
    down = np.tanh((bias - down_v) / down_width)
    return np.asarray(centre + height * np.where(rising, up, down))


def _fitted(
    bias: NDArray[np.float64],
    response: NDArray[np.float64],
    rising: NDArray[np.bool_],
    spread: float,
) -> NDArray[np.float64]:
    """Centre, height, V+, V-, and both widths, by least squares with outliers held down."""
    from scipy.optimize import least_squares

    reach = float(np.ptp(bias)) / 2 or 1.0
    middle = float(bias.min()) + reach
    high, low = (float(np.median(response[s * (bias - middle) > 0.6 * reach])) for s in (1, -1))
    centre, height = (high + low) / 2, (high - low) / 2
    if abs(height) < 0.2 * spread:
        height = spread
    start = [centre, height, *(_crossing(bias[b], response[b], centre, height, middle)
                               for b in (rising, ~rising)), 0.15 * reach, 0.15 * reach]  # fmt: skip
    least, most = 0.005 * reach, 2 * reach
    box = [
        [-np.inf, -np.inf, middle - 2 * reach, middle - 2 * reach, least, least],
        [np.inf, np.inf, middle + 2 * reach, middle + 2 * reach, most, most],
    ]
    scale = np.array([spread, spread, reach, reach, reach, reach])
    found = least_squares(
        lambda p: (_model(p, bias, rising) - response) / (0.3 * spread),
        start, bounds=box, x_scale=scale, loss="soft_l1", f_scale=_OUTLIER, max_nfev=200,
    )  # fmt: skip
    return np.asarray(found.x)


def _crossing(
    bias: NDArray[np.float64],
    response: NDArray[np.float64],
    centre: float,
    height: float,
    middle: float,
) -> float:
    """Bias at which a branch passes its middle: where most points lie on their side of it."""
    order = np.argsort(bias)
    above = np.sign(height) * (response[order] - centre) > 0
    wrong = np.concatenate([[0], np.cumsum(above)]) + np.concatenate(
        [np.cumsum(~above[::-1])[::-1], [0]]
    )
    split = int(wrong.argmin())
    edges = np.concatenate([[bias.min()], bias[order], [bias.max()]])
    return float((edges[split] + edges[split + 1]) / 2) if len(bias) else middle


def _why_failed(
    fit: NDArray[np.float64], bias: NDArray[np.float64], noise: float, r2: float
) -> str:
    _, height, up_v, down_v, *_ = fit
    if r2 < _LEAST_R2:
        return f"the fit explains {max(r2, 0):.0%} of the loop"
    opened = float(np.abs(_opening(fit, np.linspace(bias.min(), bias.max(), 201))).max())
    if opened < max(_LEAST_OPENING * noise, _LEAST_SHARE * abs(height)):
        return "the loop is not opened beyond its noise"
    if not (bias.min() < up_v < bias.max() and bias.min() < down_v < bias.max()):
        return "a coercive bias lies beyond the range of the bias"
    return ""


def _opening(fit: NDArray[np.float64], v: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Falling branch minus rising branch, positive where the loop lags behind the bias."""
    _, height, up_v, down_v, up_width, down_width = fit
    both = np.tanh((v - down_v) / down_width) - np.tanh((v - up_v) / up_width)
    return np.asarray(abs(height) * both)


def _read(fit: NDArray[np.float64], bias: NDArray[np.float64]) -> dict[str, float]:
    from scipy.integrate import trapezoid

    _, height, up_v, down_v, up_width, down_width = (float(v) for v in fit)
    v = np.linspace(bias.min(), bias.max(), 1001)
    nucleated = float(np.arctanh(1 - 2 * _NUCLEATED))
    values = (
        (up_v - down_v) / 2, up_v, down_v, (up_v + down_v) / 2, float(_opening(fit, 0.0)) / 2,
        abs(height), float(trapezoid(_opening(fit, v), v)),
        up_v - nucleated * up_width, down_v + nucleated * down_width,
    )  # fmt: skip
    return dict(zip(PROPERTIES, values, strict=True))

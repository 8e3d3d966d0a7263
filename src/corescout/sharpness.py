"""How much blunter the tip of one scan was than that of another of the same place.

A tip multiplies the spectrum of what it scans by exp(-sigma^2 k^2 / 2) in amplitude. The ratio of
the power of two scans of one place therefore falls as exp(-sigma^2 k^2): gain does not change its
slope, shifts of the frame do not change it at all. The sharper scan is blunted until the slope is
zero, rings that are mostly noise left out. Scans of other places have other spectra: nothing is
said of these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

LEAST_PX = 0.5  # of a Gaussian: less cannot be told from none (0.4 where nothing but noise differs)
MOST_PX = 3.0
_TILE_PX = 64
_SIDE_PX = 384  # of the middle of a scan: enough to tell a tip by
_RINGS = np.linspace(0.2, np.pi, 31)  # 1/px; below it the scan is not cut into enough periods
_FINEST = 2.5  # 1/px
_NOISE_FROM = 0.85 * np.pi  # 1/px, beyond which no tip leaves anything but noise
_CLEAR = 2.0  # times the noise: rings that count
_LEAST_RINGS = 4

Floats = NDArray[np.float64]
Spectrum = tuple[Floats, Floats, float]


@dataclass(frozen=True, eq=False)
class Shown:
    """One channel as a tip shows it.

    Attributes
    ----------
    image : (H, W)
        NaN where missing.
    response : (H, W) complex or None
        Where the image is its modulus. A blunter tip blunts the response, and an image alone where
        there is none: the dark line between two phases stays dark only in the first case.
    """

    image: NDArray[np.float32]
    response: NDArray[np.complexfloating] | None = None
    _spectra: dict[float, Spectrum] = field(default_factory=dict, init=False, repr=False)

    def blunted(self, sigma_px: float) -> Shown:
        """Return what a tip shows whose Gaussian is wider by sigma, in quadrature."""
        if sigma_px <= 0:
            return self
        if self.response is None:
            return Shown(_smoothed(self.image, sigma_px).astype(np.float32))
        # The image may have been mended since: the modulus is the image's, the phase as measured.
        phase = np.exp(1j * np.angle(self.response))
        seen = _smoothed((self.image * phase.real), sigma_px) + 1j * _smoothed(
            (self.image * phase.imag), sigma_px
        )
        return Shown(np.abs(seen).astype(np.float32), seen)

    def through_tip(self, sigma_px: float, seed: int = 0) -> Shown:
        """Return what a blunter tip shows, as noisy as this: a tip blurs the sample, not the noise.

        Where the sample is even there is nothing but noise, and codes tell whether it is there. The
        noise is white, in both quadratures, and drawn from the seed.
        """
        blunt, noise = self.blunted(sigma_px), self.noise if sigma_px > 0 else 0.0
        if noise == 0:
            return blunt
        real, other = noise * np.random.default_rng(seed).standard_normal((2, *self.image.shape))
        if blunt.response is None:
            return Shown((blunt.image + real).astype(np.float32))
        seen = blunt.response + real + 1j * other
        return Shown(np.abs(seen).astype(np.float32), seen)

    @property
    def noise(self) -> float:
        """Standard deviation of the white noise of the image; 0 where it is unknown."""
        power = self.middle.spectrum()[2]
        return float(np.sqrt(power) / np.sum(np.hanning(_TILE_PX) ** 2))

    @cached_property
    def middle(self) -> Shown:
        """The part, no more than 384 px to a side, that a tip is told by."""
        if max(self.image.shape) <= _SIDE_PX:
            return self
        cut = tuple(
            slice(max(0, (side - _SIDE_PX) // 2), max(0, (side - _SIDE_PX) // 2) + _SIDE_PX)
            for side in self.image.shape
        )
        response = None if self.response is None else self.response[cut].copy()
        return Shown(self.image[cut].copy(), response)

    def spectrum(self, sigma_px: float = 0.0) -> Spectrum:
        """Wavenumber (R,) and power (R,) of rings, and the noise, as a tip shows them.

        Kept, as the search for a width asks for the same few of every pair that it is in.
        """
        if sigma_px not in self._spectra:
            image = np.asarray(self.blunted(sigma_px).image, dtype=np.float64)
            self._spectra[sigma_px] = _spectrum(image)
        return self._spectra[sigma_px]


def blunter_by_px(first: Shown, second: Shown) -> float:
    """Return the Gaussian width by which the second of two scans of one place is blunter.

    In pixels, which must be alike in both; negative where the first is the blunter one. 0 below
    `LEAST_PX`, and where nothing can be said: few rings above the noise, no whole tile of 64 px, or
    more than `MOST_PX`, which is no matter of the tip.
    """
    first, second = first.middle, second.middle
    if not (len(first.spectrum()[0]) and len(second.spectrum()[0])):
        return 0.0
    sharper, blunter, sign = first, second, 1.0
    if _slope(first, second, 0.0) > 0:
        sharper, blunter, sign = second, first, -1.0
    low, high = 0.0, MOST_PX
    if _slope(sharper, blunter, LEAST_PX) >= 0 or _slope(sharper, blunter, high) <= 0:
        return 0.0
    for _ in range(8):
        middle = (low + high) / 2
        if _slope(sharper, blunter, middle) < 0:
            low = middle
        else:
            high = middle
    return sign * (low + high) / 2


def _slope(sharper: Shown, blunter: Shown, sigma_px: float) -> float:
    """Slope of the log-ratio of power over k^2, once the sharper one is blunted; 0 if unknown."""
    k, power, noise = sharper.spectrum()
    _, aim, noise_of_aim = blunter.spectrum()
    left = noise * np.exp(-(sigma_px**2) * k**2)
    signal, wanted = sharper.spectrum(sigma_px)[1] - left, aim - noise_of_aim
    counts = (k < _FINEST) & (power > (1 + _CLEAR) * noise)
    counts &= (signal > _CLEAR * left) & (wanted > _CLEAR * noise_of_aim)
    if counts.sum() < _LEAST_RINGS:
        return 0.0
    return float(np.polyfit(k[counts] ** 2, np.log(wanted[counts] / signal[counts]), 1)[0])


def _spectrum(image: Floats) -> Spectrum:
    """Wavenumber (R,) and power (R,) of rings, and the power of the noise; empty if unknown."""
    window = np.outer(np.hanning(_TILE_PX), np.hanning(_TILE_PX))
    tiles = np.lib.stride_tricks.sliding_window_view(image, window.shape)[
        :: _TILE_PX // 2, :: _TILE_PX // 2
    ] if min(image.shape) >= _TILE_PX else np.zeros((0, 0, *window.shape))  # fmt: skip
    tiles = tiles.reshape(-1, *window.shape)
    tiles = tiles[np.isfinite(tiles).all(axis=(1, 2))]
    if not len(tiles):
        return np.zeros(0), np.zeros(0), 0.0
    level = tiles.mean(axis=(1, 2), keepdims=True)
    power = np.mean(np.abs(np.fft.fft2((tiles - level) * window)) ** 2, axis=0)
    along = 2 * np.pi * np.fft.fftfreq(_TILE_PX)
    k = np.hypot(along[:, None], along[None])
    ring = np.digitize(k, _RINGS)
    rings = range(1, len(_RINGS))
    return (
        np.array([k[ring == r].mean() for r in rings]),
        np.array([power[ring == r].mean() for r in rings]),
        float(power[k > _NOISE_FROM].mean()),
    )


def _smoothed(image: NDArray[np.floating], sigma_px: float) -> Floats:
    """Smooth over what is there; what is missing stays missing."""
    from scipy.ndimage import gaussian_filter

    known = np.isfinite(image)
    filled = np.where(known, image, 0.0).astype(np.float64)
    smooth = gaussian_filter(filled, sigma_px)
    if known.all():
        return np.asarray(smooth)
    share = gaussian_filter(known.astype(np.float64), sigma_px)
    return np.where(known, smooth / np.maximum(share, 1e-9), np.nan)

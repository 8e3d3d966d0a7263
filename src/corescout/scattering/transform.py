"""Scattering coefficients at key points, free of rotation.

With the wavelets psi_{j,l} of `filters` (scale j, direction l of L = 6), * a convolution, and A a
Gaussian average of sigma 5 px:

    U_{j,l} = |I * psi_{j,l}|                                   order 1
    F_{j,m} = |sum_l A U_{j,l} exp(-2 pi i l m / L)| / L
    b_{j,j',r} = mean_l A |U_{j,l} * psi_{j',l+r}|, j' > j      order 2

F_{j,0} is how much there is of a scale and F_{j,1} / F_{j,0} how much of it has one direction: a
turn of the image shifts l and leaves both alone. b holds the angle r between two scales, not their
directions; r and L - r are mirror images and are averaged. Logarithms make contrast a shift.
(Mallat, Comm. Pure Appl. Math. 65, 1331, 2012; Sifre and Mallat, CVPR 2013, for the rotation.)
"""

from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import raise_if_stopped
from corescout.scattering.filters import AVERAGE_SIGMA_PX, N_ANGLES, N_SCALES, wavelets

Image = NDArray[np.float32]

REACH_PX = 10.5  # from the key point: where the average has fallen to a tenth
FEATURES_PER_CHANNEL = 2 * N_SCALES + 4 * (N_SCALES * (N_SCALES - 1) // 2) + 3
_PAD_PX = 24
_MOST_AT_ONCE_PX = 2**20  # of pixels: all wavelets of an image are a hundred times as large
_PART_PX = 1024  # side of the parts of a larger one
_AROUND_PX = 48  # beyond which nothing is seen: five widths of wavelets and average together
_FLOOR = 1e-4  # of a mean modulus, in grey levels of 0 to 1
_FINE_SIGMA_PX = 2.0
_FOLDED = ((0,), (1, 5), (2, 4), (3,))  # differences of direction that are mirror images


def centre_of(images: Image) -> NDArray[np.float32]:
    """Return the mean grey level (C,) of images (C, H, W), of the pixels that there are."""
    known = [image[np.isfinite(image)] for image in np.asarray(images, np.float32)]
    return np.array([pixels.mean() if len(pixels) else 0.0 for pixels in known], np.float32)


def scattering_features(
    images: Image,
    yx_px: NDArray[np.float64],
    centre: NDArray[np.float32] | None = None,
    stop: threading.Event | None = None,
) -> NDArray[np.float64]:
    """Describe the surroundings of each key point by scattering coefficients.

    Parameters
    ----------
    images : (C, H, W) in [0, 1]
        NaN where missing: filled with the centre, and left out of every average.
    yx_px : (N, 2)
    centre : (C,), optional
        Grey level that is subtracted first; their own mean if None. The wavelets are no pure
        differences, psi^(0) = 0.09, so that another scan, or a part of this one, has the same
        coefficients at the same place only with the same centre.
    stop : Event, optional
        Looked at before each wavelet.

    Returns
    -------
    (N, 35 C) float64
        Of each channel, in this order: log F_{j,0} and F_{j,1} / F_{j,0} of the 4 scales, log b of
        the 6 pairs of scales at 4 angles, the mean at sigma 2 and 5 px and the standard deviation
        at 5 px.

    Raises
    ------
    StoppedError
        If `stop` was set.
    """
    levels = (centre_of(images) if centre is None else np.asarray(centre)).tolist()
    return np.hstack(
        [
            _of_channel(np.asarray(image, np.float32), yx_px, level, stop)
            for image, level in zip(images, levels, strict=True)
        ]
    )


def _of_channel(
    image: Image, yx_px: NDArray[np.float64], centre: float, stop: threading.Event | None
) -> NDArray[np.float64]:
    if image.size <= _MOST_AT_ONCE_PX:
        return _of_part(image, yx_px, centre, stop)
    found = np.empty((len(yx_px), FEATURES_PER_CHANNEL))
    parts = [_parts(n) for n in image.shape]
    cell = [np.searchsorted([p.end for p in of_axis], axis, side="right").clip(max=len(of_axis) - 1)
            for of_axis, axis in zip(parts, yx_px.T, strict=True)]  # fmt: skip
    for i, rows in enumerate(parts[0]):
        for j, columns in enumerate(parts[1]):
            mine = (cell[0] == i) & (cell[1] == j)
            if mine.any():
                yx = yx_px[mine] - (rows.seen.start, columns.seen.start)
                found[mine] = _of_part(image[rows.seen, columns.seen], yx, centre, stop)
    return found


@dataclass(frozen=True)
class _Part:
    """Pixels of one axis that are transformed together, and the end of those it answers for."""

    seen: slice
    end: int


def _parts(length_px: int) -> list[_Part]:
    """Parts of equal length of an axis, each with its surroundings."""
    count = math.ceil(length_px / _PART_PX)
    ends = [-(-length_px * (i + 1) // count) for i in range(count)]
    side = min(length_px, -(-length_px // count) + 2 * _AROUND_PX)
    firsts = np.clip([end - (side - _AROUND_PX) for end in ends], 0, length_px - side)
    return [_Part(slice(f, f + side), e) for f, e in zip(firsts.tolist(), ends, strict=True)]


def _of_part(
    image: Image, yx_px: NDArray[np.float64], centre: float, stop: threading.Event | None
) -> NDArray[np.float64]:
    """Coefficients (N, 35) at places of an image (H, W)."""
    from scipy import fft

    known = np.isfinite(image)
    centred = _padded(np.where(known, image - centre, 0).astype(np.float32))
    average = _Average(_padded(known.astype(np.float32)), yx_px)
    first = fft.fft2(centred)
    with ThreadPoolExecutor(2) as pool:  # the finest scale is half of the work
        of_scale = list(pool.map(lambda j: _of_scale(first, j, average, stop), range(N_SCALES)))
    order_1 = np.stack([order for order, _ in of_scale])
    order_2 = [pair for _, pairs in of_scale for pair in pairs]
    turned = np.abs(np.fft.rfft(order_1, axis=1)) / N_ANGLES  # (J, m, N)
    local = [average.of(centred, _FINE_SIGMA_PX), average.of(centred)]
    variance = np.maximum(average.of(centred**2) - local[1] ** 2, 0)
    return np.stack(
        [
            *np.log(turned[:, 0] + _FLOOR),
            *(turned[:, 1] / (turned[:, 0] + _FLOOR)),
            *np.log(np.stack(order_2) + _FLOOR),
            *(value + centre for value in local),
            np.sqrt(variance),
        ],
        axis=1,
    )


def _of_scale(
    first: NDArray[np.complexfloating],
    j: int,
    average: _Average,
    stop: threading.Event | None,
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """Averages (L, N) of U_{j,l}; (N,) of each coarser scale with each difference of direction."""
    from scipy import fft

    def modulus(spectrum: NDArray[np.complexfloating], scale: int, angle: int) -> Image:
        raise_if_stopped(stop, "while scattering was computed")
        return _modulus(spectrum, scale, angle)

    along = [modulus(first, j, turn) for turn in range(N_ANGLES)]
    spectra = [fft.fft2(u) for u in along] if j + 1 < N_SCALES else []
    pairs = []
    for j2 in range(j + 1, N_SCALES):
        for angles in _FOLDED:
            total = sum(
                modulus(spectrum, j2, turn + r)
                for turn, spectrum in enumerate(spectra)
                for r in angles
            )
            pairs.append(average.of(np.asarray(total)) / (len(angles) * N_ANGLES))
    return np.stack([average.of(u) for u in along]), pairs


def _modulus(spectrum: NDArray[np.complexfloating], scale: int, angle: int) -> Image:
    """Return |I * psi| of a spectrum (H, W); of the coarsest scale on every second pixel.

    Its wavelets hold nothing above a quarter of a cycle per pixel, so that nothing is lost.
    """
    from scipy import fft

    product = spectrum * wavelets(spectrum.shape)[scale, angle % N_ANGLES]
    if scale == N_SCALES - 1:
        rows, columns = (np.r_[0 : n // 4, n - n // 4 : n] for n in product.shape)
        product = product[np.ix_(rows, columns)] / 4
    return np.asarray(np.abs(fft.ifft2(product)))


class _Average:
    """A Gaussian average over the known pixels of a padded image, read at places of the image."""

    def __init__(self, known: Image, yx_px: NDArray[np.float64]) -> None:
        self._known = None if known.all() else known
        self._height = known.shape[0]
        self._at = np.asarray(yx_px, np.float64).T + _PAD_PX

    def of(self, image: Image, sigma_px: float = AVERAGE_SIGMA_PX) -> NDArray[np.float64]:
        """Return sum G I / sum G over the known pixels, (N,), of all or every second pixel."""
        if self._known is None:
            return self._read(image, sigma_px)
        step = self._height // len(image)
        known = self._known[::step, ::step]
        weight = np.maximum(self._read(known, sigma_px), 1e-6)
        return np.asarray(self._read(image * known, sigma_px) / weight)

    def _read(self, image: Image, sigma_px: float) -> NDArray[np.float64]:
        from scipy.ndimage import gaussian_filter, map_coordinates

        step = self._height // len(image)
        smooth = gaussian_filter(image, sigma_px / step, mode="nearest")
        return np.asarray(map_coordinates(smooth, self._at / step, order=1), dtype=np.float64)


def _padded(image: Image) -> Image:
    """Mirror the edge by as much as the image has, and fill up to a shape that transforms fast."""
    from scipy.fft import next_fast_len

    after = [4 * next_fast_len(-(-(n + 2 * _PAD_PX) // 4)) - n - _PAD_PX for n in image.shape]
    return np.pad(image, [(_PAD_PX, a) for a in after], mode="symmetric")

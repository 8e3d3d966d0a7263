"""What a spectrum wrote: a frame before it and a frame after it, registered and compared.

Both frames are scanned at 0 V DC around the target. The difference is that of the complex response
R = A exp(i phase) where both frames have a phase, of the amplitude alone otherwise; the area is
that of the pixels around the target that changed by more than half of the largest change. Of an
amplitude alone it reaches to the outer flank of the domain's wall, as up and down look alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import Scan

Place = tuple[float, float]
_SIGMAS = 6.0  # above the noise of the difference, which is told from the frame's own median
_LEAST_CHANGE = 0.5  # of the median response: what a small error of the registration does not reach
_LEAST_PX = 6  # fewer are no area
_NEAR_SHARE = 0.1  # of the frame: so far may it have moved, and an area lie from the target
_SMOOTH_PX, _ROUGH_PX = 1.0, 1.5  # of the difference, and of what is registered
_OWN_SHARE = 0.25  # of the frame: so far around the target nothing is registered
_AS_GOOD = 1.02  # times the least difference: a shift that is as good
_LEAST_ALIKE = 0.6  # correlation of the frames away from the target
_MAD = 1.4826  # of a normal distribution: standard deviation over median absolute deviation


@dataclass(frozen=True)
class WrittenArea:
    """What changed around a target.

    Attributes
    ----------
    area_m2 : float or None
        0 where nothing changed; None where it cannot be told.
    touched : tuple of str
        Other targets that lie inside it.
    refused : str or None
        Why it cannot be told.
    """

    area_m2: float | None
    touched: tuple[str, ...] = ()
    refused: str | None = None

    @property
    def radius_m(self) -> float | None:
        """Of a disc of this area: sqrt(area / pi)."""
        return None if self.area_m2 is None else math.sqrt(self.area_m2 / math.pi)


def usual_radius_m(radii_m: Sequence[float]) -> float | None:
    """Return the radius that nine of ten written domains do not exceed; None where none is known.

    Parameters
    ----------
    radii_m : sequence of float
        Of the domains that were seen.
    """
    return float(np.quantile(radii_m, 0.9, method="higher")) if len(radii_m) else None


def written_area(
    before: Scan, after: Scan, at_m: Place, others: Mapping[str, Place] | None = None
) -> WrittenArea:
    """Return the area (m2) that changed between two frames around a place.

    Parameters
    ----------
    before, after : Scan
        Of one frame.
    at_m : (x, y)
        Of the target, in the coordinates of `before`.
    others : mapping of str to (x, y), optional
        Places of other targets by uid, which may have been touched.
    """
    if before.frame is None or after.frame is None:
        return WrittenArea(None, refused="a frame without a scale")
    responses = _responses(before, after)
    if responses is None:
        return WrittenArea(None, refused="the frames have no amplitude in common")
    first, second = responses
    if first.shape != second.shape or not np.isfinite(first).all() or not np.isfinite(second).all():
        return WrittenArea(None, refused="the frames are not whole, or not of one size")
    frame, target = before.frame, np.asarray(before.frame.to_px(at_m), float)
    shift = _shift(first, second, target)
    if isinstance(shift, str):
        return WrittenArea(None, refused=f"the frames cannot be compared: {shift}")
    change = np.abs(_smooth(_moved(second, shift) - first, _SMOOTH_PX))
    mask = _changed(change, float(np.median(np.abs(first))), target)
    touched = [uid for uid, place in (others or {}).items() if _inside(mask, frame.to_px(place))]
    return WrittenArea(float(mask.sum()) * math.prod(frame.pitch_m), tuple(touched))


def _shift(
    first: NDArray[np.complex128], second: NDArray[np.complex128], target_yx: NDArray[np.float64]
) -> tuple[int, int] | str:
    """How far (rows, columns) the second frame has moved; in words why it cannot be told.

    Of whole pixels, up to a tenth of the frame: the least mean |difference| away from the target.
    Along a straight wall many are as good: the smallest of those within 2 % is taken.
    """
    a, b = _smooth(first, _ROUGH_PX), _smooth(second, _ROUGH_PX)
    most = math.ceil(_NEAR_SHARE * min(a.shape))
    y, x = np.indices(a.shape)
    away = np.hypot(y - target_yx[0], x - target_yx[1]) > _OWN_SHARE * min(a.shape)
    away[:most], away[-most:], away[:, :most], away[:, -most:] = False, False, False, False
    steps = range(-most, most + 1)
    cost = {(i, j): float(np.abs(_moved(b, (i, j)) - a)[away].mean()) for i in steps for j in steps}
    good = _AS_GOOD * min(cost.values())
    best = min((s for s in cost if cost[s] <= good), key=lambda s: math.hypot(*s))
    if max(map(abs, best)) == most:
        return f"they lie more than {most} pixels apart"
    here, there = a[away] - a[away].mean(), _moved(b, best)[away]
    there = there - there.mean()
    alike = abs(np.vdot(here, there)) / max(np.linalg.norm(here) * np.linalg.norm(there), 1e-300)
    return best if alike >= _LEAST_ALIKE else f"they do not look alike (correlation {alike:.2f})"


def _moved(image: NDArray[np.complex128], by: tuple[int, int]) -> NDArray[np.complex128]:
    """The image as it lay before it moved; what comes in at an edge comes from the other one."""
    return np.roll(image, (-by[0], -by[1]), axis=(0, 1))


def _smooth(image: NDArray[np.complex128], sigma_px: float) -> NDArray[np.complex128]:
    from scipy.ndimage import gaussian_filter

    return np.asarray(
        gaussian_filter(image.real, sigma_px) + 1j * gaussian_filter(image.imag, sigma_px)
    )


def _responses(
    before: Scan, after: Scan
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]] | None:
    """Complex response of both, or the amplitude of both; None without one."""
    amplitude = [_of_role(scan, "amplitude") for scan in (before, after)]
    if amplitude[0] is None or amplitude[1] is None:
        return None
    found = [np.asarray(a, np.complex128) for a in amplitude]
    phase = [_of_role(scan, "phase") for scan in (before, after)]
    for i, degrees in enumerate(phase):
        if phase[0] is not None and phase[1] is not None and degrees is not None:
            found[i] = found[i] * np.exp(1j * np.deg2rad(degrees))
    return found[0], found[1]


def _of_role(scan: Scan, role: str) -> NDArray[np.float64] | None:
    """The first channel of a role; the first trace where there are several."""
    name = next((n for n in scan.channels if scan.roles.get(n, "").startswith(role)), None)
    return None if name is None else np.asarray(scan.channel(name), np.float64)


def _changed(
    change: NDArray[np.float64], response: float, target_yx: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Pixels (H, W) of the area at the target that changed by more than half of its most."""
    from scipy.ndimage import binary_fill_holes

    middle = float(np.median(change))
    noise = _MAD * float(np.median(np.abs(change - middle)))
    least = max(middle + _SIGMAS * noise, _LEAST_CHANGE * response)
    near_px = _NEAR_SHARE * min(change.shape)
    seed = _at(change > least, target_yx, near_px)
    if seed.sum() < _LEAST_PX:
        return np.zeros(change.shape, bool)
    most = float(np.quantile(change[seed], 0.9))
    whole = _at(change > max(least, most / 2), target_yx, near_px)
    filled: NDArray[np.bool_] = binary_fill_holes(whole)
    return filled if filled.sum() >= _LEAST_PX else np.zeros(change.shape, bool)


def _at(mask: NDArray[np.bool_], yx: NDArray[np.float64], within_px: float) -> NDArray[np.bool_]:
    """The part of a mask that hangs together and lies nearest to a place, if within reach."""
    from scipy.ndimage import label

    y, x = np.indices(mask.shape)
    apart = np.where(mask, np.hypot(y - yx[0], x - yx[1]), np.inf)
    nearest = np.unravel_index(int(apart.argmin()), mask.shape)
    if not apart[nearest] <= within_px:
        return np.zeros(mask.shape, bool)
    parts, _ = label(mask, np.ones((3, 3)))
    return np.asarray(parts == parts[nearest])


def _inside(mask: NDArray[np.bool_], yx: NDArray[np.float64]) -> bool:
    y, x = (int(v) for v in np.rint(np.asarray(yx)))
    return 0 <= y < mask.shape[0] and 0 <= x < mask.shape[1] and bool(mask[y, x])


class WrittenFrames:
    """Frames of one run: the first around a target is that before its spectrum.

    Parameters
    ----------
    places_m : mapping of str to (x, y)
        Of the targets of the plan.
    """

    def __init__(self, places_m: Mapping[str, Place]) -> None:
        self._places_m = dict(places_m)
        self._before: dict[str, Scan] = {}

    def take(self, uid: str, frame: Scan) -> WrittenArea | None:
        """Take a frame around a target; what was written there once there are two."""
        before = self._before.pop(uid, None)
        if before is None:
            self._before[uid] = frame
            return None
        others = {u: place for u, place in self._places_m.items() if u != uid}
        return written_area(before, frame, self._places_m[uid], others)
